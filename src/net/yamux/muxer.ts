// Yamux for libp2p, on the wire as https://github.com/hashicorp/yamux/blob/master/spec.md has it.
//
// Stock @libp2p/yamux spends an event, lists, a generator step and a window update on every frame, and every frame is a write. Here
// the socket's chunks are parsed where they lie, payload goes on as it comes, and the frames of one turn are one write.
import {
  type AbortOptions,
  type MessageStream,
  MuxerClosedError,
  type StreamMuxerFactory,
  TooManyOutboundProtocolStreamsError,
} from '@libp2p/interface'
import { AbstractStreamMuxer } from '@libp2p/utils'
import { raceSignal } from 'race-signal'
import type { Uint8ArrayList } from 'uint8arraylist'
import { DragonflyError } from '../../core/errors.ts'
import { partsOf } from '../../wire/framing.ts'
import { DirectStream } from '../direct-stream.ts'
import { readProposal } from '../negotiation.ts'
import { FLAG, FRAME_TYPE, GO_AWAY } from './frame.ts'
import { type FrameHandler, FrameParser } from './frame-parser.ts'
import { FrameWriter } from './frame-writer.ts'
import { hasHandler, type YamuxComponents } from './handlers.ts'
import { outputOf } from './output.ts'
import { YamuxStream } from './stream.ts'

const PROTOCOL = '/yamux/1.0.0'
/** Streams of one side on one connection. */
const MAX_STREAMS = 1000
/** Measures the round trip, and keeps the connection from looking idle. Milliseconds. */
const PING_EVERY_MS = 30_000
/** Answers (to pings, to streams that are not wanted) for a peer that does not read; each is 12 bytes. Then it is given up. */
const MAX_UNREAD_ANSWERS = 4096

export interface YamuxInit {
  /** Streams that may come before anybody listens. */
  maxEarlyStreams: number
  /** The window of a stream grows up to this. Bytes. */
  maxStreamWindowSize: number
  /** What a stream may buffer unread. Bytes. */
  maxReadBufferLength: number
}

/** For `streamMuxers` of libp2p. */
export function yamux(init: YamuxInit): (components?: Partial<YamuxComponents>) => StreamMuxerFactory<YamuxMuxer> {
  return components => {
    const speaks = (protocol: string) => hasHandler(components, protocol)
    return { protocol: PROTOCOL, createStreamMuxer: connection => new YamuxMuxer(connection, init, speaks) }
  }
}

interface Ping extends PromiseWithResolvers<number> {
  id: number
  start: number
}

export class YamuxMuxer extends AbstractStreamMuxer<YamuxStream> implements FrameHandler {
  readonly #init: YamuxInit
  readonly #isClient: boolean
  readonly #writer: FrameWriter
  readonly #parser: FrameParser
  readonly #byId = new Map<number, YamuxStream>()
  readonly #pings: NodeJS.Timeout | undefined
  #counts = { inbound: 0, outbound: 0 }
  #nextStream: number
  #nextPing = 0
  #ping: Ping | undefined
  #rtt = -1
  #hasSaidGoAway = false
  #hasHeardGoAway = false
  #unreadAnswers = 0
  /** Of the data frame that is being read. */
  #reading: YamuxStream | undefined
  #readingFlags = 0
  readonly #speaks: (protocol: string) => boolean
  /** Opened by the other side in this chunk, and not told to libp2p yet: its protocol may come with it. At most one. */
  #fresh: YamuxStream | undefined

