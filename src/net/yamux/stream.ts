// One yamux stream. libp2p sees a stream like any other; bulk has a way around its events and lists, both ways.
import type { AbortOptions } from '@libp2p/interface'
import { AbstractStream, type AbstractStreamInit, type SendResult } from '@libp2p/utils'
import type { Uint8ArrayList } from 'uint8arraylist'
import { DragonflyError } from '../../core/errors.ts'
import { partsOf } from '../../wire/framing.ts'
import { FLAG, FRAME_TYPE, INITIAL_WINDOW } from './frame.ts'
import type { FrameWriter } from './frame-writer.ts'
import { ReceiveWindow } from './receive-window.ts'

/** What a frame may be longer than the part of a piece in it, bytes: the header of that. */
const PART_HEADER = 128
/** Takes a stream's bytes as they come, before anything else sees them. */
export interface PayloadSink {
  /**
   * How many bytes of the part are dealt with; the sender gets credit for the others when `release` says so. The part lies in the
   * connection's buffer, which is overwritten: what is kept is copied. An error aborts the stream.
   */
  push(part: Uint8Array): number
}

export interface YamuxStreamInit extends AbstractStreamInit {
  streamId: number
  writer: FrameWriter
  /** Milliseconds; negative: not measured yet. */
  roundTrip: () => number
  /** Bytes. */
  maxStreamWindowSize: number
}

export class YamuxStream extends AbstractStream {
  readonly streamId: number
  /** The window of what comes grows up to this. Bytes. */
  maxStreamWindowSize: number
  readonly #writer: FrameWriter
  readonly #roundTrip: () => number
  readonly #window: ReceiveWindow
  #sendWindow = INITIAL_WINDOW
  #sink: PayloadSink | undefined
  /** Bytes that the sink was given and has not dealt with. */
  #held = 0

  constructor(init: YamuxStreamInit) {
    super(init)
    this.streamId = init.streamId
    this.maxStreamWindowSize = init.maxStreamWindowSize
    this.#writer = init.writer
    this.#roundTrip = init.roundTrip
    this.#window = new ReceiveWindow(INITIAL_WINDOW, performance.now())
  }

  /** From here on all that comes goes to `sink`, what has come already first; no `message` event any more. */
  pour(sink: PayloadSink): void {
    this.#sink = sink
    const waiting = this.readBuffer.sublist()
    this.readBuffer.consume(waiting.byteLength)
    for (const part of waiting) this.#pour(sink, part)
    this.maybeDispatchEnd()
    this.#credit()
  }

  /** The sink has dealt with so many bytes that it kept. */
  release(bytes: number): void {
    this.#held -= bytes
    this.#credit()
  }

  // ------------------------------------------------------------------ what comes

  /** A data frame begins. Throws `protocol` when it is longer than the other side may send. */
  onFrame(length: number): void {
    if (!this.#window.allows(length)) {
      throw new DragonflyError('protocol', `yamux: a frame of ${length} bytes exceeds the receive window`)
    }
  }

  onPayload(part: Uint8Array): void {
    this.#window.take(part.byteLength)
    if (this.#sink === undefined) return this.onData(new Uint8Array(part))
    this.#pour(this.#sink, part)
    this.#credit()
  }

  /** So many bytes were what comes before the first of the protocol's own. */
  onNegotiation(bytes: number): void {
    this.#window.take(bytes)
  }

  onWindowUpdate(bytes: number): void {
    this.#sendWindow += bytes
    if (bytes > 0 && this.writeBuffer.byteLength > 0) this.safeDispatchEvent('drain')
  }

  #pour(sink: PayloadSink, part: Uint8Array): void {
    if (this.readStatus === 'closing' || this.readStatus === 'closed') return
    try {
      this.#held += part.byteLength - sink.push(part)
    } catch (error) {
      this.abort(error as Error)
    }
  }

  /** What is buffered or kept gets no credit: so much, at most, is ever held for this stream. */
  #credit(): void {
    if (this.readStatus === 'paused' || this.remoteWriteStatus === 'closed') return
    const held = this.readBuffer.byteLength + this.#held
    if (!this.#window.isDue(held)) return
    const bytes = this.#window.credit(held, this.maxStreamWindowSize, this.#roundTrip(), performance.now())
    this.#writer.control(FRAME_TYPE.windowUpdate, 0, this.streamId, bytes)
  }

  protected override dispatchReadBuffer(): void {
    super.dispatchReadBuffer()
    this.#credit()
  }

  sendPause(): void {
    // no more credit is enough: the window runs out
  }

  sendResume(): void {
    this.#credit()
  }

  // ------------------------------------------------------------------ what goes

  /** What its connection takes at once, bytes: longer parts would keep messages waiting. */
  get batch(): number {
    return this.#writer.batch
  }

  get #longestFrame(): number {
    return this.#writer.batch + PART_HEADER
  }

  /** A frame at once where the window and the connection have room; else libp2p's queue. */
  override send(data: Uint8Array | Uint8ArrayList): boolean {
    const { byteLength } = data
    const isFree = this.writeBuffer.byteLength === 0 && !this.sendingData && !this.writableNeedsDrain
    const fits = byteLength > 0 && byteLength <= this.#longestFrame && byteLength <= this.#sendWindow
    if (!isFree || !fits || this.#writer.isFull || this.writeStatus !== 'writable') return super.send(data)
    this.writableNeedsDrain = !this.#frame(partsOf(data), byteLength)
    return !this.writableNeedsDrain
  }

  sendData(data: Uint8ArrayList): SendResult {
    let sentBytes = 0
    while (data.byteLength > 0 && this.#sendWindow > 0 && !this.#writer.isFull) {
      const length = Math.min(this.#sendWindow, data.byteLength, this.#longestFrame)
      this.#frame(data.sublist(0, length), length)
      data.consume(length)
      sentBytes += length
    }
    return { sentBytes, canSendMore: data.byteLength === 0 && !this.#writer.isFull }
  }

  #frame(parts: Iterable<Uint8Array>, length: number): boolean {
    this.#sendWindow -= length
    return this.#writer.data(FRAME_TYPE.data, 0, this.streamId, parts, length)
  }

  sendReset(): void {
    this.#writer.control(FRAME_TYPE.windowUpdate, FLAG.rst, this.streamId, 0)
  }

  async sendCloseWrite(): Promise<void> {
    this.#writer.control(FRAME_TYPE.windowUpdate, FLAG.fin, this.streamId, 0)
  }

  /** Yamux has no word for it. */
  async sendCloseRead(options?: AbortOptions): Promise<void> {
    options?.signal?.throwIfAborted()
  }

  override onMuxerDrain(): void {
    if (this.writableNeedsDrain) super.onMuxerDrain()
  }
}

/** For whoever needs it where only libp2p's type is known. Throws `internal` for a stream of another muxer. */
export function yamuxStream(stream: object): YamuxStream {
  if (stream instanceof YamuxStream) return stream
  throw new DragonflyError('internal', 'not a stream of this muxer')
}
