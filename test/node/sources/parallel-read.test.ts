// A slow read by several ranges: over real HTTP, from origins that limit each connection, and tell the truth about ranges or not.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { DragonflyError } from '../../../src/core/errors.ts'
import { inParallel } from '../../../src/node/sources/parallel-read.ts'
import type { OriginOptions } from '../../../src/origin/options.ts'
import { Origin } from '../../../src/origin/origin.ts'
import { content } from '../../world/content.ts'
import { together } from '../../world/together.ts'
import type { World } from '../../world/world.ts'

const MiB = 1024 * 1024
const BODY = content('parallel', 16 * MiB)
const OTHER = content('other', 16 * MiB)
/** Bytes a second of each answer until `isFree`. */
const RATE = 0.5 * MiB
const TICK_MS = 20
/** Longer than any of the tests: a limit only against hanging. */
const LONG_MS = 60_000

interface Asked {
  range: string | undefined
  sent: number
}

interface Answered {
  status?: number
  headers?: Record<string, string>
  body?: Buffer
  /** Breaks off after so many bytes. */
  breaksAfter?: number
}

/** `lie`: what is answered to a range otherwise than an honest origin would. */
class LimitedOrigin {
  readonly asked: Asked[] = []
  most = 0
  isFree = false
  headers: Record<string, string> = { etag: '"one"', 'accept-ranges': 'bytes' }
  readonly #lie: (start: number, end: number, nth: number) => Answered | undefined
  #open = 0
  readonly #server = createServer((request, response) => void this.#answer(request, response))

  constructor(lie: (start: number, end: number, nth: number) => Answered | undefined = () => undefined) {
    this.#lie = lie
  }

