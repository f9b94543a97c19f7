// docs/sources.md holds: its commands run, against a store, a hub and a server of this host. With a seed and a daemon nothing of the keys is left anywhere.
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { expect } from 'chai'
import { DF, ROOT, run } from '../cli/processes.ts'
import { missingPrograms, RegistryLab } from '../gateway/auth/registry-lab.ts'
import { TrustlessGateway } from '../origin/ipfs/trustless-gateway.ts'
import { pushArtifact } from '../origin/sources/artifacts.ts'
import { startBlobAccount } from '../origin/sources/blob-account.ts'
import { BucketStore, hasMoto } from '../origin/sources/bucket-store.ts'
import { NOWHERE } from '../origin/sources/environment.ts'
import { GoogleStore } from '../origin/sources/google-store.ts'
import { HubServer } from '../origin/sources/hub-server.ts'
import { ModelScopeServer } from '../origin/sources/modelscope-server.ts'
import { Lab, LISTEN } from './lab.ts'

const BODY = randomBytes(700_001)
const DIGEST = createHash('sha256').update(BODY).digest('hex')
const ALICE = { accessKeyId: 'AKIAALICE0000000AAAA', secretAccessKey: 'alicesecretkey77' }
const DOC = await readFile(path.join(ROOT, 'docs', 'sources.md'), 'utf8')

