// Runs the commands of docs/containers.md below a temporary root, compares the files that it shows, and has the real engines read them.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { Health } from '../../src/gateway/front/health.ts'
import { CELLS, KINDS, TESTS } from '../e2e/engine-cells.ts'
import { ENGINES } from '../e2e/engine-sessions.ts'
import { until } from '../waiting.ts'
import { DF, ROOT, run } from './processes.ts'

/** What the page shows besides df's own commands; the services are not restarted here. */
const OTHERS =
  /^(sudo systemctl (restart|reload) (containerd|docker|crio)|df daemon start --detach --gateway 127\.0\.0\.1:65001|podman login --tls-verify=false 127\.0\.0\.1:65001\/registry\.example\.org_5000)$/

/** Where the package puts it; says so loudly when it is not there. */
function programAt(file: string, name: string): string | undefined {
  if (existsSync(file)) return file
  console.warn(`SKIPPED: ${file} is not installed (apt-get install ${name})`)
  return undefined
}

describe('docs/containers.md', function () {
  this.timeout(120_000)
  let page: string
  let root: string
  let server: Server
  let port: number
  const asked: string[] = []
  const children: ChildProcess[] = []

  before(async () => {
    page = await readFile(path.join(ROOT, 'docs/containers.md'), 'utf8')
    const health = new Health({ version: '1', role: 'daemon' })
    // a registry that has nothing
    server = createServer((request, response) => {
      if (health.handle({ request, response })) return
      asked.push(`${request.method} ${request.url}`)
      response.writeHead(request.url === '/v2/' ? 200 : 404).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  })
  after(() => {
    server.close()
    server.closeAllConnections()
  })
  beforeEach(async () => {
    root = await mkdtemp(path.join(os.tmpdir(), 'df-page-'))
    asked.length = 0
  })
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill()
      await once(child, 'exit')
    }
    await rm(root, { recursive: true, force: true })
  })

  const df = async (words: string) => {
    const args = words.replace(/^(sudo )?df /, '').split(' ')
    const { code, stdout, stderr } = await run(DF, [...args, '--root', root, '--gateway', `127.0.0.1:${port}`])
    expect({ words, code, stderr }, stdout).to.deep.equal({ words, code: 0, stderr: '' })
    return stdout
  }
  const files = async () => {
    const entries = await readdir(root, { recursive: true, withFileTypes: true })
    return entries.filter(entry => entry.isFile()).map(({ name }) => name)
  }
  const start = (program: string, args: string[]) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    children.push(child)
    let said = ''
    child.stderr.setEncoding('utf8').on('data', text => (said += text))
    return { child, said: () => said }
  }

  it('shows commands that work and files as they are written', async () => {
    const sections = page.split(/^## /m).filter(section => section.includes('```sh') && !section.startsWith('Before'))
    expect(sections).to.have.lengthOf(6)
    let compared = 0
    for (const section of sections) {
      const blocks = [...section.matchAll(/^```(\w+) ?(\S*)\n([\s\S]*?)^```$/gm)].map(([, kind, file, text]) => ({
        kind,
        file,
        text,
      }))
      const shown = blocks.filter(({ kind }) => kind !== 'sh')
      for (const line of blocks.filter(({ kind }) => kind === 'sh').flatMap(({ text }) => text?.trim().split('\n') ?? [])) {
        if (OTHERS.test(line)) continue
        await df(line)
        if (!line.includes('--write')) continue
        for (const { file, text } of shown) {
          const written = await readFile(path.join(root, file ?? ''), 'utf8')
          expect(written.replaceAll(`:${port}`, ':65001')).to.equal(text)
          compared++
        }
      }
      expect(await files(), section).to.deep.equal([])
    }
    expect(compared).to.equal(3)
  })

  it('has a table of what the tests with real engines show', async () => {
    const [, table = ''] = /^(\| engine \|.*?)\n\n/ms.exec(page) ?? []
    const rows = table.split('\n').map(line => line.slice(2, -2).split(' | '))
    expect(rows[0]).to.deep.equal(['engine', ...KINDS])
    expect(rows.slice(2)).to.deep.equal(ENGINES.map(engine => [engine, ...KINDS.map(kind => CELLS[engine][kind])]))
    for (const [kind, file] of Object.entries(TESTS)) {
      const text = await readFile(path.join(ROOT, 'test/e2e', file), 'utf8')
      // every engine, and what its cell says
      expect(text, file).to.include('atOnce(')
      expect(text, file).to.include(`CELLS[engine].${kind}`)
    }
  })

  it('containerd accepts the files and asks the gateway, naming the registry', async function () {
    const containerd = programAt('/usr/bin/containerd', 'containerd')
    if (containerd === undefined) return this.skip()
    const config = path.join(root, 'etc/containerd/config.toml')
    await mkdir(path.dirname(config), { recursive: true })
    const at = (name: string) => JSON.stringify(path.join(root, name))
    const own = `version = 2\nroot = ${at('root')}\nstate = ${at('state')}\ndisabled_plugins = []\n[grpc]\n  address = ${at('c.sock')}\n`
    await writeFile(config, own)
    await df('df gateway setup containerd --write')
    const dump = spawnSync(containerd, ['-c', config, 'config', 'dump'], { encoding: 'utf8' })
    expect(dump.stdout).to.include('config_path = "/etc/containerd/certs.d"')
    // without CRI, which would want a network of containers
    await writeFile(config, own.replace('[]', '["io.containerd.grpc.v1.cri"]'))
    const { said } = start(containerd, ['-c', config])
    const socket = path.join(root, 'c.sock')
    await until(() => /containerd successfully booted/.test(said()), 'containerd is up')
    const hosts = path.join(root, 'etc/containerd/certs.d')
    const args = ['-a', socket, '-n', 't', 'images', 'pull', '--hosts-dir', hosts, '127.0.0.1:1/team/app:v1']
    await run('/usr/bin/ctr', args)
    expect(asked[0]).to.equal('HEAD /v2/team/app/manifests/v1?ns=127.0.0.1%3A1')
  })

  it('skopeo, with the library of podman, buildah and CRI-O, accepts the file and asks the gateway, naming the registry', async function () {
    const skopeo = programAt('/usr/bin/skopeo', 'skopeo')
    if (skopeo === undefined) return this.skip()
    await df('df gateway setup podman --registry 127.0.0.1:1 --write')
    const file = path.join(root, 'etc/containers/registries.conf.d/zz-dragonfly.conf')
    const { stderr } = await run(skopeo, ['--registries-conf', file, 'inspect', 'docker://127.0.0.1:1/team/app:v1'])
    expect(asked).to.include('GET /v2/127.0.0.1_1/team/app/manifests/v1')
    // and the registry itself, when the mirror has nothing
    expect(stderr).to.include('127.0.0.1:1/v2/')
  })

  it('dockerd accepts the file, takes it over at a reload, and asks the gateway', async function () {
    const dockerd = programAt('/usr/sbin/dockerd', 'docker.io')
    if (dockerd === undefined || process.getuid?.() !== 0) return this.skip()
    const config = path.join(root, 'etc/docker/daemon.json')
    const at = (name: string) => path.join(root, name)
    await mkdir(path.dirname(config), { recursive: true })
    await writeFile(config, '{"debug": false}')
    const places = ['--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('pid'), '-H', `unix://${at('d.sock')}`]
    const { child, said } = start(dockerd, [
      ...places,
      '--config-file',
      config,
      '--iptables=false',
      '--bridge=none',
      '--storage-driver=vfs',
    ])
    await until(() => /API listen on/.test(said()), 'dockerd is up')
    await df('df gateway setup docker --write')
    child.kill('SIGHUP')
    await until(() => /Reloaded configuration/.test(said()), 'dockerd reads its file again')
    const docker = (...args: string[]) => run('/usr/bin/docker', ['-H', `unix://${at('d.sock')}`, ...args])
    const { stdout } = await docker('info', '--format', '{{.RegistryConfig.Mirrors}}')
    expect(stdout).to.equal(`[http://127.0.0.1:${port}/]\n`)
    // the Hub is not asked: the pull ends once the mirror was
    const pull = start('/usr/bin/docker', ['-H', `unix://${at('d.sock')}`, 'pull', 'busybox:none'])
    await until(() => asked.some(line => line.includes('/v2/library/busybox/manifests/none')), 'dockerd asks the gateway')
    pull.child.kill()
  })
})
