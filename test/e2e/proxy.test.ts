// df behind a real forward proxy (tinyproxy), and an https origin (nginx) with an authority of its own, made by openssl.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { expect } from 'chai'
import { type Ended, freePort, hasNginx, Lab, type Nginx } from './lab.ts'

const LENGTH = 300_000
const TINYPROXY = ['/usr/bin/tinyproxy', '/usr/sbin/tinyproxy', '/usr/local/bin/tinyproxy', '/opt/homebrew/bin/tinyproxy'].find(
  existsSync,
)

/** What may be set where the tests run. */
const NO_ENVIRONMENT = Object.fromEntries(
  ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY', 'CURL_CA_BUNDLE']
    .concat('SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS')
    .map(name => [name, undefined]),
)

describe('df behind a proxy', () => {
  let lab: Lab
  let plain: Nginx
  let secureUrl: string
  let proxy: string
  let log: string
  let sha256: string

  before(async function () {
    if (TINYPROXY === undefined) console.warn('SKIPPED: tinyproxy is not installed (apt-get install tinyproxy-bin)')
    if (!hasNginx() || TINYPROXY === undefined) this.skip()
    lab = await Lab.open()
    sha256 = await lab.file('f', LENGTH)
    makeAuthority(lab.dir)
    const port = await freePort()
    const tls = `listen 127.0.0.1:${port} ssl; ssl_certificate ${lab.path('server.pem')}; ssl_certificate_key ${lab.path('server.key')};`
    plain = await lab.nginx({ http: `server { ${tls} root ${lab.path('www')}; }` })
    secureUrl = `https://localhost:${port}`
    log = lab.path('tinyproxy.log')
    proxy = await startProxy(lab, TINYPROXY)
  })
  after(async () => lab?.close())

  const withUser = (user: string) => proxy.replace('//', `//${user}@`)
  const get = (url: string, flags: string[], env: NodeJS.ProcessEnv = {}, home?: string): Promise<Ended> =>
    lab.df(['get', '--json', '-o', 'out', ...flags, url], home, { ...NO_ENVIRONMENT, ...env }).ended
  /** The requests that the proxy has seen so far. */
  const asked = async () =>
    [...(await readFile(log, 'utf8')).matchAll(/Request \(file descriptor \d+\): (\S+ \S+) /g)].map(m => m[1])

  async function isThere(ended: Promise<Ended>, through: string[]): Promise<void> {
    const before = (await asked()).length
    const { lines, stderr } = await ended
    expect(lines.at(-1), stderr).to.include({ type: 'done', sha256 })
    expect((await asked()).slice(before)).to.deep.equal(through)
  }

  it('reads http and https origins through the proxy that the environment, a flag, DRAGONFLY_PROXY or the file names', async () => {
    const here = withUser('user:pass')
    const [url, secret] = [`${plain.url}/f`, `${secureUrl}/f`]
    const tunnel = [`CONNECT ${new URL(secureUrl).host}`]
    const ca = ['--cacert', lab.path('ca.pem')]
    await isThere(get(url, [], { http_proxy: here }), [`GET ${url}`])
    await isThere(get(url, ['-x', here]), [`GET ${url}`])
    await isThere(get(secret, ca, { https_proxy: here }), tunnel)
    await isThere(
      get(secret, [...ca, '--proxy', here.replace('http://', '')], { https_proxy: 'http://nowhere.invalid:1' }),
      tunnel,
    )
    await isThere(get(secret, ca, { all_proxy: here, no_proxy: 'localhost' }), [])
    await isThere(get(secret, [...ca, '--noproxy', 'a.example'], { all_proxy: here, no_proxy: 'localhost' }), tunnel)
    await isThere(get(url, ['-x', ''], { http_proxy: 'http://nowhere.invalid:1' }), [])
    await isThere(get(url, [], { DRAGONFLY_PROXY: here, http_proxy: 'http://nowhere.invalid:1' }), [`GET ${url}`])
    await lab.folder('home')
    await writeFile(lab.path('ca-copy.pem'), await readFile(lab.path('ca.pem')))
    await writeFile(lab.path('home', 'config.json'), JSON.stringify({ proxy: here, noProxy: '127.0.0.1', ca: '../ca-copy.pem' }))
    await isThere(get(secret, [], {}, 'home'), tunnel)
    await isThere(get(url, [], {}, 'home'), [])
  })

  it('says whose fault it is, and never the password', async () => {
    const { code, lines } = await get(`${plain.url}/f?1`, [], { http_proxy: proxy })
    expect(code).to.equal(4)
    expect(lines.at(-1)).to.include({
      type: 'error',
      code: 'origin-unreachable',
      message: `the proxy ${proxy} refuses ${new URL(plain.url).host}: 407 Proxy Authentication Required`,
      hint: `give user and password in http_proxy: ${withUser('USER:PASSWORD')}`,
    })
    const wrong = await lab.df(['get', '--quiet', '-o', 'out', `${secureUrl}/f`], undefined, {
      ...NO_ENVIRONMENT,
      https_proxy: withUser('user:secret'),
    }).ended
    expect(wrong.code).to.equal(4)
    expect(wrong.stderr).to.match(
      /^df: the proxy http:\/\/127\.0\.0\.1:\d+ refuses localhost:\d+: 40\d [^\n]*; check user and password in https_proxy\n$/,
    )
    for (const [args, env, message] of [
      [['-x', 'socks5://u:secret@p:1'], {}, /^df: --proxy: SOCKS proxies/],
      [[], { DRAGONFLY_PROXY: 'ftp://u:secret@p' }, /^df: DRAGONFLY_PROXY: no proxy speaks ftp/],
      [[], { http_proxy: 'ftp://u:secret@p' }, /^df: http_proxy: no proxy speaks ftp/],
      [['-k'], {}, /^df: -k: df always checks certificates, .* with --cacert FILE\n$/],
      [['--cacert', 'absent.pem'], {}, /^df: ca: cannot read the certificates in .*absent\.pem: it does not exist\n$/],
    ] as [string[], NodeJS.ProcessEnv, RegExp][]) {
      const ended = await lab.df(['get', '--quiet', '-o', 'out', ...args, `${plain.url}/f?2`], undefined, {
        ...NO_ENVIRONMENT,
        ...env,
      }).ended
      expect(ended.stderr).to.match(message)
      expect(ended.stderr).to.not.include('secret')
      expect(ended.code, args.join(' ')).to.equal(2)
    }
  })

  it('trusts an authority of its own by flag or variable, and else says which flag helps', async () => {
    const ca = lab.path('ca.pem')
    for (const name of ['CURL_CA_BUNDLE', 'SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS']) {
      await isThere(get(`${secureUrl}/f`, [], { [name]: ca }), [])
    }
    await isThere(get(`${secureUrl}/f`, ['--cacert', ca], { SSL_CERT_FILE: lab.path('server.key') }), [])
    const ended = await lab.df(['get', '--quiet', '-o', 'out', `${secureUrl}/f?3`], undefined, NO_ENVIRONMENT).ended
    expect(ended.code).to.equal(4)
    expect(ended.stderr).to.match(
      /^df: no secure connection to localhost:\d+: [^\n]*; if the [^\n]* with --cacert FILE [^\n]*\n$/,
    )
  })

  it('a seed behind a proxy reads no private origin for others, nor a name that only the proxy resolves', async () => {
    const env = { ...NO_ENVIRONMENT, DRAGONFLY_PROXY: withUser('user:pass') }
    const start = ['seed', 'start', '--json', '--listen', '/ip4/127.0.0.1/tcp/0']
    const seed = lab.df(start, 'seed', env)
    const address = ((await seed.line('ready')).addresses as string[])[0] as string
    const before = (await asked()).length
    for (const url of [`${plain.url}/f`, `${secureUrl}/f`, 'http://unknown.invalid/f']) {
      const { code, lines } = await get(url, ['--no-origin', '--seed', address])
      expect(lines.at(-1), url).to.include({ type: 'error', code: 'origin-refused' })
      expect(code).to.equal(7)
    }
    expect((await asked()).slice(before)).to.deep.equal([])
    const open = lab.df([...start, '--allow-origin', '127.0.0.1'], 'open', env)
    const there = ((await open.line('ready')).addresses as string[])[0] as string
    await isThere(get(`${plain.url}/f`, ['--no-origin', '--seed', there]), [`GET ${plain.url}/f`])
  })

  it('the limits of origins from environment and file count for df get', async () => {
    await lab.folder('limited')
    await writeFile(lab.path('limited', 'config.json'), JSON.stringify({ originLimit: 'fast' }))
    const ended = await get(`${plain.url}/f`, [], {}, 'limited')
    expect(ended.code).to.equal(2)
    const begun = performance.now()
    // 300 kB at 200 kB/s, of which 0.1 s come at once
    await isThere(get(`${plain.url}/f?4`, [], { DRAGONFLY_ORIGIN_LIMIT: '200kB' }), [])
    expect(performance.now() - begun).to.be.above(1300)
  })
})

