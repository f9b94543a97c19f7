// Real container engines pull the same image straight and through the mirror of a daemon.
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { digestOf, isInstalled, RegistryLab } from '../gateway/auth/registry-lab.ts'
import { FaultProxy } from '../gateway/registry/fault-proxy.ts'
import { until } from '../waiting.ts'
import { Lab, LISTEN, running } from './lab.ts'

const run = promisify(execFile)
/** Debian's, where there is another one before it. */
const DOCKER = existsSync('/usr/bin/docker') ? '/usr/bin/docker' : 'docker'
const OCI = 'application/vnd.oci.image'

describe('container engines through the registry mirror', () => {
  before(function () {
    if (isInstalled('docker-registry')) return
    console.warn('SKIPPED: docker-registry is not installed')
    this.skip()
  })

  let lab: Lab
  let registry: RegistryLab
  let proxy: FaultProxy
  let digest: string
  let at: string

  beforeEach(async () => {
    lab = await Lab.open()
    registry = await RegistryLab.open()
    digest = await runnable(registry, lab)
    proxy = await FaultProxy.before(await registry.registry())
    const daemon = lab.df(['daemon', 'start', '--json', ...LISTEN, '--gateway', '127.0.0.1:0'], 'daemon')
    at = new URL((await daemon.line('ready')).gateway as string).host
  })
  afterEach(async () => {
    await lab.close()
    await proxy.close()
    await registry.close()
  })

  function has(context: Mocha.Context, program: string): void {
    if (isInstalled(program)) return
    console.warn(`SKIPPED: ${program} is not installed`)
    context.skip()
  }

  async function mirrors(): Promise<string> {
    const file = lab.path('registries.conf')
    const { host } = proxy
    await writeFile(
      file,
      `[[registry]]\nprefix = "${host}"\nlocation = "${host}"\ninsecure = true\n` +
        `[[registry.mirror]]\nlocation = "${at}/${host.replace(':', '_')}"\ninsecure = true\n`,
    )
    return file
  }

  /** Blobs came through the daemon alone: it read each of them once, however often they were pulled. */
  function readOnce(): void {
    const read = proxy.requests.filter(({ method, url, status }) => method === 'GET' && url.includes('/blobs/') && status === 200)
    expect(read.map(({ url }) => url).toSorted()).to.deep.equal([...new Set(read.map(({ url }) => url))].toSorted())
    expect(read.length).to.equal(3)
  }

  it('skopeo', async function () {
    has(this, 'skopeo')
    const conf = await mirrors()
    for (const name of ['a', 'b'])
      await run('skopeo', [
        '--registries-conf',
        conf,
        'copy',
        '-q',
        `docker://${proxy.host}/team/app:v1`,
        `dir:${lab.path(name)}`,
      ])
    readOnce()
    const { stdout } = await run('skopeo', ['--registries-conf', conf, 'inspect', `docker://${proxy.host}/team/app:v1`])
    expect(JSON.parse(stdout).Digest).to.equal(digest)
  })

  for (const [engine, pull] of [
    ['podman', ['pull', '-q']],
    ['buildah', ['pull', '-q']],
  ] as const) {
    it(engine, async function () {
      has(this, engine)
      const env = { ...process.env, CONTAINERS_REGISTRIES_CONF: await mirrors() }
      for (const name of ['a', 'b']) {
        const store = ['--root', lab.path(name, 'root'), '--runroot', lab.path(name, 'run'), '--storage-driver', 'vfs']
        const image = `${proxy.host}/team/app:v1`
        await run(engine, [...store, ...pull, image], { env })
        const { stdout } = await run(engine, [...store, 'images', '--digests', '--format', '{{.Digest}}'], { env })
        expect(stdout.trim()).to.equal(digest)
      }
      readOnce()
    })
  }

  it('containerd', async function () {
    has(this, 'containerd')
    await mkdir(lab.path('hosts', proxy.host), { recursive: true })
    await writeFile(
      lab.path('hosts', proxy.host, 'hosts.toml'),
      `server = "http://${proxy.host}"\n[host."http://${at}"]\n  capabilities = ["pull", "resolve"]\n`,
    )
    for (const name of ['a', 'b']) {
      const socket = lab.path(name, 'c.sock')
      await mkdir(lab.path(name), { recursive: true })
      await writeFile(
        lab.path(`${name}.toml`),
        `version = 2\nroot = "${lab.path(name, 'root')}"\nstate = "${lab.path(name, 'state')}"\n` +
          `disabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\n  address = "${socket}"\n`,
      )
      const child = spawn('containerd', ['-c', lab.path(`${name}.toml`)], { stdio: ['ignore', 'pipe', 'pipe'] })
      let log = ''
      child.stderr.on('data', text => {
        log += text
      })
      const daemon = running(child)
      try {
        await until(() => log.includes('successfully booted') || child.exitCode !== null, 'containerd runs')
        expect(child.exitCode, log.slice(-1000)).to.equal(null)
        const ctr = async (...args: string[]) =>
          (await run('ctr', ['--connect-timeout', '60s', '-a', socket, '-n', 'lab', ...args])).stdout
        const image = `${proxy.host}/team/app:v1`
        await ctr('images', 'pull', '--snapshotter', 'native', '--hosts-dir', lab.path('hosts'), image)
        expect(await ctr('images', 'ls')).to.contain(digest)
      } finally {
        child.kill()
        await daemon.ended
      }
    }
    readOnce()
  })

  it('docker, whose mirrors are for the default registry', async function () {
    has(this, 'dockerd')
    if (process.getuid?.() !== 0) this.skip()
    await mkdir(lab.path('hub'), { recursive: true })
    await writeFile(lab.path('hub', 'config.json'), JSON.stringify({ gateway: { registry: proxy.host } }))
    const hub = lab.df(['daemon', 'start', '--json', ...LISTEN, '--gateway', '127.0.0.1:0'], 'hub')
    const { gateway } = await hub.line('ready')
    for (const name of ['a', 'b']) {
      const host = `unix://${lab.path(`${name}.sock`)}`
      const own = (part: string) => lab.path(name, part)
      const places = ['--data-root', own('data'), '--exec-root', own('exec'), '-H', host, '--pidfile', lab.path(`${name}.pid`)]
      const network = ['--iptables=false', '--ip6tables=false', '--bridge=none', '--storage-driver=vfs']
      const child = spawn('dockerd', [...places, ...network, '--registry-mirror', gateway as string], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let log = ''
      child.stderr.on('data', text => {
        log += text
      })
      const daemon = running(child)
      try {
        await until(() => log.includes('API listen on') || child.exitCode !== null, 'dockerd listens')
        await run(DOCKER, ['-H', host, 'pull', '-q', 'team/app:v1'])
        const { stdout } = await run(DOCKER, ['-H', host, 'images', '--digests', '--format', '{{.Digest}}'])
        expect(stdout.trim()).to.equal(digest)
      } finally {
        child.kill()
        await daemon.ended
      }
    }
    readOnce()
  })
})

/** An image that engines can unpack: two layers with one file each. Resolves to the digest of its manifest. */
async function runnable(registry: RegistryLab, lab: Lab): Promise<string> {
  const layers: { mediaType: string; digest: string; size: number }[] = []
  const diffs: string[] = []
  for (const [name, size] of [
    ['one', 500_000],
    ['two', 3_000_000],
  ] as const) {
    await mkdir(lab.path('www', name), { recursive: true })
    await lab.file(`${name}/file`, size)
    await run('tar', ['-C', lab.path('www', name), '--owner=0', '--group=0', '-cf', lab.path(`${name}.tar`), '.'])
    const tar = await readFile(lab.path(`${name}.tar`))
    diffs.push(digestOf(tar))
    const blob = await registry.blob('team/app', gzipSync(tar))
    layers.push({ mediaType: `${OCI}.layer.v1.tar+gzip`, digest: blob.digest, size: blob.bytes.length })
  }
  const config = { architecture: 'amd64', os: 'linux', config: { Cmd: ['/file'] }, rootfs: { type: 'layers', diff_ids: diffs } }
  const blob = await registry.blob('team/app', Buffer.from(JSON.stringify(config)))
  const described = { mediaType: `${OCI}.config.v1+json`, digest: blob.digest, size: blob.bytes.length }
  const type = `${OCI}.manifest.v1+json`
  return await registry.manifest('team/app', 'v1', type, { schemaVersion: 2, mediaType: type, config: described, layers })
}
