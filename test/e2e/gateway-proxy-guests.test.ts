// The gateway's forward proxy for programs of other hosts (network namespaces), and behind another proxy (tinyproxy).
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { expect } from 'chai'
import { has, makeCertificate, NO_ENVIRONMENT, startGateway } from './gateway-lab.ts'
import { DF, freePort, hasNginx, Lab } from './lab.ts'
import { hasNamespaces, type LanHost, LocalNetwork } from './lan.ts'

const LENGTH = 1_500_000
const TINYPROXY = ['/usr/bin/tinyproxy', '/usr/sbin/tinyproxy'].find(existsSync)

describe('the forward proxy for programs of other hosts', () => {
  let lab: Lab
  let network: LocalNetwork
  let origin: LanHost
  let url: string
  let sent: () => Promise<number>

  before(async function () {
    if (!hasNamespaces() || !has('curl', '--version')) this.skip()
    lab = await Lab.open()
    network = new LocalNetwork(lab)
    origin = network.host()
    const server = origin.run(process.execPath, [new URL('lan-origin.ts', import.meta.url).pathname, lab.path('www')], 'origin')
    await server.line('ready')
    url = `http://${origin.address}:8080`
    sent = async () => {
      const lines = (await server.said(() => true)).toString().trim().split('\n')
      return lines.map(line => JSON.parse(line)).reduce((sum, { sent = 0 }) => sum + sent, 0)
    }
  })
  after(async () => {
    await lab?.close()
    network?.close()
  })

  async function gatewayOn(host: LanHost, home: string, flags: readonly string[]): Promise<string> {
    await mkdir(lab.path(home), { recursive: true })
    await writeFile(lab.path(home, 'config.json'), JSON.stringify({ gateway: { rules: ['apt'] } }))
    const usual = ['daemon', 'start', '--gateway', `${host.address}:0`, '--json', '--no-lan', '--listen', '/ip4/127.0.0.1/tcp/0']
    return (await host.run(DF, [...usual, ...flags], home, NO_ENVIRONMENT).line('ready')).gateway as string
  }

  const curl = async (host: LanHost, gateway: string, ...args: string[]) =>
    (
      await host.run('curl', ['-sS', '-x', gateway, '-w', '%{http_code}', ...args], 'guest', NO_ENVIRONMENT).ended
    ).stdout.toString()

  it('leads them to no private address, whether it is shared, passed straight or a tunnel', async () => {
    await lab.file('closed.deb', LENGTH)
    const [host, guest] = [network.host(), network.host()]
    const gateway = await gatewayOn(host, 'closed', [])
    // a program of the gateway's own host may, and what it has read is not for others either
    const own = await host.run('curl', ['-sS', '-x', gateway, '-o', 'own', `${url}/closed.deb`], 'guest', NO_ENVIRONMENT).ended
    expect(own.code, own.stderr).to.equal(0)
    for (const path of ['closed.deb', 'page.html']) {
      expect(await curl(guest, gateway, `${url}/${path}`)).to.match(/not a public address\n.*--allow-origin .*\n403$/)
    }
    expect(await curl(guest, gateway, '-p', `${url}/closed.deb`)).to.match(/000$/)
  })

  it('reads what is allowed for them, once, and gives them ranges', async () => {
    const sha256 = await lab.file('open.deb', LENGTH)
    const [host, guest] = [network.host(), network.host()]
    const gateway = await gatewayOn(host, 'open', ['--allow-origin', origin.address])
    const before = await sent()
    const all = await Promise.all(['g1', 'g2', 'g3'].map(out => curl(guest, gateway, '-o', out, `${url}/open.deb`)))
    expect(all).to.deep.equal(['200', '200', '200'])
    expect(await curl(guest, gateway, '-o', 'g4', `${url}/open.deb`)).to.equal('200')
    for (const out of ['g1', 'g2', 'g3', 'g4']) expect(await lab.read(out)).to.equal(sha256)
    expect((await sent()) - before).to.equal(LENGTH)
    expect(await curl(guest, gateway, '-o', 'g5', '-r', '5-14', `${url}/open.deb`)).to.equal('206')
    const bytes = await readFile(lab.path('www', 'open.deb'))
    expect((await readFile(lab.path('g5'))).equals(bytes.subarray(5, 15))).to.equal(true)
  })
})

describe('the forward proxy behind another proxy', () => {
  it('sends what it passes, shares and tunnels through that', async function () {
    if (TINYPROXY === undefined) console.warn('SKIPPED: tinyproxy is not installed (apt-get install tinyproxy-bin)')
    if (TINYPROXY === undefined || !hasNginx() || !has('curl', '--version') || !has('openssl', 'version')) this.skip()
    const lab = await Lab.open()
    try {
      const sha256 = await lab.file('f.deb', LENGTH)
      await lab.file('page', 5000)
      makeCertificate(lab, 's', 'DNS:localhost')
      const [port, secure] = [await freePort(), await freePort()]
      const tls = `listen 127.0.0.1:${secure} ssl; ssl_certificate ${lab.path('s.pem')}; ssl_certificate_key ${lab.path('s.key')};`
      const origin = await lab.nginx({ http: `server { ${tls} root ${lab.path('www')}; }` })
      const lines = [
        `Port ${port}`,
        'Listen 127.0.0.1',
        'LogLevel Connect',
        `LogFile "${lab.path('log')}"`,
        'BasicAuth user pass',
      ]
      await writeFile(lab.path('conf'), `${lines.join('\n')}\n`)
      lab.run(TINYPROXY, ['-d', '-c', lab.path('conf')])
      await listens(port)
      const host = await startGateway(lab, 'home', { rules: ['apt'] }, ['--proxy', `http://user:pass@127.0.0.1:${port}`])
      for (const out of ['f1', 'f2']) {
        expect((await host.curl('-o', out, `${origin.url}/f.deb`)).code).to.equal(0)
        expect(await lab.read(out)).to.equal(sha256)
      }
      expect((await host.curl('-o', 'p', `${origin.url}/page`)).code).to.equal(0)
      expect((await host.curl('--cacert', 's.pem', '-o', 't', `https://localhost:${secure}/page`)).code).to.equal(0)
      for (const out of ['p', 't']) expect(await lab.read(out)).to.equal(await lab.read('www/page'))
      const log = await readFile(lab.path('log'), 'utf8')
      const asked = [...log.matchAll(/Request \(file descriptor \d+\): (\S+ \S+) /g)].map(([, line]) => line)
      expect(asked).to.include.members([`GET ${origin.url}/f.deb`, `GET ${origin.url}/page`, `CONNECT localhost:${secure}`])
      expect(await lab.filesWith(['user:pass'])).to.deep.equal([])
    } finally {
      await lab.close()
    }
  })
})

/** Resolves once something listens there. */
async function listens(port: number): Promise<void> {
  for (;;) {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
    const isUp = await promise
    socket.destroy()
    if (isUp) return
  }
}
