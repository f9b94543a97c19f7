// The gateway's forward proxy between real clients (curl, apt-get, npm, pip) and a real nginx.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { expect } from 'chai'
import { until } from '../waiting.ts'
import { has, makeCertificate, NO_ENVIRONMENT } from './gateway-lab.ts'
import { type Ended, freePort, hasNginx, Lab, LISTEN, type Nginx, type Running } from './lab.ts'

const LENGTH = 1_500_000

describe('the forward proxy of the gateway', () => {
  let lab: Lab
  let origin: Nginx
  let secure: string
  let daemon: Running
  let gateway: string
  let sha256: string
  const HOME = 'home-gateway'

  before(async function () {
    if (!hasNginx() || !has('curl', '--version') || !has('openssl', 'version')) this.skip()
    lab = await Lab.open()
    sha256 = await lab.file('big.deb', LENGTH)
    await lab.file('page.html', 5000)
    const port = await freePort()
    makeCertificate(lab, 's', 'DNS:localhost')
    const tls = `listen 127.0.0.1:${port} ssl; ssl_certificate ${lab.path('s.pem')}; ssl_certificate_key ${lab.path('s.key')};`
    origin = await lab.nginx({ http: `server { ${tls} root ${lab.path('www')}; }` })
    secure = `https://localhost:${port}`
    await mkdir(lab.path(HOME), { recursive: true })
    const rules = [
      { match: '/forbidden/', action: 'block' },
      { match: '^https://blocked\\.example/', action: 'block' },
    ]
    const config = { gateway: { rules: [...rules, 'apt', 'npm', 'pip'], intercept: ['localhost'] } }
    await writeFile(lab.path(HOME, 'config.json'), JSON.stringify(config))
    const ca = await lab.df(['gateway', 'ca', '--out', 'ca.pem', '--json'], HOME, NO_ENVIRONMENT).ended
    expect(ca.lines[0], ca.stderr).to.include({ type: 'authority', file: 'ca.pem', isNew: true })
    const flags = ['--gateway', '127.0.0.1:0', '--json', '--no-lan', '--cacert', lab.path('s.pem'), ...LISTEN]
    daemon = lab.df(['daemon', 'start', ...flags], HOME, NO_ENVIRONMENT)
    gateway = (await daemon.line('ready')).gateway as string
  })
  after(async () => lab?.close())

  const run = (command: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
    lab.run(command, args, HOME, { ...NO_ENVIRONMENT, ...env }).ended
  const curl = (...args: string[]): Promise<Ended> => run('curl', ['-sS', '-x', gateway, ...args])
  /** Bytes of this file that left the origin. */
  const reads = async (path: string) =>
    (await origin.requests()).filter(request => request.path === path).reduce((sum, { bytes }) => sum + bytes, 0)
  const sha = async (file: string) =>
    execFileSync('sha256sum', [lab.path(file)])
      .toString()
      .slice(0, 64)

  it('reads a shared file once for 50 guests at once and one after them', async () => {
    const all = await Promise.all(Array.from({ length: 50 }, (_, i) => curl('-o', `c${i}`, `${origin.url}/big.deb`)))
    for (const { code, stderr } of all) expect(code, stderr).to.equal(0)
    for (const i of all.keys()) expect(await sha(`c${i}`)).to.equal(sha256)
    await curl('-o', 'late', `${origin.url}/big.deb`)
    expect(await sha('late')).to.equal(sha256)
    // besides the file, single bytes are asked for
    expect(await reads('/big.deb')).to.be.within(LENGTH, LENGTH * 1.01)
  })

  it('answers with the fields of the origin, ranges and conditions', async () => {
    const [head, get] = [await curl('-I', `${origin.url}/big.deb`), await curl('-D-', '-o/dev/null', `${origin.url}/big.deb`)]
    for (const name of ['etag', 'last-modified', 'content-length', 'content-type', 'accept-ranges']) {
      const line = new RegExp(`^${name}: .*$`, 'im')
      expect(line.exec(get.stdout.toString())?.[0].toLowerCase()).to.equal(line.exec(head.stdout.toString())?.[0].toLowerCase())
    }
    const etag = /^etag: (.*)\r$/im.exec(head.stdout.toString())?.[1]
    const part = await curl('-D-', '-o', 'part', '-r', '1000-1999', `${origin.url}/big.deb`)
    expect(part.stdout.toString())
      .to.match(/ 206 /)
      .and.match(new RegExp(`content-range: bytes 1000-1999/${LENGTH}`, 'i'))
    const bytes = await readFile(lab.path('www', 'big.deb'))
    expect((await readFile(lab.path('part'))).equals(bytes.subarray(1000, 2000))).to.equal(true)
    const status = async (...args: string[]) =>
      (await curl('-o/dev/null', '-w', '%{http_code}', ...args, `${origin.url}/big.deb`)).stdout.toString()
    expect(await status('-H', `If-None-Match: ${etag}`)).to.equal('304')
    expect(await status('-H', 'If-None-Match: "other"')).to.equal('200')
    expect(await status('-r', `${LENGTH}-`)).to.equal('416')
    expect(await status('-r', '0-1,5-6')).to.equal('206')
  })

  it('sees a changed file', async () => {
    await lab.file('changed.deb', 300_000)
    await curl('-o', 'first', `${origin.url}/changed.deb`)
    await writeFile(lab.path('www', 'changed.deb'), 'new')
    await curl('-o', 'second', `${origin.url}/changed.deb`)
    expect(await readFile(lab.path('second'), 'utf8')).to.equal('new')
  })

  it('passes all else straight: pages, errors with their bodies, other methods; blocks what a rule blocks', async () => {
    const page = await curl('-o', 'page', '-D-', `${origin.url}/page.html`)
    expect(page.stdout.toString()).to.match(/via: 1\.1 dragonfly-/i)
    expect(await sha('page')).to.equal(
      execFileSync('sha256sum', [lab.path('www', 'page.html')])
        .toString()
        .slice(0, 64),
    )
    const absent = await curl('-w', '%{http_code}', `${origin.url}/absent.deb`)
    expect(absent.stdout.toString()).to.match(/nginx.*404$/s)
    const posted = await curl('-w', '%{http_code}', '-d', 'x', `${origin.url}/page.html`)
    expect(posted.stdout.toString()).to.match(/405$/)
    const blocked = await curl('-w', '%{http_code}', `${origin.url}/forbidden/x`)
    expect(blocked.stdout.toString()).to.match(/a rule blocks .*\n403$/)
    const tunnel = await curl('-w', '%{http_connect}', 'https://blocked.example/')
    expect(tunnel.stdout.toString()).to.equal('403')
    const dead = await curl('-w', '%{http_code}', `http://127.0.0.1:${await freePort()}/x.deb`)
    expect(dead.stdout.toString()).to.match(/cannot be reached: ECONNREFUSED\n502$/)
  })

  it('refuses a loop, a huge head, a URL that is too long or none of http', async () => {
    const status = async (...args: string[]) => (await curl('-o/dev/null', '-w', '%{http_code}', ...args)).stdout.toString()
    expect(await status(gateway)).to.equal('508')
    expect(await status('-H', `X: ${'x'.repeat(70_000)}`, `${origin.url}/page.html`)).to.equal('431')
    expect(await status(`${origin.url}/${'x'.repeat(9000)}`)).to.equal('414')
    expect(await status('ftp://localhost/x')).to.equal('501')
    const loop = await curl('-p', '-w', '%{http_connect}', gateway)
    expect(loop.stdout.toString()).to.match(/508$/)
  })

  it('tunnels, each direction to its own end', async () => {
    const tunnelled = await curl('-p', '-o', 'tunnelled', `${origin.url}/page.html`)
    expect(tunnelled.code, tunnelled.stderr).to.equal(0)
    const { hostname, port } = new URL(gateway)
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
    socket.write(`CONNECT ${new URL(origin.url).host} HTTP/1.1\r\n\r\n`)
    let said = ''
    socket.on('data', chunk => {
      said += chunk
    })
    await until(() => said.endsWith('\r\n\r\n'), 'the tunnel stands')
    // the whole request, and the end of this direction with it
    socket.end('GET /page.html HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    await new Promise(resolve => socket.once('end', resolve))
    expect(said).to.match(/ 200 Connection Established.* 200 OK/s)
  })

  it('ends the TLS of a host that is named, with a certificate of its own, and shares what is inside', async () => {
    await lab.file('inside.deb', 200_000)
    for (const out of ['i1', 'i2']) {
      const { code, stderr } = await curl('--cacert', 'ca.pem', '-o', out, `${secure}/inside.deb`)
      expect(code, stderr).to.equal(0)
    }
    expect(await sha('i2')).to.equal(await sha('www/inside.deb'))
    expect(await reads('/inside.deb')).to.be.within(200_000, 202_000)
    const untrusted = await curl('-o/dev/null', `${secure}/inside.deb`)
    expect(untrusted.code).to.equal(60)
    const misdirected = await curl('--cacert', 'ca.pem', '-w', '%{http_code}', '-H', 'Host: else.example', `${secure}/inside.deb`)
    expect(misdirected.stdout.toString()).to.match(/421$/)
  })

  it('makes its authority once, readable by its owner alone', async () => {
    const again = await lab.df(['gateway', 'ca', '--json'], HOME, NO_ENVIRONMENT).ended
    expect(again.lines[0]).to.include({ isNew: false })
    expect((await stat(lab.path(HOME, 'gateway-ca.key'))).mode & 0o777).to.equal(0o600)
    expect(await readFile(lab.path(HOME, 'gateway-ca.pem'), 'utf8')).to.equal(await readFile(lab.path('ca.pem'), 'utf8'))
    execFileSync('openssl', ['verify', '-CAfile', lab.path('ca.pem'), lab.path('ca.pem')], { stdio: 'ignore' })
  })

  it('survives a guest that hangs up', async () => {
    await lab.file('left.deb', 3_000_000)
    const left = lab.run('curl', ['-sS', '-x', gateway, '--limit-rate', '50k', '-o', 'left', `${origin.url}/left.deb`], HOME)
    await until(() => spawnSync('test', ['-s', lab.path('left')]).status === 0, 'the first bytes come')
    left.child.kill('SIGKILL')
    await left.ended
    const { code } = await curl('-o', 'after', `${origin.url}/left.deb`)
    expect(code).to.equal(0)
    expect(await sha('after')).to.equal(await sha('www/left.deb'))
  })

  it('apt-get: a package once from the repository, for two hosts', async function () {
    if (!has('apt-get', '--version') || !has('dpkg-deb', '--version') || !has('dpkg-scanpackages', '--help')) this.skip()
    const pool = lab.path('www', 'apt', 'pool')
    await mkdir(lab.path('pkg', 'DEBIAN'), { recursive: true })
    await mkdir(pool, { recursive: true })
    const control = 'Package: df-sample\nVersion: 1\nArchitecture: all\nMaintainer: nobody <n@example.org>\nDescription: sample\n'
    await writeFile(lab.path('pkg', 'DEBIAN', 'control'), control)
    await writeFile(lab.path('pkg', 'data'), await readFile(lab.path('www', 'big.deb')))
    execFileSync('dpkg-deb', ['-b', lab.path('pkg'), `${pool}/df-sample_1_all.deb`], { stdio: 'ignore' })
    const index = execFileSync('dpkg-scanpackages', ['pool'], {
      cwd: lab.path('www', 'apt'),
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    await writeFile(lab.path('www', 'apt', 'Packages'), index)
    for (const host of ['a1', 'a2']) {
      for (const folder of ['lists/partial', 'cache/archives/partial', 'etc', 'out']) await lab.folder(`${host}/${folder}`)
      await writeFile(lab.path(host, 'etc', 'sources.list'), `deb [trusted=yes] ${origin.url}/apt ./\n`)
      await writeFile(lab.path(host, 'status'), '')
      const options = [
        `Dir::State::Lists=${lab.path(host, 'lists')}`,
        `Dir::State::Status=${lab.path(host, 'status')}`,
        `Dir::Cache=${lab.path(host, 'cache')}`,
        `Dir::Etc::SourceList=${lab.path(host, 'etc', 'sources.list')}`,
        'Dir::Etc::SourceParts=-',
        'APT::Sandbox::User=root',
        `Acquire::http::Proxy=${gateway}`,
      ].flatMap(option => ['-o', option])
      const update = await run('apt-get', [...options, 'update'])
      expect(update.code, update.stderr).to.equal(0)
      const fetched = await run('apt-get', [...options, '-d', '-y', 'install', 'df-sample'])
      expect(fetched.code, fetched.stderr).to.equal(0)
      expect(await sha(`${host}/cache/archives/df-sample_1_all.deb`)).to.equal(await sha('www/apt/pool/df-sample_1_all.deb'))
    }
    const { size } = await stat(`${pool}/df-sample_1_all.deb`)
    expect(await reads('/apt/pool/df-sample_1_all.deb')).to.be.within(size, size * 1.01)
  })

  it('npm: a package once from the registry, for two hosts', async function () {
    if (!has('npm', '--version')) this.skip()
    await mkdir(lab.path('npm'), { recursive: true })
    await mkdir(lab.path('www', 'df-sample', '-'), { recursive: true })
    await writeFile(lab.path('npm', 'package.json'), JSON.stringify({ name: 'df-sample', version: '1.0.0' }))
    await writeFile(lab.path('npm', 'data.bin'), await readFile(lab.path('www', 'big.deb')))
    const folder = lab.path('www', 'df-sample', '-')
    const packed = JSON.parse(
      execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { cwd: lab.path('npm') }).toString(),
    )
    const tarball = `${origin.url}/df-sample/-/df-sample-1.0.0.tgz`
    const dist = { tarball, integrity: packed[0].integrity, shasum: packed[0].shasum }
    const version = { name: 'df-sample', version: '1.0.0', dist }
    const metadata = { name: 'df-sample', 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': version } }
    await writeFile(lab.path('www', 'df-sample', 'index.html'), JSON.stringify(metadata))
    for (const host of ['n1', 'n2']) {
      await lab.folder(host)
      // npm asks /df-sample, which nginx redirects to the folder
      const flags = ['--prefix', lab.path(host), '--cache', lab.path(host, 'cache'), '--no-audit', '--no-fund', '--noproxy', '']
      const { code, stderr } = await run('npm', ['install', 'df-sample', '--registry', origin.url, '--proxy', gateway, ...flags])
      expect(code, stderr).to.equal(0)
      expect(await sha(`${host}/node_modules/df-sample/data.bin`)).to.equal(sha256)
    }
    const { size } = await stat(lab.path('www', 'df-sample', '-', 'df-sample-1.0.0.tgz'))
    expect(await reads('/df-sample/-/df-sample-1.0.0.tgz')).to.be.within(size, size * 1.01)
  })

  it('pip: a wheel once from the index, for two hosts', async function () {
    if (!has('pip3', '--version') || !has('python3', '-c', 'import zipfile')) this.skip()
    const folder = lab.path('www', 'simple', 'df-sample')
    await mkdir(folder, { recursive: true })
    const name = 'df_sample-1.0-py3-none-any.whl'
    const script = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as z:
    z.write(sys.argv[2], 'df_sample/data.bin')
    z.writestr('df_sample-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: df-sample\\nVersion: 1.0\\n')
    z.writestr('df_sample-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    z.writestr('df_sample-1.0.dist-info/RECORD', '')`
    execFileSync('python3', ['-c', script, `${folder}/${name}`, lab.path('www', 'big.deb')])
    await writeFile(`${folder}/index.html`, `<!DOCTYPE html><a href="${name}">${name}</a>`)
    for (const host of ['p1', 'p2']) {
      const index = ['--index-url', `${origin.url}/simple`, '--trusted-host', '127.0.0.1', '--proxy', gateway]
      const flags = ['--no-cache-dir', '--no-deps', '--disable-pip-version-check', '-d', lab.path(host)]
      const { code, stderr } = await run('pip3', ['download', 'df-sample', ...index, ...flags])
      expect(code, stderr).to.equal(0)
      expect(await sha(`${host}/${name}`)).to.equal(await sha(`www/simple/df-sample/${name}`))
    }
    const { size } = await stat(`${folder}/${name}`)
    expect(await reads(`/simple/df-sample/${name}`)).to.be.within(size, size * 1.01)
  })
})
