// A content that changes at its origin in the middle of a read: what begins again by itself, and what cannot.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { until } from '../waiting.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import { World } from '../world/world.ts'

const OLD = content('old', 12 * PIECE + 5)
const NEW = content('new', 5 * PIECE + 9)
/** Is as long as OLD, and the same as far as the first answer goes. */
const GROWN = Buffer.concat([OLD.subarray(0, 4 * PIECE), content('grown', OLD.length - 4 * PIECE)])

describe('a content that changes while it is read', () => {
  let world: World
  let requests: number

  beforeEach(async () => {
    world = await World.open()
    requests = 0
  })
  afterEach(() => world.close())

  /** The first answer is of OLD and breaks off after four pieces; from then on there is `then`. */
  async function origin(then: Buffer): Promise<string> {
    const answer = (_request: IncomingMessage, response: ServerResponse) => {
      const isOld = requests++ === 0
      const body = isOld ? OLD : then
      response.writeHead(200, { etag: `"${hex(body).slice(0, 9)}"`, 'content-length': body.length })
      if (!isOld) return response.end(body)
      response.write(body.subarray(0, 4 * PIECE), () => setImmediate(() => response.destroy()))
    }
    const server = createServer(answer)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    world.atEnd(async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.bin`
  }

  it('is downloaded to a file in its new version, and the operator is told', async () => {
    const url = await origin(NEW)
    const { node, said } = await world.node().then(peer => ({ node: peer.node, said: (p: RegExp) => peer.said(p) }))
    const path = world.path()
    const receipt = await node.download(url, path)
    expect(await fileHash(path)).to.equal(hex(NEW))
    expect(receipt).to.include({ bytes: NEW.length, sha256: hex(NEW), fromOrigin: NEW.length })
    expect(said(/changed at the origin/)).to.have.length(1)
  })

  it('comes whole to every host of a seed', async () => {
    const url = await origin(NEW)
    const seed = await world.seed()
    const peers = await Promise.all([1, 2, 3].map(() => world.node({ seeds: [seed.address] })))
    const paths = peers.map(() => world.path())
    await Promise.all(peers.map(({ node }, i) => node.download(url, paths[i], { origin: false })))
    for (const path of paths) expect(await fileHash(path)).to.equal(hex(NEW))
  })

  it('comes whole to a host that may not read the origin, whose seed is restarted in the middle, and has the new version then', async () => {
    const held = await world.origin(OLD)
    held.hold(4 * PIECE)
    const options = { store: world.path(), home: world.path(), persistentIdentity: true }
    const seed = await world.seed(options)
    const port = Number(/\/tcp\/(\d+)/.exec(seed.address)?.[1])
    const { node, said } = await world
      .node({ seeds: [seed.address] })
      .then(p => ({ node: p.node, said: (w: RegExp) => p.said(w) }))
    const path = world.path()
    let bytes = 0
    const url = `${held.url}/file.bin`
    const download = node.download(url, path, { origin: false, onProgress: progress => (bytes = progress.bytes) })
    await until(() => bytes >= PIECE, 'a part is here')
    await seed.node.stop()
    held.release()
    held.body = NEW
    held.etag = '"two"'
    await world.seed({ ...options, listen: [`/ip4/127.0.0.1/tcp/${port}`] })
    const receipt = await download
    expect(await fileHash(path)).to.equal(hex(NEW))
    expect(receipt).to.include({ bytes: NEW.length, fromOrigin: 0 })
    expect(said(/changed at the origin/)).to.have.length(1)
  })

  it('comes whole to a host that may not read the origin, whose seed begins again and cuts the same version into other pieces', async () => {
    const held = await world.origin(OLD)
    held.isChunked = true
    held.hold(8 * PIECE)
    const options = { home: world.path(), persistentIdentity: true }
    const seed = await world.seed({ ...options, store: world.path() })
    const port = Number(/\/tcp\/(\d+)/.exec(seed.address)?.[1])
    const { node } = await world.node({ seeds: [seed.address] })
    const path = world.path()
    let bytes = 0
    const url = `${held.url}/file.bin`
    const download = node.download(url, path, { origin: false, onProgress: progress => (bytes = progress.bytes) })
    await until(() => bytes >= PIECE, 'a part is here')
    await seed.node.stop()
    held.release()
    held.isChunked = false
    await world.seed({ ...options, store: world.path(), listen: [`/ip4/127.0.0.1/tcp/${port}`] })
    const receipt = await download
    expect(await fileHash(path)).to.equal(hex(OLD))
    expect(receipt).to.include({ fromOrigin: 0 })
  })

  it('comes whole where a part was kept of an answer that announced too much', async () => {
    let isFirst = true
    const server = createServer(({ headers: { range } }, response) => {
      const first = isFirst
      isFirst = false
      const from = first ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0)
      if (from > 0) response.setHeader('content-range', `bytes ${from}-${OLD.length - 1}/${OLD.length}`)
      response.writeHead(from > 0 ? 206 : 200, { etag: '"one"', 'content-length': OLD.length - from + (first ? 36 : 0) })
      if (first) return void response.write(OLD.subarray(0, 4 * PIECE))
      response.end(OLD.subarray(from))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    world.atEnd(async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.bin`
    const { node, events } = await world.node({ store: world.path() })
    const leaving = new AbortController()
    const first = node.download(url, world.path(), {
      signal: leaving.signal,
      onProgress: ({ bytes }) => bytes >= 3 * PIECE && leaving.abort(),
    })
    expect(await first.catch((error: unknown) => (error as { code: string }).code)).to.equal('aborted')
    const path = world.path()
    const receipt = await node.download(url, path, { signal: AbortSignal.timeout(20_000) })
    expect(await fileHash(path)).to.equal(hex(OLD))
    expect(receipt).to.include({ bytes: OLD.length, fromOrigin: OLD.length })
    // a new version that began with the end of the content would have nobody to take its beginning from
    const reads = events.filter(event => event.code === 'source-decided' && event.decision === 'read-origin')
    expect(reads, 'one for each download').to.have.length(2)
  })

  it('ends a stream that has shown something else, with a clear error and no byte of the new version', async () => {
    const url = await origin(NEW)
    const { node } = await world.node()
    const shown: Uint8Array[] = []
    const error = await (async () => {
      for await (const bytes of node.get(url)) shown.push(bytes)
    })().catch((e: unknown) => e)
    expect(error).to.include({ code: 'origin-changed' })
    expect((error as Error).message).to.include('after its beginning was written')
    const all = Buffer.concat(shown)
    expect(all.length).to.be.above(0)
    expect(all.equals(OLD.subarray(0, all.length))).to.equal(true)
  })

  it('lets a stream go on that has shown nothing that changed', async () => {
    const url = await origin(GROWN)
    const { node } = await world.node()
    const shown: Uint8Array[] = []
    for await (const bytes of node.get(url)) shown.push(bytes)
    expect(hex(Buffer.concat(shown))).to.equal(hex(GROWN))
  })
})