  async start(world: World): Promise<this> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve))
    world.atEnd(async () => this.#server.close().closeAllConnections())
    return this
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/file`
  }

  get ranges(): Asked[] {
    return this.asked.filter(({ range }) => range !== undefined)
  }

  async #answer({ headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { range } = headers
    const asked: Asked = { range, sent: 0 }
    this.asked.push(asked)
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
    const [start, end] = [Number(from ?? 0), to === undefined || to === '' ? BODY.length : Number(to) + 1]
    const said = from === undefined ? {} : (this.#lie(start, end, this.ranges.length) ?? {})
    const status = said.status ?? (from === undefined ? 200 : 206)
    const body = said.body ?? (status === 200 ? BODY : BODY.subarray(start, end))
    const part: Record<string, string> = status === 206 ? { 'content-range': `bytes ${start}-${end - 1}/${BODY.length}` } : {}
    response.writeHead(status, { ...this.headers, 'content-length': String(body.length), ...part, ...said.headers })
    this.#open++
    this.most = Math.max(this.most, this.#open)
    response.once('close', () => this.#open--)
    await this.#send(response, body, said.breaksAfter ?? Infinity, asked)
  }

  async #send(response: ServerResponse, body: Buffer, breaksAfter: number, asked: Asked): Promise<void> {
    for (let tick = Date.now(); asked.sent < body.length && !response.destroyed; ) {
      await sleep(TICK_MS)
      const due = this.isFree ? 4 * MiB : Math.ceil((RATE * (Date.now() - tick)) / 1000)
      tick = Date.now()
      const part = body.subarray(asked.sent, asked.sent + due)
      asked.sent += part.length
      if (asked.sent > breaksAfter) return void response.destroy()
      response.write(part)
      while (response.writableNeedDrain && !response.destroyed) await sleep(TICK_MS)
    }
    response.end()
  }
}

/** `enough`: whether what is to be seen was seen, so that the rest may come at once. */
async function readFrom(
  world: World,
  server: LimitedOrigin,
  options: OriginOptions = {},
  enough = (at: number) => at > 4 * MiB && server.asked.length > 1,
): Promise<Buffer> {
  const origin = new Origin({ backoffMs: 1, ...options })
  world.atEnd(() => origin.stop())
  const request = { url: server.url, headers: [] }
  const signal = AbortSignal.timeout(LONG_MS)
  const read = await origin.open(request, { signal })
  const got = Buffer.alloc(BODY.length)
  let at = 0
  for await (const chunk of inParallel(origin, request, read, signal)) {
    got.set(chunk, at)
    at += chunk.length
    if (enough(at)) server.isFree = true
  }
  expect(at).to.equal(BODY.length)
  return got
}

/** The bytes are right, and the stream that was there first went on to the end. */
async function goesOnPlain(world: World, lie: ConstructorParameters<typeof LimitedOrigin>[0]): Promise<void> {
  const server = await new LimitedOrigin(lie).start(world)
  expect((await readFrom(world, server)).equals(BODY)).to.equal(true)
  expect(server.asked[0]).to.deep.equal({ range: undefined, sent: BODY.length })
  // those that were under way when the first one was compared
  expect(server.ranges).to.have.lengthOf.within(1, 8)
}

/** A read that has come to ask for more than `count` ranges: where a busy machine has measured that they are of no use, another one. */
async function byRanges(world: World, lie: ConstructorParameters<typeof LimitedOrigin>[0], count: number) {
  for (;;) {
    const server = await new LimitedOrigin(lie).start(world)
    const result = await readFrom(world, server, {}, at => at > 12 * MiB || server.ranges.length > count).then(
      got => ({ got, error: undefined }),
      error => ({ got: undefined, error }),
    )
    if (server.ranges.length > count || result.error !== undefined) return { server, ...result }
  }
}

describe('a read by several ranges', () => {
  together([
    [
      'goes on by ranges where each is limited, and closes the first',
      async world => {
        const { server, got } = await byRanges(world, undefined, 3)
        expect(got?.equals(BODY)).to.equal(true)
        // how many at most is in test/swarm/range-streams.test.ts: here, ended ones count until the server hears of it
        expect(server.most).to.be.above(1)
        expect(server.asked[0]?.sent).to.be.below(BODY.length / 2)
      },
    ],
    [
      'is one plain stream for a version that is not certain, or without ranges',
      async world => {
        const all: Record<string, string>[] = [
          { 'accept-ranges': 'bytes', etag: 'W/"one"' },
          { etag: '"one"' },
          { 'accept-ranges': 'bytes' },
        ]
        const reads = all.map(async headers => {
          const server = await new LimitedOrigin().start(world)
          server.headers = headers
          setTimeout(() => {
            server.isFree = true
          }, 3500).unref()
          expect((await readFrom(world, server)).equals(BODY)).to.equal(true)
          expect(server.asked).to.have.length(1)
        })
        await Promise.all(reads)
      },
    ],
    [
      'goes on as one stream where a range has other bytes',
      world => goesOnPlain(world, (s, e) => ({ body: OTHER.subarray(s, e) })),
    ],
    [
      'goes on as one stream where a range is shifted',
      world => goesOnPlain(world, (s, e) => ({ body: BODY.subarray(s - 1, e - 1) })),
    ],
    [
      'goes on as one stream where Content-Range is shifted',
      world =>
        goesOnPlain(world, (s, e) => ({
          headers: { 'content-range': `bytes ${s + 1}-${e}/${BODY.length}` },
          body: BODY.subarray(s + 1, e + 1),
        })),
    ],
    ['goes on as one stream where the whole comes instead', world => goesOnPlain(world, () => ({ status: 200 }))],
    [
      'goes on as one stream where a range has another length',
      world =>
        goesOnPlain(world, (s, e) => ({
          headers: { 'content-range': `bytes ${s}-${e - 1}/${BODY.length + 1}` },
          body: BODY.subarray(s, e),
        })),
    ],
    [
      'goes on as one stream where a second one is refused, which is not asked for again',
      world => goesOnPlain(world, () => ({ status: 503, body: Buffer.from('busy') })),
    ],
    [
      'gives nothing of a range that does not agree with the next one, and goes on with the whole',
      async world => {
        // its first bytes are right, so that only the next one tells
        const lie = (s: number, e: number, nth: number) =>
          nth < 3 ? undefined : { body: Buffer.concat([BODY.subarray(s, s + 20_000), OTHER.subarray(s + 20_000, e)]) }
        const { server, got } = await byRanges(world, lie, 3)
        expect(got?.equals(BODY)).to.equal(true)
        expect(server.asked.filter(({ range }) => range === undefined)).to.have.length(2)
      },
    ],
    [
      'goes on where a range breaks off',
      async world => {
        const { got } = await byRanges(world, (_s, _e, nth) => (nth === 3 ? { breaksAfter: 100_000 } : undefined), 3)
        expect(got?.equals(BODY)).to.equal(true)
      },
    ],
    [
      'ends when the content changes meanwhile',
      async world => {
        const lie = (_s: number, _e: number, nth: number) =>
          nth < 4 ? undefined : { status: 200, headers: { etag: '"two"' }, body: OTHER }
        const { error } = await byRanges(world, lie, 3)
        expect(error).to.be.instanceOf(DragonflyError)
        expect(error.code).to.equal('origin-changed')
      },
    ],
    [
      'leaves half of the connections of a host to others',
      async world => {
        const server = await new LimitedOrigin().start(world)
        const got = await readFrom(world, server, { connections: 2 }, at => at > 4 * MiB)
        expect(got.equals(BODY)).to.equal(true)
        expect(server.asked).to.have.length(1)
      },
    ],
  ])
})
