// Ranges of a content, and what a content is before its bytes: alone with the origin, and in a swarm.
import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import fc from 'fast-check'
import { DragonflyError, type ErrorCode } from '../../src/core/errors.ts'
import { type RangeSpec, rangeText } from '../../src/core/range.ts'
import type { DragonflyNode } from '../../src/node/api/dragonfly-node.ts'
import type { GetOptions } from '../../src/node/api/get-options.ts'
import type { Receipt } from '../../src/node/api/receipt.ts'
import { until } from '../waiting.ts'
import { content, hex, PIECE } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import type { World } from '../world/world.ts'
import { worldForEach } from '../world/world-for-each.ts'

const COUNT = 12
const BODY = content('ranges', COUNT * PIECE - 1000)

async function read(node: DragonflyNode, url: string, options: GetOptions): Promise<{ bytes: Buffer; receipt: Receipt }> {
  const stream = node.get(url, options)
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return { bytes: Buffer.concat(chunks), receipt: await stream.receipt }
}

function sliced(range: RangeSpec, body = BODY): Buffer {
  return 'last' in range ? body.subarray(-range.last) : body.subarray(range.start, range.end)
}

async function expectRange(node: DragonflyNode, url: string, range: RangeSpec, options: GetOptions = {}): Promise<Receipt> {
  const { bytes, receipt } = await read(node, url, { ...options, range })
  const wanted = sliced(range)
  expect(bytes.equals(wanted), `bytes of ${rangeText(range)}`).to.equal(true)
  const start = 'last' in range ? BODY.length - wanted.length : range.start
  expect(receipt.range).to.deep.equal({ start, end: start + wanted.length })
  expect(receipt).to.include({ bytes: wanted.length, length: BODY.length, sha256: hex(wanted), cid: '' })
  return receipt
}

async function failure(call: Promise<unknown>, code: ErrorCode): Promise<DragonflyError> {
  const error = await call.then(
    () => undefined,
    e => e,
  )
  expect(error).to.be.instanceOf(DragonflyError)
  expect(error.code, error.message).to.equal(code)
  return error
}

const RANGES: RangeSpec[] = [
  { start: 0, end: 1 },
  { start: PIECE - 1, end: PIECE + 1 },
  { start: PIECE, end: 2 * PIECE },
  { start: 5 * PIECE + 7 },
  { start: 10, end: 10 * BODY.length },
  { last: 1 },
  { last: PIECE },
  { last: BODY.length + 1 },
]

const anyRange: fc.Arbitrary<RangeSpec> = fc.oneof(
  fc.integer({ min: 1, max: 2 * BODY.length }).map(last => ({ last })),
  fc.nat(BODY.length - 1).map(start => ({ start })),
  fc.tuple(fc.nat(BODY.length - 1), fc.integer({ min: 1, max: 3 * PIECE })).map(([start, n]) => ({ start, end: start + n })),
)

/** Bytes of the pieces in which a range lies. */
function piecesOf(range: RangeSpec): number {
  const { length } = sliced(range)
  const start = 'last' in range ? BODY.length - length : range.start
  const end = Math.min(BODY.length, Math.ceil((start + length) / PIECE) * PIECE)
  return end - Math.floor(start / PIECE) * PIECE
}

