// Every command of docs/tutorials, on hosts of their own (network namespaces), with a real nginx, registry and engines.
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { ROOT, run } from '../cli/processes.ts'
import { engineImage } from '../e2e/engine-image.ts'
import { makeCertificate } from '../e2e/gateway-lab.ts'
import { hasNginx, Lab, type Nginx } from '../e2e/lab.ts'
import { hasNamespaces } from '../e2e/lan.ts'
import { isInstalled, RegistryLab } from '../gateway/auth/registry-lab.ts'
import { type Block, expectSays, tutorial } from './blocks.ts'
import { linkCheckout, TutorialHosts } from './hosts.ts'

const MiB = 2 ** 20
/** What comes true after a while has so long, ms. */
const PATIENCE_MS = 60_000
const REGISTRY = 'registry.example.org:5000'

/** Says so loudly when not. */
function hasPrograms(...programs: string[]): boolean {
  const missing = programs.filter(program => !isInstalled(program))
  if (missing.length > 0) console.warn(`SKIPPED: not installed: ${missing.join(', ')}`)
  return missing.length === 0
}

function says(output: string, block: Block, hosts: TutorialHosts): boolean {
  try {
    expectSays(output, block, text => hosts.filledIn(text))
    return true
  } catch {
    return false
  }
}

/** Runs the blocks of a page in their order, each where its fence says. */
async function follow(hosts: TutorialHosts, blocks: readonly Block[]): Promise<void> {
  const all = hosts.hosts.map((_, at) => at + 1)
  for (const block of blocks.filter(({ how }) => how.startsWith('run'))) {
    const [, where = 'first'] = block.how.split(' ')
    const on = { first: [1], refused: [1], wait: [1], others: all.slice(1), each: all, together: all }[where]
    if (on === undefined) throw new Error(`nobody knows where this runs: ${block.how}`)
    const until = Date.now() + PATIENCE_MS
    const one = async (host: number): Promise<void> => {
      const { code, stdout, stderr } = await hosts.sh(host, block.text)
      const output = `${stdout}${stderr}`
      if (where === 'refused') expect(code, output).to.not.equal(0)
      else expect(code, `${block.heading}: ${block.text}${output}`).to.equal(0)
      // it comes true after a while
      if (where === 'wait' && Date.now() < until && !says(output, block, hosts)) return await one(host)
      expectSays(output, block, text => hosts.filledIn(text))
    }
    if (where === 'together') await Promise.all(on.map(one))
    else for (const host of on) await one(host)
  }
}

