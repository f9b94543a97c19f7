// The gateway as a trustless gateway: clients of IPFS fetch what is public here, by the CID of a receipt or a share, and nothing else.
import { createHash, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { expect } from 'chai'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { parseSharedUrl } from '../../../src/core/shared-url.ts'
import type { Service } from '../../../src/daemon/service.ts'
import { LOOPBACK } from '../../world/loopback.ts'
import { World } from '../../world/world.ts'
import { type Answer, ask, startMirrorOf } from '../registry/mirror-lab.ts'
import { fetchByHelia, fromCar } from './helia-client.ts'

const MiB = 1024 * 1024
const BYTES = randomBytes(5 * MiB + 12_345)
const RAW = { accept: 'application/vnd.ipld.raw' }
const CAR = { accept: 'application/vnd.ipld.car' }

describe('the gateway for clients of IPFS', () => {
  let world: World
  let url: string
  let service: Service

  beforeEach(async () => {
    world = await World.open()
    ;({ url, service } = await startMirrorOf(world, { ipfs: true }, { listen: [LOOPBACK] }))
  })
  afterEach(() => world.close())

  const fetched = async (body: Buffer, headers: [string, string][] = []): Promise<CID> => {
    const origin = await world.origin(body)
    const { cid } = await service.node.download(`${origin.url}/file.bin`, world.path(), { headers })
    return CID.parse(cid)
  }
  const get = async (path: string, headers: Record<string, string> = RAW, method = 'GET'): Promise<Answer> =>
    await ask(`${url}/ipfs/${path}`, headers, method)

  const onDisk = async () => await startMirrorOf(world, { ipfs: true }, { listen: [LOOPBACK], store: world.path(), lan: false })

  it('gives a content of many pieces to Helia, by the cid of its receipt', async () => {
    const cid = await fetched(BYTES)
    expect(cid.code).to.equal(0x70)
    expect((await fetchByHelia(url, cid)).equals(BYTES)).to.equal(true)
  })

  it('gives a content of one piece, and an empty one', async () => {
    for (const body of [randomBytes(1000), Buffer.alloc(0)]) {
      const cid = await fetched(body)
      expect(cid.code).to.equal(0x55)
      expect((await fetchByHelia(url, cid)).equals(body)).to.equal(true)
    }
  })

  it('gives the whole as one CAR file, each block once', async () => {
    const twice = Buffer.concat([BYTES.subarray(0, MiB), BYTES.subarray(0, MiB), BYTES.subarray(0, 2 * MiB)])
    for (const body of [BYTES, twice]) {
      const cid = await fetched(body)
      const answer = await get(`${cid}`, CAR)
      expect(answer.headers).to.include({ 'content-type': 'application/vnd.ipld.car; version=1; order=dfs; dups=n' })
      expect((await fromCar(answer.body, cid)).equals(body)).to.equal(true)
    }
    const cid = await fetched(twice)
    expect((await get(`${cid}?format=car`, {})).body.length).to.be.below(2.1 * MiB)
    expect((await get(`${cid}?format=car&dag-scope=block`, {})).body.length).to.be.below(10_000)
  })

  it('gives single blocks with what caches need, and answers HEAD and If-None-Match', async () => {
    const cid = await fetched(BYTES)
    const piece = BYTES.subarray(0, 128 * 1024)
    const leaf = CID.createV1(0x55, await sha256.digest(piece))
    const got = await get(`${leaf}`)
    expect(got.status).to.equal(200)
    expect(got.body.equals(piece)).to.equal(true)
    expect(got.headers).to.include({
      'content-type': 'application/vnd.ipld.raw',
      'content-length': String(piece.length),
      etag: `"${leaf}.raw"`,
      'cache-control': 'public, max-age=29030400, immutable',
      'x-content-type-options': 'nosniff',
    })
    const head = await get(`${leaf}`, RAW, 'HEAD')
    expect(head).to.deep.include({ status: 200, body: Buffer.alloc(0) })
    expect(head.headers['content-length']).to.equal(String(piece.length))
    expect((await get(`${leaf}`, { ...RAW, 'if-none-match': `"${leaf}.raw"` })).status).to.equal(304)
    // by ?format=raw alone, and by the CID in version 0
    expect((await get(`${leaf}?format=raw`, {})).body.equals(piece)).to.equal(true)
    expect((await get(`${cid.toV0()}?format=raw`, {})).status).to.equal(200)
    // what boxo probes a gateway with: an empty block in its CID
    expect(await get('bafkqaaa')).to.deep.include({ status: 200, body: Buffer.alloc(0) })
  })

  it('has a piece found without its root: a client goes on after its restart', async () => {
    await fetched(BYTES)
    const last = BYTES.subarray(5 * MiB)
    const leaf = CID.createV1(0x55, await sha256.digest(last))
    expect((await get(`${leaf}`)).body.equals(last)).to.equal(true)
  })

  it('gives nothing of a private content', async () => {
    const origin = await world.origin(BYTES)
    origin.readers = new Set(['Bearer x'])
    const headers: [string, string][] = [['authorization', 'Bearer x']]
    const { cid } = await service.node.download(`${origin.url}/file.bin`, world.path(), { headers })
    expect((await get(cid)).status).to.equal(404)
    expect((await get(cid, CAR)).status).to.equal(404)
    const leaf = CID.createV1(0x55, await sha256.digest(BYTES.subarray(0, 128 * 1024)))
    expect((await get(`${leaf}`)).status).to.equal(404)
  })

  it('gives a shared file to who has its CID, and no piece of it to who has not', async () => {
    const { url: at, service } = await onDisk()
    const get = async (path: string) => await ask(`${at}/ipfs/${path}`, RAW)
    const file = world.path()
    await writeFile(file, BYTES)
    const shared = await service.node.share(file)
    const leaf = CID.createV1(0x55, await sha256.digest(BYTES.subarray(0, 128 * 1024)))
    expect((await get(`${leaf}`)).status).to.equal(404)
    const whole = CID.createV1(0x55, await sha256.digest(BYTES))
    expect((await get(`${whole}`)).status).to.equal(404)
    const { root } = parseSharedUrl(shared.url)
    expect((await fetchByHelia(at, CID.parse(root))).equals(BYTES)).to.equal(true)
  })

  it('gives nothing of a content that is gone', async () => {
    const { url: at, service } = await onDisk()
    const origin = await world.origin(BYTES)
    const { cid } = await service.node.download(`${origin.url}/file.bin`, world.path())
    const leaf = CID.createV1(0x55, await sha256.digest(BYTES.subarray(0, 128 * 1024)))
    for (const block of [cid, leaf]) expect((await ask(`${at}/ipfs/${block}`, RAW)).status).to.equal(200)
    await service.node.administration.remove(`${origin.url}/file.bin`)
    for (const block of [cid, leaf]) expect((await ask(`${at}/ipfs/${block}`, RAW)).status).to.equal(404)
  })

  it('says what is wrong, and is not there without the option', async () => {
    const unknown = CID.createV1(0x70, await sha256.digest(Buffer.from('nobody has this')))
    const cases: [string, Record<string, string>, string, number][] = [
      [`${unknown}`, RAW, 'GET', 404],
      [`${unknown}`, {}, 'GET', 406],
      [`${unknown}?format=tar`, RAW, 'GET', 406],
      [`${unknown}/a/b`, RAW, 'GET', 404],
      ['nonsense', RAW, 'GET', 400],
      ['..%2f..', RAW, 'GET', 400],
      [`${unknown}`, RAW, 'POST', 405],
      ['b'.repeat(2000), RAW, 'GET', 414],
      [`${CID.createV1(0x71, unknown.multihash)}`, RAW, 'GET', 404],
    ]
    for (const [path, headers, method, status] of cases) expect((await get(path, headers, method)).status, path).to.equal(status)
    const plain = await startMirrorOf(world)
    expect((await ask(`${plain.url}/ipfs/${unknown}`, RAW)).status).to.equal(404)
    expect((await ask(`${plain.url}/ipfs/bafkqaaa`, RAW)).status).to.equal(404)
  })

  it('outlives a client that hangs up in the middle of a CAR file', async () => {
    const cid = await fetched(BYTES)
    const { port } = new URL(url)
    for (let i = 0; i < 20; i++) {
      const socket = connect(Number(port), '127.0.0.1')
      socket.write(`GET /ipfs/${cid}?format=car HTTP/1.1\r\nhost: x\r\n\r\n`)
      await new Promise(resolve => socket.once('data', resolve))
      socket.destroy()
    }
    expect((await fetchByHelia(url, cid)).equals(BYTES)).to.equal(true)
  })

  it('gives what another node of ours reads as ipfs: URL, which has the same sha2-256', async () => {
    const cid = await fetched(BYTES)
    const reader = await world.node({ network: false, ipfsGateways: [url] })
    const { sha256: digest } = await reader.node.download(`ipfs://${cid}`, world.path())
    expect(digest).to.equal(createHash('sha256').update(BYTES).digest('hex'))
  })
})