/** The commands of a section. */
function linesOf(section: string): string[] {
  const text = DOC.split(/^###? /m).find(part => part.startsWith(section)) ?? ''
  return (/^```sh\n([\s\S]*?)^```$/m.exec(text)?.[1] ?? '').trim().split('\n')
}

describe('docs/sources.md', () => {
  let lab: Lab
  let env: NodeJS.ProcessEnv

  beforeEach(async () => {
    lab = await Lab.open()
    await mkdir(lab.path('bin'))
    await symlink(DF, lab.path('bin', 'df'))
    const { PATH = '', HOME = '' } = process.env
    env = { PATH: `${lab.path('bin')}:${PATH}`, HOME, DRAGONFLY_HOME: lab.path('home'), ...NOWHERE }
  })
  afterEach(() => lab.close())

  /** Each in a folder of its own; resolves to the file that it made. */
  async function made(line: string, before: readonly string[], more: NodeJS.ProcessEnv): Promise<Buffer> {
    const cwd = await lab.folder('out')
    const script = ['set -e', ...before, line].join('\n')
    const ended = await run('bash', ['-c', script], { cwd, env: { ...env, ...more } })
    expect(ended, `${line}\n${ended.stderr}`).to.include({ code: 0 })
    const [name] = await lab.files('out')
    const bytes = await readFile(path.join(cwd, name ?? ''))
    await rm(cwd, { recursive: true })
    return bytes
  }

  function checkBytes(line: string, bytes: Buffer): void {
    const expected = line.includes('-r 0-99') ? BODY.subarray(0, 100) : BODY
    expect(bytes.equals(expected), line).to.equal(true)
  }

  /** Each below the folder that the line before left, as one would run them. */
  async function treesOf(lines: readonly string[], before: readonly string[], more: NodeJS.ProcessEnv): Promise<string[][]> {
    expect(lines).to.have.length(3)
    const cwd = await lab.folder('trees')
    const found: string[][] = []
    for (const line of lines) {
      const ended = await run('bash', ['-c', ['set -e', ...before, line].join('\n')], { cwd, env: { ...env, ...more } })
      expect(ended, `${line}\n${ended.stderr}`).to.include({ code: 0 })
      found.push((await lab.files(path.join('trees', /-P (\w+)/.exec(line)?.[1] ?? ''))).sort())
    }
    return found
  }

  /** The files that the tree of such a URL leaves; `change`: what the line is here. */
  async function otherTree(scheme: string, change: (line: string) => string, more: NodeJS.ProcessEnv): Promise<string[]> {
    const line = linesOf('oci://…:TAG/').find(line => line.includes(`${scheme}://`)) ?? ''
    const cwd = await lab.folder('tree')
    const ended = await run('bash', ['-c', change(line)], { cwd, env: { ...env, ...more } })
    expect(ended, `${line}\n${ended.stderr}`).to.include({ code: 0 })
    const folder = path.join('tree', /-P (\w+)/.exec(line)?.[1] ?? '')
    const names = (await lab.files(folder)).sort()
    for (const name of names) expect((await readFile(lab.path(folder, name))).equals(BODY), name).to.equal(true)
    return names
  }

  it('trees of a hub', async () => {
    const hub = await HubServer.start([
      { repo: 'org/model', path: 'model.safetensors', body: BODY },
      { repo: 'org/model', path: 'config.json', body: BODY, isLarge: false },
      { repo: 'org/model', path: 'README.md', body: BODY, isLarge: false },
    ])
    try {
      const lines = linesOf('hf://[datasets/|spaces/]ORG/REPO[@REVISION][').map(line => line.replace('@v1.0', '@v2'))
      const all = ['README.md', 'config.json', 'model.safetensors']
      expect(await treesOf(lines, [], { HF_ENDPOINT: hub.url })).to.deep.equal([all, all, all])
    } finally {
      await hub.stop()
    }
  })

  it('trees of an index', async () => {
    const server = http.createServer((request, response) => {
      if (request.url === '/pub/') return void response.end('<a href="a.iso"></a><a href="b.txt"></a>')
      response.writeHead(200, { etag: '"1"', 'last-modified': 'Tue, 01 Sep 2026 10:00:00 GMT', 'content-length': 3 }).end('abc')
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      const lines = linesOf('--recursive').map(line => line.replace('https://example.org', url))
      expect(await treesOf(lines, [], {})).to.deep.equal(Array(3).fill(['a.iso', 'b.txt']))
    } finally {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    }
  })

  it('Metalink', async () => {
    const server = http.createServer((request, response) => {
      const url = `http://${request.headers.host}/a.iso`
      const text = `<metalink xmlns="urn:ietf:params:xml:ns:metalink"><file name="a.iso"><url>${url}</url></file></metalink>`
      response.end(request.url === '/a.iso' ? 'abc' : text)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      const [first = '', second = '', third = ''] = linesOf('Metalink').map(line => line.replace('https://example.org', url))
      // the last one makes what the second one needs
      expect(await treesOf([first, third, second], [], {})).to.deep.equal([['a.iso'], ['release', 'release.meta4'], ['a.iso']])
    } finally {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    }
  })

  it('http(s)', async () => {
    const server = http.createServer((request, response) => {
      if (request.url === '/private.bin' && request.headers.authorization === undefined) return void response.writeHead(401).end()
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
      if (from === undefined || to === undefined)
        return void response.writeHead(200, { etag: '"1"', 'content-length': BODY.length }).end(BODY)
      const headers = { etag: '"1"', 'content-range': `bytes ${from}-${to}/${BODY.length}` }
      response.writeHead(206, headers).end(BODY.subarray(Number(from), Number(to) + 1))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      const lines = linesOf('http://')
      expect(lines).to.have.length(3)
      for (const line of lines) {
        const here = line.replace('https://example.org', url).replace('…', 'token')
        checkBytes(line, await made(here, [], {}))
      }
    } finally {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    }
  })

  it('ipfs, files and trees', async () => {
    const gateway = await TrustlessGateway.start()
    try {
      const { root } = await gateway.addFolder({ 'model.safetensors': BODY, 'config.json': Buffer.from('{}') }, { chunk: 65_536 })
      const here = (line: string) => line.replace(/bafy\w+/, root.toString()).replace('http://127.0.0.1:8080', gateway.url)
      const lines = linesOf('ipfs://CID[/PATH]')
      expect(lines).to.have.length(3)
      for (const line of lines) {
        const isNamed = line.includes('--ipfs-gateway')
        checkBytes(line, await made(here(line), [], { IPFS_GATEWAY: isNamed ? 'http://127.0.0.1:1' : gateway.url }))
      }
      const trees = await treesOf(linesOf('ipfs://CID[/FOLDER]').map(here), [], { IPFS_GATEWAY: gateway.url })
      expect(trees).to.deep.equal(Array(3).fill(['config.json', 'model.safetensors']))
    } finally {
      await gateway.stop()
    }
  })

  it('hf', async () => {
    const hub = await HubServer.start([
      { repo: 'org/model', path: 'model.safetensors', body: BODY },
      { repo: 'org/model', path: 'config.json', body: BODY, isLarge: false },
      { repo: 'org/gated-model', path: 'model.safetensors', body: BODY, access: 'gated' },
    ])
    hub.tokens.admitted.add('hf_token')
    try {
      const lines = linesOf('hf://')
      expect(lines).to.have.length(3)
      for (const line of lines) {
        const here = line.replace('…', 'token').replace('@v1.0', '@v2')
        checkBytes(line, await made(here, [], { HF_ENDPOINT: hub.url }))
      }
      const { address } = await lab.seed()
      const more = { ...env, HF_ENDPOINT: hub.url, DRAGONFLY_SEEDS: address, HF_TOKEN: 'hf_token' }
      const warm = await run(DF, ['preheat', '--json', 'hf://org/gated-model/model.safetensors'], { env: more })
      expect(warm, warm.stderr).to.include({ code: 0 })
      const got = await run(DF, ['get', '--json', '-o', lab.path('got'), 'hf://org/gated-model/model.safetensors'], { env: more })
      expect(JSON.parse(got.stdout.trim().split('\n').at(-1) ?? '')).to.include({ type: 'done', fromOrigin: 0, sha256: DIGEST })
    } finally {
      await hub.stop()
    }
  })

  it('oci', async function () {
    if (missingPrograms().length > 0) return this.skip()
    const registry = await RegistryLab.open()
    try {
      const { host } = new URL(await registry.registry(await registry.htpasswd()))
      await pushArtifact(registry, 'team/model', 'v1', { 'weights.bin': BODY })
      const login = lab.path('login.json')
      await writeFile(login, JSON.stringify({ auths: { [host]: { auth: Buffer.from('alice:s3cret').toString('base64') } } }))
      const lines = linesOf('oci://')
      expect(lines).to.have.length(3)
      for (const line of lines) {
        const here = line.replace('registry.example', host)
        checkBytes(line, await made(here, [], { REGISTRY_AUTH_FILE: login }))
      }
      const { address } = await lab.seed()
      const more = { ...env, REGISTRY_AUTH_FILE: login, DRAGONFLY_SEEDS: address }
      const url = `oci://${host}/team/model:v1/weights.bin`
      const warm = await run(DF, ['preheat', '--json', url], { env: more })
      expect(warm, warm.stderr).to.include({ code: 0 })
      const cwd = await lab.folder('got')
      const got = await run(DF, ['get', '--json', url], { cwd, env: more })
      expect(JSON.parse(got.stdout.trim().split('\n').at(-1) ?? '')).to.include({
        type: 'done',
        url,
        fromOrigin: 0,
        sha256: DIGEST,
      })
      expect(await lab.files('got')).to.deep.equal(['weights.bin'])
      const head = await run(DF, ['get', '--head', `oci://${host}/team/model:v1`], { env: more })
      expect(head.stdout, head.stderr).to.match(/^file-name: weights\.bin$/m)
      await pushArtifact(registry, 'team/model', 'v1', { 'a.bin': BODY, 'b.bin': BODY })
      const there = (line: string) => line.replace('registry.example', host)
      expect(await otherTree('oci', there, { REGISTRY_AUTH_FILE: login })).to.deep.equal(['a.bin', 'b.bin'])
      expect(await lab.filesWith(['s3cret', Buffer.from('alice:s3cret').toString('base64')])).to.deep.equal([login])
    } finally {
      await registry.close()
    }
  })

  it('gs', async () => {
    const store = await GoogleStore.start()
    try {
      for (const name of ['open', 'closed']) store.objects.set(`${name}/model.safetensors`, BODY)
      const lines = linesOf('gs://')
      expect(lines).to.have.length(3)
      for (const line of lines) {
        const here = line.replace('gs://models', 'gs://open').replace('gs://private', 'gs://closed')
        const before = [`cat > reader.json <<'E'\n${store.keyFile}\nE`, 'mkdir key && mv reader.json key/ && cd key']
        const command = here.replace('=reader.json df get', '=reader.json df get -o ../out.bin')
        const isSigned = here !== line && here.includes('reader.json')
        checkBytes(
          line,
          await made(isSigned ? `${command} && cd .. && rm -r key` : here, isSigned ? before : [], {
            STORAGE_EMULATOR_HOST: store.url,
          }),
        )
      }
      for (const name of ['a', 'b']) store.objects.set(`open/llama/${name}`, BODY)
      const open = (line: string) => line.replace('gs://models', 'gs://open')
      expect(await otherTree('gs', open, { STORAGE_EMULATOR_HOST: store.url })).to.deep.equal(['a', 'b'])
    } finally {
      await store.stop()
    }
  })

  it('az', async () => {
    const store = await startBlobAccount()
    try {
      for (const name of ['open', 'closed']) await store.put(`${name}/model.safetensors`, BODY)
      const lines = linesOf('az://')
      expect(lines).to.have.length(3)
      for (const line of lines) {
        const here = line.replace('a2V5', store.key).replace('/models/', '/open/').replace('/private/', '/closed/')
        checkBytes(line, await made(here, [], { AZURE_STORAGE_SERVICE_ENDPOINT: store.endpoint }))
      }
      for (const name of ['a', 'b']) await store.put(`open/llama/${name}`, BODY)
      const open = (line: string) => line.replace('/models/', '/open/')
      expect(await otherTree('az', open, { AZURE_STORAGE_SERVICE_ENDPOINT: store.endpoint })).to.deep.equal(['a', 'b'])
    } finally {
      await store.stop()
    }
  })

  it('modelscope', async () => {
    const files = { 'model.safetensors': BODY, 'train.parquet': BODY }
    const hub = await ModelScopeServer.start({
      'models/org/model': { files },
      'models/org/private': { files, isPrivate: true },
      'datasets/org/rows': { files },
    })
    hub.tokens.add('ms-token')
    try {
      const lines = linesOf('modelscope://')
      expect(lines).to.have.length(3)
      for (const line of lines) {
        checkBytes(line, await made(line.replace('…', 'token'), [], { MODELSCOPE_ENDPOINT: hub.url }))
      }
      const all = ['model.safetensors', 'train.parquet']
      expect(await otherTree('modelscope', line => line, { MODELSCOPE_ENDPOINT: hub.url })).to.deep.equal(all)
    } finally {
      await hub.stop()
    }
  })

  describe('s3', () => {
    let store: BucketStore
    before(async function () {
      this.timeout(30_000)
      if (!hasMoto()) return this.skip()
      store = await BucketStore.start()
      store.readers.set(ALICE.accessKeyId, ALICE)
      await store.bucket('models')
      await store.object('/models/model.safetensors', BODY)
    })
    after(() => store?.stop())
    const keys = { AWS_ACCESS_KEY_ID: ALICE.accessKeyId, AWS_SECRET_ACCESS_KEY: ALICE.secretAccessKey }

    it('runs', async () => {
      const [endpoint = '', ...lines] = linesOf('s3://')
      expect(lines).to.have.length(2)
      for (const line of lines) {
        checkBytes(line, await made(line, [endpoint.replace('https://store.example', store.url)], keys))
      }
      const more = { ...env, ...keys, AWS_ENDPOINT_URL_S3: store.url }
      const head = await run(DF, ['get', '--head', 's3://models/model.safetensors'], { env: more })
      expect(head.stdout).to.match(/^s3:\/\/models\/model\.safetensors\ncontent-length: 700001\n/)
      expect(head.stdout + head.stderr).not.to.match(/X-Amz/)
      const none = await run(DF, ['get', 's3://models/none'], { env: more })
      expect(none.stderr).to.match(/bucket models has no none; check the key/)
      expect(none.code).to.equal(3)
    })

    it('trees', async () => {
      for (const key of ['a.safetensors', 'b.bin']) await store.object(`/models/llama/${key}`, BODY)
      const more = { ...keys, AWS_ENDPOINT_URL_S3: store.url }
      const all = ['a.safetensors', 'b.bin']
      expect(await treesOf(linesOf('s3://BUCKET/['), [], more)).to.deep.equal([all, all, all])
    })

    it('through a seed and a daemon leaves no key and no signature in files, lines and logs', async function () {
      this.timeout(60_000)
      const variables = { ...NOWHERE, AWS_ENDPOINT_URL_S3: store.url, ...keys }
      const seed = lab.df(['seed', 'start', '--json', '--allow-origin', '127.0.0.1', ...LISTEN, '--log-level', 'debug'], 'seed')
      const [address] = (await seed.line('ready')).addresses as string[]
      const before = store.bytesOf('/models/model.safetensors')
      const daemon = lab.df(
        ['daemon', 'start', '--json', '--seed', address as string, ...LISTEN, '--log-level', 'debug'],
        'host',
        NOWHERE,
      )
      await daemon.line('ready')
      const got = lab.df(['get', '--json', 's3://models/model.safetensors', '-o', lab.path('model')], 'host', variables)
      const alone = lab.df(
        ['get', '--json', '--no-daemon', '--seed', address as string, 's3://models/model.safetensors', '-o', lab.path('again')],
        'alone',
        variables,
      )
      const ended = [await got.ended, await alone.ended]
      for (const { code, stderr, lines } of ended) {
        expect(code, stderr).to.equal(0)
        expect(lines.at(-1)).to.include({ type: 'done', url: 's3://models/model.safetensors', sha256: DIGEST, fromOrigin: 0 })
      }
      expect((await readFile(lab.path('model'))).equals(BODY)).to.equal(true)
      expect(store.bytesOf('/models/model.safetensors') - before).to.be.within(BODY.length, BODY.length + 100)
      for (const { child } of [daemon, seed]) child.kill('SIGTERM')
      const said = [...ended, await daemon.ended, await seed.ended].map(({ stdout, stderr }) => `${stdout}${stderr}`).join()
      expect(said).not.to.match(/X-Amz|AKIA|alicesecret/)
      expect(await lab.filesWith([ALICE.secretAccessKey, ALICE.accessKeyId, 'X-Amz-Signature'])).to.deep.equal([])
    })
  })
})
