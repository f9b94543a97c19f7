// More real clients of the gateway's forward proxy: git in a tunnel, git-lfs, Maven. curl, apt-get, npm and pip: gateway-proxy.test.ts
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { expect } from 'chai'
import { bytesOf, type GatewayHost, has, makeCertificate, NO_ENVIRONMENT, startGateway } from './gateway-lab.ts'
import { freePort, hasNginx, Lab, type Nginx } from './lab.ts'

const LENGTH = 1_500_000
const AUTHOR = {
  GIT_AUTHOR_NAME: 'n',
  GIT_AUTHOR_EMAIL: 'n@example.org',
  GIT_COMMITTER_NAME: 'n',
  GIT_COMMITTER_EMAIL: 'n@example.org',
}

describe('clients of the forward proxy', () => {
  let lab: Lab
  let origin: Nginx
  let secure: string
  let gateway: GatewayHost
  let oid: string
  /** Of git: no settings of this machine. */
  let environment: NodeJS.ProcessEnv

  before(async function () {
    if (!hasNginx() || !has('openssl', 'version') || !has('git', '--version')) this.skip()
    lab = await Lab.open()
    oid = await lab.file('blob', LENGTH)
    makeCertificate(lab, 's', 'IP:127.0.0.1')
    const [port, objects] = [await freePort(), `objects/${oid.slice(0, 2)}/${oid.slice(2, 4)}/${oid}`]
    await mkdir(dirname(lab.path('www', objects)), { recursive: true })
    await copyFile(lab.path('www', 'blob'), lab.path('www', objects))
    const tls = `listen 127.0.0.1:${port} ssl; ssl_certificate ${lab.path('s.pem')}; ssl_certificate_key ${lab.path('s.key')};`
    // the answer of a batch, whose URLs have another signature each time
    const href = `http://127.1:$server_port/${objects}?X-Amz-Signature=$request_id`
    const object = { oid, size: LENGTH, actions: { download: { href } } }
    const batch = JSON.stringify({ transfer: 'basic', objects: [object] }).replaceAll('"', '\\"')
    const answer = `default_type application/vnd.git-lfs+json; return 200 "${batch}";`
    origin = await lab.nginx({
      http: `server { ${tls} root ${lab.path('www')}; }`,
      extra: `} location = /r.git/info/lfs/objects/batch { ${answer}`,
    })
    secure = `https://127.0.0.1:${port}`
    gateway = await startGateway(lab, 'home', { rules: ['git-lfs', 'maven'] }, ['--seed', (await lab.seed()).address])
    environment = {
      ...NO_ENVIRONMENT,
      HOME: await lab.folder('git-home'),
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_SSL_CAINFO: lab.path('s.pem'),
      ...AUTHOR,
    }
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: lab.path('src'), env: { ...process.env, ...environment }, stdio: 'ignore' })
    await lab.folder('src')
    await writeFile(lab.path('src', '.gitattributes'), '*.bin filter=lfs diff=lfs merge=lfs -text\n')
    await writeFile(lab.path('src', 'big.bin'), `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${LENGTH}\n`)
    git('init', '-q', '-b', 'main')
    git('add', '.')
    git('commit', '-qm', 'one')
    git('clone', '-q', '--bare', '.', lab.path('www', 'r.git'))
    git('-C', lab.path('www', 'r.git'), 'update-server-info')
  })
  after(async () => lab?.close())

  const run = (command: string, ...args: string[]) => lab.run(command, args, 'home', environment).ended

  it('git clones by https, in a tunnel', async () => {
    const { code, stderr } = await run('git', '-c', `http.proxy=${gateway.url}`, 'clone', '-q', `${secure}/r.git`, 'cloned')
    expect(code, stderr).to.equal(0)
    expect(await readFile(lab.path('cloned', '.gitattributes'), 'utf8')).to.include('filter=lfs')
  })

  it('git-lfs: an object once from its storage, for two hosts', async function () {
    if (!has('git-lfs', 'version')) this.skip()
    for (const host of ['l1', 'l2']) {
      const cloned = await run('git', 'clone', '-q', `${lab.path('www', 'r.git')}`, host)
      expect(cloned.code, cloned.stderr).to.equal(0)
      // programs in Go use no proxy for 127.0.0.1 as it is usually written
      const server = origin.url.replace('127.0.0.1', '127.1')
      const settings = ['-c', `http.proxy=${gateway.url}`, '-c', `lfs.url=${server}/r.git/info/lfs`]
      const { code, stderr } = await run('git', '-C', host, ...settings, 'lfs', 'pull')
      expect(code, stderr).to.equal(0)
      const object = lab.path(host, '.git', 'lfs', 'objects', oid.slice(0, 2), oid.slice(2, 4), oid)
      expect(
        createHash('sha256')
          .update(await readFile(object))
          .digest('hex'),
      ).to.equal(oid)
    }
    expect(await bytesOf(origin, '/objects/')).to.be.within(LENGTH, LENGTH * 1.01)
  })

  it('Maven: an artifact through the swarm', async function () {
    if (!has('mvn', '-v') || !has('python3', '-c', 'import zipfile')) this.skip()
    const pom = (name: string, more = '') =>
      `<project><modelVersion>4.0.0</modelVersion><groupId>com.ex</groupId><artifactId>${name}</artifactId><version>1.0</version>${more}</project>`
    const jar = await lab.folder('www/com/ex/ext/1.0')
    // Maven adds this one to whatever extends a build
    const utils = await lab.folder('www/org/codehaus/plexus/plexus-utils/1.1')
    await writeFile(`${jar}/ext-1.0.pom`, pom('ext'))
    await writeFile(
      `${utils}/plexus-utils-1.1.pom`,
      pom('plexus-utils').replace('com.ex', 'org.codehaus.plexus').replace('1.0</v', '1.1</v'),
    )
    const zip = 'import sys, zipfile\nfor to in sys.argv[2:]:\n  zipfile.ZipFile(to, "w").write(sys.argv[1], "data")'
    execFileSync('python3', ['-c', zip, lab.path('www', 'blob'), `${jar}/ext-1.0.jar`, `${utils}/plexus-utils-1.1.jar`])
    const proxy = new URL(gateway.url)
    const place = `<active>true</active><protocol>http</protocol><host>${proxy.hostname}</host><port>${proxy.port}</port>`
    const mirror = `<mirror><id>lab</id><mirrorOf>*</mirrorOf><url>${origin.url}</url></mirror>`
    const settings = `<settings><proxies><proxy>${place}</proxy></proxies><mirrors>${mirror}</mirrors></settings>`
    const extension = '<extension><groupId>com.ex</groupId><artifactId>ext</artifactId><version>1.0</version></extension>'
    await lab.folder('mvn')
    await writeFile(lab.path('mvn', 'settings.xml'), settings)
    const build = `<packaging>pom</packaging><build><extensions>${extension}</extensions></build>`
    await writeFile(lab.path('mvn', 'pom.xml'), pom('app', build))
    const flags = ['-B', '-q', '-s', lab.path('mvn', 'settings.xml'), `-Dmaven.repo.local=${lab.path('mvn', 'repo')}`]
    const { code, stdout } = await run('mvn', ...flags, '-f', lab.path('mvn', 'pom.xml'), 'validate')
    expect(code, stdout.toString()).to.equal(0)
    const path = 'com/ex/ext/1.0/ext-1.0.jar'
    expect(await lab.read(`mvn/repo/${path}`)).to.equal(await lab.read(`www/${path}`))
    // the next host gets it from here
    await gateway.curl('-o', 'jar', `${origin.url}/${path}`)
    const wholes = (await origin.requests()).filter(r => r.path === `/${path}` && r.bytes >= LENGTH)
    expect(wholes).to.have.length(1)
  })
})
