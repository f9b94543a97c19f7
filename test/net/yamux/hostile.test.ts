// What breaks yamux's rules ends the connection with a clear error, and nothing that a stranger sends costs much memory.
import type { MultiaddrConnection, Stream } from '@libp2p/interface'
import { multiaddrConnectionPair } from '@libp2p/utils'
import { expect } from 'chai'
import fc from 'fast-check'
import { DragonflyError } from '../../../src/core/errors.ts'
import { encodeHeader, FLAG, FRAME_TYPE, GO_AWAY, INITIAL_WINDOW } from '../../../src/net/yamux/frame.ts'
import { FrameParser } from '../../../src/net/yamux/frame-parser.ts'
import { type YamuxMuxer, yamux } from '../../../src/net/yamux/muxer.ts'
import { until } from '../../waiting.ts'
import { settled } from '../stream-pair.ts'

const MAX_WINDOW = 1024 * 1024
const { data, windowUpdate, ping, goAway } = FRAME_TYPE

interface Frame {
  type: number
  flags: number
  stream: number
  length: number
}

/** Our muxer as listener, and somebody who writes to it what he likes. */
class Stranger {
  readonly muxer: YamuxMuxer
  readonly #far: MultiaddrConnection
  readonly #near: MultiaddrConnection
  /** What our muxer said. */
  readonly heard: Frame[] = []
  readonly streams: Stream[] = []
  error: Error | undefined

  constructor() {
    ;[this.#far, this.#near] = multiaddrConnectionPair()
    const limits = { maxEarlyStreams: 10, maxStreamWindowSize: MAX_WINDOW, maxReadBufferLength: 3 * MAX_WINDOW }
    this.muxer = yamux(limits)().createStreamMuxer(this.#near)
    this.muxer.addEventListener('stream', ({ detail }) => this.streams.push(detail))
    this.#near.addEventListener('close', ({ error }) => {
      this.error = error
    })
    const note = (type: number, flags: number, stream: number, length: number) => this.heard.push({ type, flags, stream, length })
    const ears = new FrameParser({ onControl: note, onDataFrame: (...f) => note(data, ...f), onPayload() {}, onPayloadEnd() {} })
    this.#far.addEventListener('message', ({ data }) => ears.push(data.subarray()))
  }

  say(...parts: Uint8Array[]): void {
    for (const part of parts) this.#far.send(part)
  }

  frame(type: number, flags: number, stream: number, length: number, payload = new Uint8Array(0)): void {
    this.say(encodeHeader(type, flags, stream, length), payload)
  }

  async heardFrame(type: number, flags: number): Promise<Frame> {
    const find = () => this.heard.find(f => f.type === type && f.flags === flags)
    await until(() => find() !== undefined, `a frame ${type} with flags ${flags}`)
    return find() as Frame
  }