  /** `speaks`: whether a protocol has a handler; whoever proposes one that has is answered here. Default: libp2p answers all. */
  constructor(connection: MessageStream, init: YamuxInit, speaks: (protocol: string) => boolean = () => false) {
    super(connection, { protocol: PROTOCOL, name: 'yamux', maxEarlyStreams: init.maxEarlyStreams })
    this.#init = init
    this.#speaks = speaks
    this.#isClient = connection.direction === 'outbound'
    this.#nextStream = this.#isClient ? 1 : 2
    this.#writer = new FrameWriter(outputOf(connection))
    this.#parser = new FrameParser(this)
    connection.addEventListener('drain', () => this.#writer.drained())
    if (connection instanceof DirectStream) connection.readDirectly(bytes => this.#onBytes(bytes))
    if (connection.status !== 'open') return
    const ping = () => void this.ping().catch(ignore)
    // after the streams of this turn, in the same write
    setImmediate(ping)
    this.#pings = setInterval(ping, PING_EVERY_MS)
  }

  /** Milliseconds of a round trip; −1: not measured yet. */
  getRTT(): number {
    return Math.round(this.#rtt)
  }

  /** Measures the round trip; one at a time. */
  async ping(options?: AbortOptions): Promise<number> {
    if (this.#hasHeardGoAway || this.#hasSaidGoAway) throw new MuxerClosedError()
    if (this.#ping !== undefined) return await raceSignal(this.#ping.promise, options?.signal)
    this.#ping = { ...Promise.withResolvers<number>(), id: this.#nextPing++, start: performance.now() }
    this.#writer.control(FRAME_TYPE.ping, FLAG.syn, 0, this.#ping.id)
    this.#writer.flush()
    try {
      return await raceSignal(this.#ping.promise, options?.signal)
    } finally {
      this.#ping = undefined
    }
  }

  onCreateStream(): YamuxStream {
    if (this.#hasHeardGoAway || this.#hasSaidGoAway) throw new MuxerClosedError()
    if (this.#counts.outbound >= MAX_STREAMS) throw new TooManyOutboundProtocolStreamsError('max outbound streams exceeded')
    const id = this.#nextStream
    this.#nextStream += 2
    this.#writer.control(FRAME_TYPE.windowUpdate, FLAG.syn, id, 0)
    return this.#newStream(id, 'outbound')
  }

  override async close(options: AbortOptions = {}): Promise<void> {
    if (this.status !== 'open') return
    try {
      await super.close(options)
      this.#goAway(GO_AWAY.normal)
    } finally {
      clearInterval(this.#pings)
    }
  }

  override abort(error: Error): void {
    if (this.status !== 'open') return
    try {
      super.abort(error)
      const isTheirs = error instanceof DragonflyError && error.code === 'protocol'
      this.#goAway(isTheirs ? GO_AWAY.protocolError : GO_AWAY.internalError)
    } finally {
      clearInterval(this.#pings)
    }
  }

  override onTransportClosed(error?: Error): void {
    clearInterval(this.#pings)
    super.onTransportClosed(error)
  }

  override onData(data: Uint8Array | Uint8ArrayList): void {
    for (const part of partsOf(data)) this.#parser.push(part)
    this.#tellFresh()
  }

  // ------------------------------------------------------------------ frames; errors end the connection

  onControl(type: number, flags: number, stream: number, length: number): void {
    if (type === FRAME_TYPE.windowUpdate) {
      const known = this.#streamFor(flags, stream)
      known?.onWindowUpdate(length)
      if (known !== undefined) this.#endBy(flags, known)
    } else if (stream !== 0) {
      throw new DragonflyError('protocol', `yamux: frame type ${type} is not for a stream`)
    } else if (type === FRAME_TYPE.ping) this.#onPing(flags, length)
    else this.#onGoAway(length)
  }

  /** What comes for a stream that we have ended is thrown away. */
  onDataFrame(flags: number, stream: number, length: number): void {
    this.#reading = this.#streamFor(flags, stream)
    this.#readingFlags = flags
    if (this.#reading !== undefined) this.#reading.onFrame(length)
    else if (length > this.#init.maxStreamWindowSize) {
      throw new DragonflyError('protocol', `yamux: a frame of ${length} bytes is longer than any window`)
    }
  }

  onPayload(part: Uint8Array): void {
    const stream = this.#reading
    if (stream === undefined) return
    const rest = stream === this.#fresh ? this.#negotiated(stream, part) : part
    if (rest.byteLength > 0) stream.onPayload(rest)
  }

  /** What is left of the first bytes of a stream when the protocol that they propose is agreed on. */
  #negotiated(stream: YamuxStream, part: Uint8Array): Uint8Array {
    const proposal = readProposal(part)
    if (proposal !== undefined && this.#speaks(proposal.protocol)) {
      stream.protocol = proposal.protocol
      stream.onNegotiation(proposal.length)
      stream.send(new Uint8Array(part.subarray(0, proposal.length)))
    }
    this.#tellFresh()
    return part.subarray(stream.protocol === '' ? 0 : proposal?.length)
  }

  #tellFresh(): void {
    const stream = this.#fresh
    this.#fresh = undefined
    if (stream !== undefined) this.onRemoteStream(stream)
  }

  onPayloadEnd(): void {
    const stream = this.#reading
    this.#reading = undefined
    if (stream !== undefined) this.#endBy(this.#readingFlags, stream)
  }

  #onBytes(bytes: Uint8Array): void {
    try {
      this.#parser.push(bytes)
      this.#tellFresh()
    } catch (error) {
      this.abort(error as Error)
      this.maConn.abort(error as Error)
    }
  }

  #streamFor(flags: number, id: number): YamuxStream | undefined {
    if (id === 0) throw new DragonflyError('protocol', 'yamux: a stream frame without a stream')
    if ((flags & FLAG.syn) !== 0) this.#onSyn(id)
    return this.#byId.get(id)
  }

  #onSyn(id: number): void {
    const isTheirs = (id % 2 === 0) === this.#isClient
    if (!isTheirs) throw new DragonflyError('protocol', `yamux: stream ${id} is not theirs to open`)
    if (this.#byId.has(id)) throw new DragonflyError('protocol', `yamux: stream ${id} is open already`)
    if (this.#hasSaidGoAway || this.#counts.inbound >= MAX_STREAMS) return this.#answer(FRAME_TYPE.windowUpdate, FLAG.rst, id, 0)
    const stream = this.#newStream(id, 'inbound')
    this.#writer.control(FRAME_TYPE.windowUpdate, FLAG.ack, id, 0)
    this.#tellFresh()
    this.#fresh = stream
  }

  #endBy(flags: number, stream: YamuxStream): void {
    if (stream === this.#fresh && (flags & (FLAG.fin | FLAG.rst)) !== 0) this.#tellFresh()
    if ((flags & FLAG.fin) !== 0) stream.onRemoteCloseWrite()
    if ((flags & FLAG.rst) !== 0) stream.onRemoteReset()
  }

  #onPing(flags: number, value: number): void {
    if (flags === FLAG.syn) return this.#answer(FRAME_TYPE.ping, FLAG.ack, 0, value)
    if (flags !== FLAG.ack) throw new DragonflyError('protocol', `yamux: a ping with flags ${flags}`)
    const ping = this.#ping
    // the answer to one that we no longer wait for
    if (ping === undefined && value < this.#nextPing) return
    if (ping?.id !== value) throw new DragonflyError('protocol', 'yamux: an answer to no ping')
    this.#rtt = performance.now() - ping.start
    ping.resolve(this.#rtt)
  }

  #onGoAway(reason: number): void {
    this.#hasHeardGoAway = true
    if (reason === GO_AWAY.normal) this.onTransportClosed()
    else this.abort(new DragonflyError('peer-refused', `yamux: the other side gave up, code ${reason}`, { retryable: true }))
  }

  /** Whoever makes us answer and does not read the answers is given up. */
  #answer(type: number, flags: number, stream: number, value: number): void {
    this.#unreadAnswers = this.#writer.isFull ? this.#unreadAnswers + 1 : 0
    if (this.#unreadAnswers > MAX_UNREAD_ANSWERS)
      throw new DragonflyError('protocol', 'yamux: the other side does not read answers')
    this.#writer.control(type, flags, stream, value)
    if (type === FRAME_TYPE.ping) this.#writer.flush()
  }

  #goAway(reason: number): void {
    this.#hasSaidGoAway = true
    this.#writer.control(FRAME_TYPE.goAway, 0, 0, reason)
    this.#writer.flush()
  }

  #newStream(streamId: number, direction: 'inbound' | 'outbound'): YamuxStream {
    const { maxStreamWindowSize, maxReadBufferLength } = this.#init
    const stream = new YamuxStream({
      id: `${streamId}`,
      streamId,
      direction,
      log: this.log,
      maxStreamWindowSize,
      maxReadBufferLength,
      writer: this.#writer,
      roundTrip: () => this.#rtt,
    })
    this.#byId.set(streamId, stream)
    this.#counts[direction]++
    stream.addEventListener('close', () => {
      this.#byId.delete(streamId)
      this.#counts[direction]--
    })
    return stream
  }
}

function ignore(): void {}