describe('ranges', () => {
  let world: World
  let origin: TestOrigin
  let url: string
  worldForEach(BODY, (w, o) => {
    world = w
    origin = o
    url = `${o.url}/file.bin`
  })

  describe('alone with the origin', () => {
    it('are read there by one request each, and nothing else is', async () => {
      const { node } = await world.node({ network: false })
      for (const range of RANGES) {
        origin.gets.length = 0
        const receipt = await expectRange(node, url, range)
        expect(receipt).to.include({ trust: 'origin', fromOrigin: receipt.bytes, fromPeers: 0, fromSeeds: 0 })
        expect(origin.gets.map(({ headers, status }) => [headers.range, status])).to.deep.equal([
          [`bytes=${rangeText(range)}`, 206],
        ])
      }
    })

    it('are what a slice is, whatever the range', async () => {
      const { node } = await world.node({ network: false })
      await fc.assert(
        fc.asyncProperty(anyRange, async range => {
          await expectRange(node, url, range)
        }),
        { numRuns: 30 },
      )
    })

    it('go to a file, under the name that the content has', async () => {
      const { node } = await world.node({ network: false })
      origin.headers = { 'content-disposition': 'attachment; filename="named.bin"' }
      const range = { start: 100, end: 200 }
      const receipt = await node.download(url, `${world.dir}/`, { range })
      expect(receipt.output).to.equal(`${world.dir}/named.bin`)
      expect((await readFile(receipt.output)).equals(sliced(range))).to.equal(true)
      expect(receipt).to.include({ bytes: 100, length: BODY.length })
    })

    it('tell how far they are', async () => {
      const { node } = await world.node({ network: false })
      const told: { bytes: number; length: number | undefined }[] = []
      await read(node, url, { range: { start: 5, end: 1005 }, onProgress: ({ bytes, length }) => told.push({ bytes, length }) })
      expect(told.at(-1)).to.deep.equal({ bytes: 1000, length: 1000 })
    })

    it('end with the abort, or when their time is over', async () => {
      const { node } = await world.node({ network: false })
      for (const [held, code] of [
        [1000, 'aborted'],
        [0, 'aborted'],
        [1000, 'timeout'],
      ] as const) {
        origin.hold(held)
        const stop = new AbortController()
        const signal = code === 'timeout' ? AbortSignal.timeout(50) : stop.signal
        const asked = origin.gets.length
        const call = node.download(url, world.path(), { range: { start: 0 }, signal })
        call.catch(() => {})
        if (code === 'aborted') await until(() => origin.gets.length > asked, 'the range is asked for')
        stop.abort()
        await failure(call, code)
        origin.release()
      }
      const seed = await world.seed()
      const second = await world.node({ seeds: [seed.address] })
      origin.hold(PIECE)
      const stop = new AbortController()
      const asked = origin.gets.length
      const call = second.node.download(url, world.path(), { range: { start: 5 * PIECE }, signal: stop.signal })
      call.catch(() => {})
      await until(() => origin.gets.length > asked, 'the seed reads')
      stop.abort()
      await failure(call, 'aborted')
    })

    it('account for their time', async () => {
      const { node } = await world.node({ network: false })
      const { explain } = await expectRange(node, url, { start: PIECE }, { explain: true })
      expect(explain?.givers).to.deep.equal([{ kind: 'origin', peer: undefined, bytes: BODY.length - PIECE }])
      expect(explain?.efficiency).to.be.above(0)
      expect(explain?.requests.wastedBytes).to.equal(0)
    })

    it('beyond the end are an error, and leave no file', async () => {
      const { node } = await world.node({ network: false })
      const file = world.path()
      const error = await failure(node.download(url, file, { range: { start: BODY.length } }), 'range-unsatisfiable')
      expect(error.message).to.equal(`the content has no bytes ${BODY.length}-: it has ${BODY.length} bytes`)
      expect(await readFile(file).catch(() => undefined)).to.equal(undefined)
    })

    it('are refused when no content can have them, or together with a digest', async () => {
      const { node } = await world.node({ network: false })
      await failure(node.download(url, undefined, { range: { start: 5, end: 5 } }), 'bad-option')
      await failure(node.download(url, undefined, { range: { start: 5 }, digest: origin.digest }), 'bad-option')
      expect(() => node.get(url, { range: { last: 0 } })).to.throw(DragonflyError)
      expect(origin.asked).to.equal(0)
    })

    it('fail with what the origin says', async () => {
      const { node } = await world.node({ network: false })
      origin.status = 404
      await failure(node.download(url, undefined, { range: { start: 5 } }), 'origin-not-found')
    })

    it('and whole streams end well where only the end tells the length', async () => {
      origin.isChunked = true
      const { node } = await world.node({ network: false })
      const whole = await read(node, url, {})
      expect(whole.bytes.equals(BODY)).to.equal(true)
      expect(whole.receipt.sha256).to.equal(hex(BODY))
      await expectRange(node, url, { start: 11 * PIECE })
      await failure(read(node, url, { range: { last: 5 } }), 'origin-error')
    })

    it('and the whole of one content, at the same time, do not disturb each other', async () => {
      const { node } = await world.node({ network: false })
      origin.hold(1000)
      const range = { start: PIECE, end: 3 * PIECE }
      const part = expectRange(node, url, range)
      await until(() => origin.gets.length === 1, 'the range is asked for')
      const whole = node.download(url, world.path())
      await until(() => origin.gets.length === 2, 'the whole is asked for')
      origin.release()
      await part
      expect((await whole).sha256).to.equal(hex(BODY))
    })

    it('stop when the reader does', async () => {
      const { node } = await world.node({ network: false })
      origin.hold(1000)
      const stream = node.get(url, { range: { start: 0 } })
      for await (const chunk of stream) {
        expect(chunk.byteLength).to.be.above(0)
        break
      }
      await failure(stream.receipt, 'aborted')
    })
  })

  describe('with a seed', () => {
    it('take the pieces that they lie in and no others, from the seed and from one another', async () => {
      const seed = await world.seed()
      const range = { start: 3 * PIECE + 5, end: 5 * PIECE }
      const first = await world.node({ seeds: [seed.address] })
      const one = await expectRange(first.node, url, range)
      expect(one).to.include({ trust: 'seed', fromOrigin: 0, fromPeers: 0, fromSeeds: 2 * PIECE })
      const second = await world.node({ seeds: [seed.address] })
      const two = await expectRange(second.node, url, range)
      expect(two.fromPeers + two.fromSeeds).to.equal(2 * PIECE)
      expect(two.fromOrigin).to.equal(0)
      // the seed reads the whole, or goes on where it was when the first peer left
      for (const { headers } of origin.gets) expect(headers.range ?? 'bytes=0-').to.match(/^bytes=\d+-$/)
    })

    it('are what a slice is, whatever the range, and fetch nothing twice', async () => {
      const seed = await world.seed()
      const { node } = await world.node({ seeds: [seed.address] })
      await fc.assert(
        fc.asyncProperty(anyRange, async range => {
          const receipt = await expectRange(node, url, range, { keep: false })
          expect(receipt.fromSeeds + receipt.resumed).to.be.at.most(piecesOf(range))
        }),
        { numRuns: 15 },
      )
    })

    it('are given out before the seed has read to their end', async () => {
      const seed = await world.seed()
      const { node } = await world.node({ seeds: [seed.address] })
      origin.hold(4 * PIECE + 1)
      const stream = node.get(url, { range: { start: PIECE } })[Symbol.asyncIterator]()
      const { value } = await stream.next()
      expect(Buffer.from(value as Uint8Array).equals(BODY.subarray(PIECE, 2 * PIECE))).to.equal(true)
      origin.release()
      let length = (value as Uint8Array).byteLength
      for (let next = await stream.next(); next.done !== true; next = await stream.next()) length += next.value.byteLength
      expect(length).to.equal(BODY.length - PIECE)
    })

    it('of private content are given to whom the origin lets in', async () => {
      origin.readers = new Set(['Bearer right'])
      const seed = await world.seed()
      const { node } = await world.node({ seeds: [seed.address] })
      const range = { start: PIECE, end: PIECE + 9 }
      const receipt = await expectRange(node, url, range, { headers: [['Authorization', 'Bearer right']] })
      expect(receipt).to.include({ fromSeeds: PIECE, trust: 'seed' })
      await failure(read(node, url, { range, headers: [['Authorization', 'Bearer wrong']] }), 'origin-forbidden')
    })

    it('leave what an unfinished download has kept', async () => {
      const seed = await world.seed()
      const { node } = await world.node({ seeds: [seed.address], store: world.path() })
      origin.hold(4 * PIECE + 1)
      const stop = new AbortController()
      const onProgress = ({ bytes }: { bytes: number }) => {
        if (bytes >= 4 * PIECE) stop.abort()
      }
      await failure(node.download(url, world.path(), { signal: stop.signal, onProgress, keep: false }), 'aborted')
      origin.release()
      const range = { start: 0, end: 5 * PIECE }
      expect(await expectRange(node, url, range, { keep: false })).to.include({ resumed: 4 * PIECE, fromSeeds: PIECE })
      expect((await node.download(url, world.path(), { keep: false })).resumed).to.be.at.least(4 * PIECE)
    })

    it('beyond the end are an error', async () => {
      const seed = await world.seed()
      const { node } = await world.node({ seeds: [seed.address] })
      await failure(read(node, url, { range: { start: BODY.length } }), 'range-unsatisfiable')
    })

    for (const range of [{ last: 10 }, { start: 3 * PIECE, end: 99 * PIECE }, { start: 2 * PIECE, end: 2 * PIECE + 1 }]) {
      it(`of a content whose length only its end tells: ${rangeText(range)}`, async () => {
        origin.isChunked = true
        const seed = await world.seed()
        const { node } = await world.node({ seeds: [seed.address] })
        const { bytes } = await read(node, url, { range })
        expect(bytes.equals(sliced(range))).to.equal(true)
        await failure(read(node, url, { range: { start: BODY.length } }), 'range-unsatisfiable')
      })
    }

    it('are widened when somebody here wants the whole meanwhile', async () => {
      const seed = await world.seed()
      const { node } = await world.node({ seeds: [seed.address] })
      origin.hold(2 * PIECE + 1)
      const part = expectRange(node, url, { start: 8 * PIECE, end: 9 * PIECE })
      await until(() => origin.gets.length === 1, 'the seed reads')
      const whole = node.download(url, world.path())
      origin.release()
      await part
      const { sha256, fromSeeds, resumed } = await whole
      // the range may be over before the whole joins: then its pieces are here already
      expect({ sha256, bytes: fromSeeds + resumed }).to.deep.equal({ sha256: hex(BODY), bytes: BODY.length })
      expect(resumed).to.be.at.most(PIECE)
    })

    it('end at the origin, in the same version, when the seed goes away', async () => {
      const seed = await world.seed()
      const { node } = await world.node({ seeds: [seed.address] })
      origin.hold(4 * PIECE + 1)
      const part = expectRange(node, url, { start: PIECE, end: 7 * PIECE })
      const stream = node.get(url, { range: { start: 3 * PIECE, end: 4 * PIECE } })
      for await (const _ of stream);
      await seed.node.stop()
      origin.release()
      const receipt = await part
      expect(receipt.trust).to.equal('origin')
      expect(receipt.fromSeeds).to.be.at.least(PIECE)
      const last = origin.gets.at(-1)
      expect(last?.headers).to.include({ 'if-range': '"one"' })
      expect(last?.headers.range).to.match(new RegExp(`-${7 * PIECE - 1}$`))
    })
  })
})