  /** Our muxer's connection is full from now on. */
  stopsReading(): void {
    Object.defineProperty(this.#near, 'writableNeedsDrain', { get: () => true, set() {} })
  }

  end(): void {
    this.#near.abort(new Error('over'))
    this.#far.abort(new Error('over'))
  }
}

describe('net/yamux: strangers', () => {
  let stranger: Stranger

  beforeEach(() => {
    stranger = new Stranger()
  })
  afterEach(() => stranger.end())

  const header = (type: number, flags: number, stream: number, length: number) => encodeHeader(type, flags, stream, length)
  const syn = (stream: number) => header(windowUpdate, FLAG.syn, stream, 0)
  const versioned = Uint8Array.from(syn(1))
  versioned[0] = 1

  for (const [name, parts, says] of [
    ['another version', [versioned], /version 1 /],
    ['an unknown type', [header(4, 0, 0, 0)], /type 4 /],
    ['data of no stream', [header(data, 0, 0, 1)], /without a stream/],
    ['credit of no stream', [header(windowUpdate, 0, 0, 1)], /without a stream/],
    ['a ping on a stream', [header(ping, FLAG.syn, 1, 1)], /not for a stream/],
    ['a go-away on a stream', [header(goAway, 0, 1, 0)], /not for a stream/],
    ['a ping without a flag', [header(ping, 0, 0, 1)], /ping with flags 0/],
    ['an answer to no ping', [header(ping, FLAG.ack, 0, 77)], /answer to no ping/],
    ['a stream that is ours to open', [syn(2)], /stream 2 is not theirs/],
    ['a stream that is open already', [syn(1), syn(1)], /stream 1 is open/],
    ['more than the window', [syn(1), header(data, 0, 1, INITIAL_WINDOW + 1)], /exceeds the receive window/],
    ['the longest length of all', [syn(1), header(data, 0, 1, 2 ** 32 - 1)], /exceeds the receive window/],
    ['more than any window on a stream that is gone', [header(data, 0, 99, MAX_WINDOW + 1)], /longer than any window/],
  ] as const) {
    it(`${name} ends the connection`, async () => {
      stranger.say(...parts)
      await until(() => stranger.error !== undefined, 'it is over')
      expect(stranger.error).to.be.instanceOf(DragonflyError)
      expect((stranger.error as DragonflyError).code).to.equal('protocol')
      expect(stranger.error?.message).to.match(says)
      expect(stranger.muxer.status).to.equal('closed')
    })
  }

  it('answers a stream with ACK, a ping with its value, and a stream that it does not want with RST', async () => {
    stranger.frame(windowUpdate, FLAG.syn, 1, 0)
    expect((await stranger.heardFrame(windowUpdate, FLAG.ack)).stream).to.equal(1)
    stranger.frame(ping, FLAG.syn, 0, 0xfedcba98)
    expect((await stranger.heardFrame(ping, FLAG.ack)).length).to.equal(0xfedcba98)
    for (let id = 3; id <= 2001; id += 2) stranger.frame(windowUpdate, FLAG.syn, id, 0)
    expect((await stranger.heardFrame(windowUpdate, FLAG.rst)).stream).to.equal(2001)
    expect(stranger.muxer.streams).to.have.length(1000)
  })

  it('data with SYN and FIN is a whole stream', async () => {
    stranger.frame(data, FLAG.syn | FLAG.fin, 1, 3, Buffer.from('abc'))
    await until(() => stranger.streams.length === 1, 'it is there')
    const stream = stranger.streams[0] as Stream
    const got: Uint8Array[] = []
    stream.addEventListener('message', ({ data }) => got.push(data.subarray()))
    await until(() => stream.readableEnded, 'it has ended')
    expect(Buffer.concat(got).toString()).to.equal('abc')
  })

  it('holds a window of what nobody reads, and gives no credit for it', async () => {
    stranger.frame(data, FLAG.syn, 1, INITIAL_WINDOW, Buffer.alloc(INITIAL_WINDOW))
    await until(() => (stranger.streams[0]?.readBufferLength ?? 0) === INITIAL_WINDOW, 'all is there')
    await settled(() => stranger.heard.length)
    expect(stranger.heard.some(f => f.type === windowUpdate && f.length > 0)).to.equal(false)
    stranger.frame(data, 0, 1, 1, Buffer.alloc(1))
    await until(() => stranger.error !== undefined, 'one byte more is one too many')
  })

  it('keeps a few bytes of a large chunk without keeping the chunk', async () => {
    const rest = encodeHeader(data, 0, 99, 16_384)
    stranger.say(Buffer.concat([encodeHeader(data, FLAG.syn, 1, 1), Buffer.from('x'), rest, Buffer.alloc(16_384)]))
    await until(() => stranger.streams[0]?.readBufferLength === 1, 'it is there')
    const held: number[] = []
    stranger.streams[0]?.addEventListener('message', ({ data }) => held.push(data.subarray().buffer.byteLength))
    await until(() => held.length > 0, 'it is read')
    expect(held).to.deep.equal([1])
  })

  it('gives up who has it answer pings and does not read the answers', async () => {
    stranger.stopsReading()
    const pings = Buffer.concat(Array.from({ length: 5000 }, (_, i) => encodeHeader(ping, FLAG.syn, 0, i)))
    stranger.say(pings)
    await until(() => stranger.error !== undefined, 'it is over')
    expect(stranger.error?.message).to.match(/does not read answers/)
  })

  it('a go-away with an error aborts the streams, a normal one ends them', async () => {
    stranger.frame(windowUpdate, FLAG.syn, 1, 0)
    await until(() => stranger.streams.length === 1, 'it is there')
    stranger.frame(goAway, 0, 0, GO_AWAY.internalError)
    await until(() => stranger.streams[0]?.status === 'aborted', 'it is aborted')
    expect(stranger.muxer.status).to.equal('closed')
  })

  it('whatever comes, it goes on or ends with an error of ours', async () => {
    const frame = fc.record({
      version: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1, 255),
      type: fc.constantFrom(0, 0, 1, 1, 2, 3, 4),
      flags: fc.integer({ min: 0, max: 0xffff }),
      stream: fc.constantFrom(0, 1, 1, 2, 3, 5, 2 ** 32 - 1),
      length: fc.constantFrom(0, 1, 2, 12, 13, 5000, INITIAL_WINDOW, 2 ** 32 - 1),
      lie: fc.constantFrom(0, 0, 0, 0, 1),
    })
    const run = async (frames: (typeof frame extends fc.Arbitrary<infer T> ? T : never)[]) => {
      const one = new Stranger()
      try {
        for (const { version, type, flags, stream, length, lie } of frames) {
          const bytes = Uint8Array.from(encodeHeader(type, flags & 0xf, stream, length))
          bytes[0] = version
          one.say(bytes, Buffer.alloc(Math.min(type === data ? length : 0, 4 * INITIAL_WINDOW) + lie))
        }
        await settled(() => one.heard.length + one.streams.length)
        for (const stream of one.streams) expect((stream as Stream).readBufferLength).to.be.at.most(INITIAL_WINDOW)
        if (one.error !== undefined) expect((one.error as DragonflyError).code).to.be.oneOf(['protocol', 'peer-refused'])
      } finally {
        one.end()
      }
    }
    await fc.assert(fc.asyncProperty(fc.array(frame, { maxLength: 12 }), run), { numRuns: 100 })
  })
})