describe('tutorials', function () {
  this.timeout(300_000)
  let hosts: TutorialHosts | undefined
  let registry: RegistryLab | undefined

  beforeEach(function () {
    if (!hasNginx() || !hasNamespaces()) this.skip()
  })
  afterEach(async () => {
    await hosts?.close()
    await registry?.close()
    hosts = undefined
    registry = undefined
  })

  /** `registry.example.org:5000` with team/app:v1. */
  async function openRegistry(at: TutorialHosts, more: (lab: RegistryLab) => Promise<string> = async () => ''): Promise<void> {
    registry = await RegistryLab.open()
    await engineImage(registry, at.lab, [400_000, 2 * MiB])
    const file = path.join(registry.dir, 'example.yml')
    const auth = await more(registry)
    const tls = `tls: {certificate: ${at.lab.path('registry.pem')}, key: ${at.lab.path('registry.key')}}`
    makeCertificate(at.lab, 'registry', 'DNS:registry.example.org')
    await writeFile(
      file,
      `version: 0.1\nlog: {level: info}\nstorage: {filesystem: {rootdirectory: ${registry.dir}/store}}
http: {addr: '${at.server.address}:5000', ${tls}}\n${auth}`,
    )
    const served = at.serve('sh', ['-c', 'exec docker-registry serve "$0" 2>&1', file])
    await served.said(said => said.includes('listening on'))
    at.replace('/etc/ssl/corp-ca.pem', at.lab.path('registry.pem'))
  }

  it('one host', async () => {
    hosts = await TutorialHosts.open({ count: 1 })
    await hosts.lab.file('big.iso', 2 * MiB)
    await follow(hosts, await tutorial('one-host'))
  })

  it('ten hosts in five minutes', async () => {
    hosts = await TutorialHosts.open({ count: 3, isInstalled: false })
    const size = 8 * MiB
    await hosts.lab.file('big.iso', size)
    // three of them, and the checkout in place of an installation from npm's registry
    for (const from of [1, 2]) hosts.replace(`{${from}..10}`, `{${from}..3}`)
    hosts.replace('10 members, 10 answered', '3 members, 3 answered')
    const blocks = await tutorial('ten-hosts')
    const [install, ...others] = blocks
    expect(install?.how).to.equal('run install')
    expect(install?.text).to.equal('npm ci && npm install --global --prefix ~/.local/dragonfly "$(npm pack --silent)"\n')
    await linkCheckout(path.join(hosts.home(1), '.local/dragonfly'))
    await follow(hosts, others)
    expect(await hosts.origin.bytes(), 'read about once').to.be.below(1.5 * size)
  })

  it('models to a GPU fleet', async () => {
    const http = 'map $http_authorization $may { default 0; "Bearer hf_example" 1; }'
    // the hub shows the way to its storage, which asks for no token
    const extra =
      'if ($may = 0) { return 401; } rewrite ^/org/example-7b/resolve/main/(.*)$ /$1?X-Amz-Signature=$request_id redirect;'
    hosts = await TutorialHosts.open({ count: 3, http })
    const storage = hosts.origin
    const hub = await hosts.lab.nginx({ host: hosts.server, http, extra: extra.replace('/$1', `${storage.url}/$1`) })
    hosts.replace('https://hub.example.org', hub.url)
    let size = 0
    for (const [name, length] of [
      ['config.json', 600],
      ['model-00001-of-00002.safetensors', 4 * MiB],
      ['model-00002-of-00002.safetensors', 3 * MiB],
    ] as const) {
      await hosts.lab.file(name, length)
      size += length
    }
    await makeFleet(hosts)
    await follow(hosts, await tutorial('models'))
    expect(await storage.bytes(), 'read once or twice').to.be.below(2.3 * size)
  })

  it('containerd in a cluster', async function () {
    if (!hasPrograms('containerd', 'ctr', 'runc', 'docker-registry', 'htpasswd', 'openssl')) return this.skip()
    hosts = await TutorialHosts.open({ count: 2 })
    await openRegistry(hosts)
    await trustRegistry(hosts)
    await follow(hosts, await tutorial('containerd'))
  })

  it('a private registry', async function () {
    if (!hasPrograms('podman', 'docker-registry', 'htpasswd', 'openssl')) return this.skip()
    hosts = await TutorialHosts.open({ count: 1 })
    await openRegistry(hosts, lab => lab.htpasswd())
    await trustRegistry(hosts)
    await writeFile(path.join(hosts.home(1), 'password'), 's3cret')
    await follow(hosts, await tutorial('private-registry'))
  })

  /** Certificates that the machines of the tutorials have in their store. */
  async function trustRegistry(at: TutorialHosts): Promise<void> {
    for (const host of at.hosts.keys()) {
      await at.sh(
        host + 1,
        `mkdir -p /etc/containers/certs.d/${REGISTRY}
        cp ${at.lab.path('registry.pem')} /etc/containers/certs.d/${REGISTRY}/ca.crt`,
      )
    }
    at.environment.SSL_CERT_FILE = at.lab.path('registry.pem')
    at.environment.NODE_EXTRA_CA_CERTS = at.lab.path('registry.pem')
  }

  async function makeFleet(at: TutorialHosts): Promise<void> {
    const [init, ...others] = (await tutorial('ten-hosts')).filter(({ heading }) => heading === 'Start')
    for (const from of [1, 2]) at.replace(`{${from}..10}`, `{${from}..${at.hosts.length}}`)
    for (const host of at.hosts.keys()) await linkCheckout(path.join(at.home(host + 1), '.local/dragonfly'))
    for (const block of [init, ...others]) {
      const { code, stderr } = await at.sh(1, block?.text ?? '')
      expect(code, stderr).to.equal(0)
    }
  }
})

describe('tutorials, embedding', () => {
  let lab: Lab
  let origin: Nginx

  before(async function () {
    if (!hasNginx()) this.skip()
    lab = await Lab.open()
    await lab.file('big.iso', 2 * MiB)
    origin = await lab.nginx()
  })
  after(async () => {
    await lab?.close()
  })

  it('embedding the library', async () => {
    const app = lab.path('app')
    await mkdir(path.join(app, 'node_modules'), { recursive: true })
    await symlink(ROOT, path.join(app, 'node_modules', 'dragonfly-p2p'))
    await writeFile(path.join(app, 'package.json'), '{"type": "module"}')
    const env = {
      ...process.env,
      DRAGONFLY_HOME: lab.path('home'),
      PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`,
    }
    for (const block of await tutorial('embedding')) {
      const text = block.text.replaceAll('https://example.org', origin.url)
      if (block.language === 'js') await writeFile(path.join(app, block.how), text)
      if (block.how !== 'run') continue
      const { code, stdout, stderr } = await run('sh', ['-euc', text], { cwd: app, env })
      expect(code, stderr).to.equal(0)
      expectSays(`${stdout}${stderr}`, block, says => says)
    }
  })
})