/** An authority, and a certificate of it for localhost: ca.pem, server.pem, server.key. */
function makeAuthority(cwd: string): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd, stdio: 'pipe' })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  openssl('req', '-x509', ...key, '-subj', '/CN=an authority of our own', '-keyout', 'ca.key', '-out', 'ca.pem')
  const names = ['-addext', 'subjectAltName=DNS:localhost', '-addext', 'basicConstraints=CA:FALSE']
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-subj', '/CN=localhost']
  openssl('req', '-x509', ...key, ...signed, ...names, '-keyout', 'server.key', '-out', 'server.pem')
}

/** Resolves to its URL once it accepts connections. */
async function startProxy(lab: Lab, program: string): Promise<string> {
  const port = await freePort()
  const lines = [
    `Port ${port}`,
    'Listen 127.0.0.1',
    'LogLevel Connect',
    `LogFile "${lab.path('tinyproxy.log')}"`,
    'BasicAuth user pass',
  ]
  await writeFile(lab.path('tinyproxy.conf'), `${lines.join('\n')}\n`)
  const { child } = lab.run(program, ['-d', '-c', lab.path('tinyproxy.conf')])
  for (;;) {
    if (child.exitCode !== null) throw new Error('tinyproxy ended')
    const isUp = await new Promise(resolve => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
    if (isUp) return `http://127.0.0.1:${port}`
  }
}