describe('head', () => {
  let world: World
  let origin: TestOrigin
  let url: string
  worldForEach(BODY, (w, o) => {
    world = w
    origin = o
    url = `${o.url}/dir/file.bin?x=1`
  })

  it('asks the origin for one byte', async () => {
    const { node } = await world.node({ network: false })
    origin.headers = { 'content-type': 'text/plain', 'last-modified': 'Wed, 21 Oct 2015 07:28:00 GMT' }
    expect(await node.head(url.replace('//', '//user:secret@'))).to.deep.equal({
      url,
      length: BODY.length,
      version: 'etag "one"',
      etag: '"one"',
      lastModified: 'Wed, 21 Oct 2015 07:28:00 GMT',
      type: 'text/plain',
      fileName: 'file.bin',
      ranges: true,
      from: 'origin',
    })
    expect(origin.gets.map(({ headers }) => headers.range)).to.deep.equal(['bytes=0-0'])
  })

  it('says that there are no ranges and no length', async () => {
    const { node } = await world.node({ network: false })
    origin.isChunked = true
    expect(await node.head(url)).to.include({ length: undefined, ranges: false })
  })

  it('asks a seed when this node may not read the origin, and when it cannot reach it', async () => {
    const seed = await world.seed()
    const { node } = await world.node({ seeds: [seed.address] })
    const { length } = BODY
    const said = {
      length,
      version: 'etag "one"',
      etag: '"one"',
      type: undefined,
      fileName: 'file.bin',
      ranges: true,
      from: 'seed',
    }
    origin.cacheControl = 'max-age=3600'
    expect(await node.head(url, { origin: false })).to.include(said)
    await node.download(url, world.path())
    await origin.stop()
    expect(await node.head(url)).to.include(said)
    await failure((await world.node({ network: false })).node.head(url), 'origin-unreachable')
  })

  it('rejects with what the origin says, and for an option that there is not', async () => {
    const { node } = await world.node({ network: false })
    origin.status = 403
    await failure(node.head(url), 'origin-forbidden')
    await failure(node.head(url, { origin: false }), 'no-source')
    await failure(node.head(url, { digest: origin.digest } as never), 'bad-option')
    await failure(node.head('ftp://example.org/'), 'bad-scheme')
  })
})
