import { execFile, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { COMMIT, HubServer } from '../../origin/sources/hub-server.ts'
import { World } from '../../world/world.ts'
import { FaultProxy } from '../registry/fault-proxy.ts'
import { ask, startMirror } from '../registry/mirror-lab.ts'

const WEIGHTS = randomBytes(3_500_003)
/** Longer than the parts in which huggingface_hub writes, 10 MiB. */
const LARGE = randomBytes(11_500_001)
const SECRET = randomBytes(1_200_007)
const SHA256 = createHash('sha256').update(WEIGHTS).digest('hex')
const CONFIG = Buffer.from('{"model_type": "tiny"}')
/** A Python with huggingface_hub, if there is one. */
const PYTHON = process.env.DF_TEST_HF_PYTHON ?? 'python3'
const FILE = '/org/weights/resolve/main/model.safetensors'

describe('the hub of the gateway', () => {
  let world: World
  let hub: HubServer

  beforeEach(async () => {
    world = await World.open()
    hub = await HubServer.start([
      { repo: 'org/weights', path: 'model.safetensors', body: WEIGHTS },
      { repo: 'org/weights', path: 'config.json', body: CONFIG, isLarge: false },
      { repo: 'org/weights', path: 'empty.txt', body: Buffer.alloc(0), isLarge: false },
      { repo: 'org/small', path: 'model.safetensors', body: WEIGHTS.subarray(0, 1000) },
      { repo: 'org/large', path: 'model.safetensors', body: LARGE },
      { repo: 'org/private', path: 'model.safetensors', body: SECRET, access: 'private' },
      { repo: 'org/gated', path: 'model.safetensors', body: SECRET, access: 'gated' },
    ])
    world.atEnd(() => hub.stop())
    hub.tokens.members.add('hf_alice')
  })
  afterEach(() => world.close())

  const open = async (more?: Parameters<typeof startMirror>[2]) => `${await startMirror(world, { hub: hub.url }, more)}/hf`

  it('says of a file what clients look for, leaves Xet out, and gives the whole and each range', async () => {
    const at = await open()
    const head = await ask(at + FILE, {}, 'HEAD')
    expect(head.status).to.equal(200)
    expect(head.headers).to.include({
      'x-repo-commit': COMMIT,
      'x-linked-etag': `"${SHA256}"`,
      'x-linked-size': String(WEIGHTS.length),
      etag: `"${SHA256}"`,
      'accept-ranges': 'bytes',
      'content-length': String(WEIGHTS.length),
    })
    expect(Object.keys(head.headers).filter(name => /xet|^link$|^location$/.test(name))).to.deep.equal([])
    expect((await ask(at + FILE)).body.equals(WEIGHTS)).to.equal(true)
    for (const [range, start, end] of [
      ['bytes=0-0', 0, 1],
      ['bytes=1000000-', 1_000_000, WEIGHTS.length],
      ['bytes=-7', WEIGHTS.length - 7, WEIGHTS.length],
    ] as const) {
      const part = await ask(at + FILE, { range })
      expect(part.status, range).to.equal(206)
      expect(part.headers['content-range']).to.equal(`bytes ${start}-${end - 1}/${WEIGHTS.length}`)
      expect(part.body.equals(WEIGHTS.subarray(start, end)), range).to.equal(true)
    }
    expect(await ask(at + FILE, { range: `bytes=${WEIGHTS.length}-` })).to.deep.include({ status: 416 })
    expect(await ask(at + FILE, { 'if-none-match': `"${SHA256}"` })).to.deep.include({ status: 304 })
    expect((await ask(at + FILE, { range: 'bytes=0-9', 'if-range': '"other"' })).status).to.equal(200)
    const small = await ask(`${at}/org/weights/resolve/main/config.json`)
    expect(small.body.equals(CONFIG)).to.equal(true)
    expect(small.headers).to.include({
      etag: `"${createHash('sha1').update(`blob ${CONFIG.length}\0`).update(CONFIG).digest('hex')}"`,
      'x-repo-commit': COMMIT,
    })
    expect(await ask(`${at}/org/weights/resolve/main/empty.txt`)).to.deep.include({ status: 200, body: Buffer.alloc(0) })
    const renamed = await ask(`${at}/org/old-name/resolve/main/model.safetensors`, {}, 'HEAD')
    expect(renamed).to.deep.include({ status: 200 })
  })

  it('passes the API on, with its links leading here and the credentials of the client alone', async () => {
    const at = await open()
    const info = await ask(`${at}/api/models/org/private/revision/main`, { authorization: 'Bearer hf_alice' })
    expect(JSON.parse(info.body.toString())).to.include({ id: 'org/private', sha: COMMIT })
    expect((await ask(`${at}/api/models/org/private/revision/main`)).status).to.equal(401)
    hub.isEndless = true
    const page = await ask(`${at}/api/models/org/weights/tree/main?recursive=true`)
    expect(page.headers.link).to.match(
      new RegExp(`^<${at}/api/models/org/weights/tree/main\\?recursive=true&cursor=10>; rel="next"$`),
    )
  })

  it('gives nobody what the hub does not show to that client', async () => {
    const at = await open()
    const url = `${at}/org/private/resolve/main/model.safetensors`
    expect((await ask(url, { authorization: 'Bearer hf_alice' })).body.equals(SECRET)).to.equal(true)
    const refused = [await ask(url), await ask(url, { authorization: 'Bearer hf_bob' }), await ask(url, { range: 'bytes=0-9' })]
    expect(refused.map(({ status }) => status)).to.deep.equal([401, 404, 401])
    for (const { headers, body } of refused) {
      expect(headers['x-error-code']).to.equal('RepoNotFound')
      expect(body.includes(SECRET.subarray(0, 10))).to.equal(false)
    }
    const gated = await ask(`${at}/org/gated/resolve/main/model.safetensors`, { authorization: 'Bearer hf_alice' })
    expect(gated).to.deep.include({ status: 403 })
    expect(gated.headers['x-error-code']).to.equal('GatedRepo')
    // what anybody may read was asked for without the token; no token went to the other host
    const before = hub.requests.length
    await ask(at + FILE, { authorization: 'Bearer hf_alice' })
    expect(hub.requests.slice(before).filter(({ authorization }) => authorization !== undefined)).to.deep.equal([])
    expect(hub.requests.filter(({ host, authorization }) => host === 'cdn' && authorization !== undefined)).to.deep.equal([])
  })

  it('reads the hub once for two hosts, and goes on from the hub where no seed is left', async () => {
    const seed = await world.seed({ allowOrigins: ['127.0.0.1', 'localhost'] })
    const { address } = seed
    const hosts = [await open({ seeds: [seed.address] }), await open({ seeds: [seed.address] })]
    const bodies = await Promise.all(hosts.map(async at => (await ask(at + FILE)).body))
    expect(bodies.every(body => body.equals(WEIGHTS))).to.equal(true)
    expect(hub.cdnBytes).to.be.within(WEIGHTS.length, WEIGHTS.length * 1.02)
    await seed.node.stop()
    const third = await open({ seeds: [address] })
    expect((await ask(third + FILE)).body.equals(WEIGHTS)).to.equal(true)
  })

  it('completes no file whose bytes are not those of the SHA-256 that the hub states', async () => {
    const at = await open()
    hub.isCdnWrong = true
    for (const file of [FILE, '/org/small/resolve/main/model.safetensors']) {
      const got = await fetch(at + file)
        .then(async answer => (await answer.arrayBuffer()) && answer.status)
        .catch(() => 'broken off')
      expect(got, file).to.be.oneOf(['broken off', 502])
    }
    // what was wrong is thrown away by the try that finds it in the store; the next one gets what is right
    hub.isCdnWrong = false
    const bytes = () =>
      fetch(at + FILE)
        .then(answer => answer.arrayBuffer())
        .catch(() => new ArrayBuffer(0))
    const tries = [await bytes(), await bytes(), await bytes()].map(body => Buffer.from(body))
    expect(tries.at(-1)?.equals(WEIGHTS)).to.equal(true)
  })

  it('refuses names that somebody else can make point here, itself as its hub, and says when the hub is away', async () => {
    const at = await open()
    expect(await ask(at + FILE, { host: 'evil.example' })).to.deep.include({ status: 421 })
    expect(await ask(`${at}//b`)).to.deep.include({ status: 404 })
    await hub.stop()
    const away = await ask(at + FILE)
    expect(away.status).to.equal(502)
    expect(away.headers['x-error-message']).to.match(/hub cannot be reached/)
  })

  describe('with huggingface_hub', () => {
    before(function () {
      if (spawnSync(PYTHON, ['-c', 'import huggingface_hub']).status === 0) return
      console.warn('SKIPPED: huggingface_hub is not installed (pip install huggingface_hub)')
      this.skip()
    })

    const python = async (at: string, home: string, program: string) => {
      const env = { ...process.env, HF_ENDPOINT: at, HF_HOME: home, HF_HUB_DISABLE_TELEMETRY: '1' }
      return (await promisify(execFile)(PYTHON, ['-c', program], { env })).stdout.trim()
    }

    it('a snapshot whose download was broken off, and what is private and gated, unchanged', async function () {
      this.timeout(60_000)
      const faults = await FaultProxy.before((await open()).slice(0, -'/hf'.length))
      world.atEnd(() => faults.close())
      faults.faults = { cut: 11_000_000 }
      const program = `
from huggingface_hub import *
from huggingface_hub.errors import GatedRepoError
print(snapshot_download("org/weights"))
print(hf_hub_download("org/large", "model.safetensors"))
try: hf_hub_download("org/gated", "model.safetensors", token="hf_alice")
except GatedRepoError: print("gated")
print(hf_hub_download("org/private", "model.safetensors", token="hf_alice"))`
      const [folder = '', large = '', gated, secret = ''] = (
        await python(`http://${faults.host}/hf`, world.path(), program)
      ).split('\n')
      expect(path.basename(folder)).to.equal(COMMIT)
      expect((await readFile(path.join(folder, 'model.safetensors'))).equals(WEIGHTS)).to.equal(true)
      expect((await readFile(path.join(folder, 'config.json'))).equals(CONFIG)).to.equal(true)
      expect(await readdir(path.join(folder, '..', '..', 'blobs'))).to.include(SHA256)
      const ranges = faults.requests.map(({ range }) => range).filter(range => range !== undefined)
      expect(ranges).to.deep.equal(['bytes=10485760-'])
      expect((await readFile(large)).equals(LARGE)).to.equal(true)
      expect(gated).to.equal('gated')
      expect((await readFile(secret)).equals(SECRET)).to.equal(true)
    })
  })
})
