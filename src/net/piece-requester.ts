// The requesting end of a data stream: asks for pieces and assembles their frames.
import type { Stream } from '@libp2p/interface'
import { DragonflyError } from '../core/errors.ts'
import { MAX_PIECE_LENGTH } from '../core/piece.ts'
import { type DataRequest, encodeDataRequest, type FrameHeader } from '../wire/codec-data.ts'
import type { RefusalReason } from '../wire/refusal.ts'
import type { MessageChannel } from './channel.ts'
import { FrameDecoder } from './data-decoder.ts'
import { PacedSink } from './paced-sink.ts'
import type { PayloadPace } from './payload-pace.ts'
import { streamEnd } from './stream.ts'
import { yamuxStream } from './yamux/stream.ts'

/** What a download tells its link. */
export interface RequesterListener {
  /** Memory for a piece; whoever gets the piece has it from then on. */
  buffer(size: number): Uint8Array
  /** Undefined: nothing is held back. */
  readonly pace: PayloadPace | undefined
  /** For so many milliseconds more, what came has waited for `pace`. */
  held(ms: number): void
  progress(piece: number, bytes: number): void
  piece(piece: number, bytes: Uint8Array): void
  refused(piece: number, reason: RefusalReason): void
}

/** Waits are told of when they are so long together. */
const HELD_MS = 100

interface Expected {
  size: number
  received: number
  /** Taken when the first frame comes: what is only asked for costs no memory. */
  buffer: Uint8Array | undefined
  /** False after a cancel: what still comes is thrown away. */
  wanted: boolean
}

export class PieceRequester {
  readonly #stream: Stream
  readonly #channel: MessageChannel
  readonly #listener: RequesterListener
  readonly #expected = new Map<number, Expected>()
  #scratch: Uint8Array | undefined
  /** Waits that were not told yet, milliseconds. */
  #heldMs = 0

  constructor(stream: Stream, channel: MessageChannel, listener: RequesterListener) {
    this.#stream = stream
    this.#channel = channel
    this.#listener = listener
  }

  /** `load`: pieces under way to us, from everybody; `has`: those that we have, undefined: not said. */
  ask(piece: number, size: number, load: number, has?: number): void {
    const known = this.#expected.get(piece)
    if (known !== undefined) known.wanted = true
    else {
      this.#expected.set(piece, { size, received: 0, buffer: undefined, wanted: true })
      this.#say({ type: 'ask', piece, load, has })
    }
  }

  cancel(piece: number): void {
    const known = this.#expected.get(piece)
    if (known === undefined || !known.wanted) return
    known.wanted = false
    known.buffer = undefined
    this.#say({ type: 'cancel', piece })
  }

  /** Reads frames until the stream ends; rejects with `protocol` when the holder breaks the rules. */
  async run(): Promise<void> {
    const stream = yamuxStream(this.#stream)
    const decoder = new FrameDecoder({ onFrame: h => this.#place(h), onFrameEnd: h => this.#finish(h) })
    const sink = new PacedSink({
      pace: () => this.#listener.pace,
      onHeld: ms => this.#heldBack(ms),
      push: part => decoder.pushPart(part),
      release: bytes => stream.release(bytes),
      failed: error => stream.abort(error),
    })
    try {
      const ended = streamEnd(stream)
      stream.pour(sink)
      await ended
      await sink.idle()
      decoder.end()
    } catch (error) {
      sink.stop()
      stream.abort(error as Error)
      throw error
    }
  }

  /** Told on a few times a second only: each time is an event of the swarm. */
  #heldBack(ms: number): void {
    this.#heldMs += ms
    if (this.#heldMs >= HELD_MS) this.#tellHeld()
  }

  #tellHeld(): void {
    if (this.#heldMs > 0) this.#listener.held(this.#heldMs)
    this.#heldMs = 0
  }

  async close(): Promise<void> {
    await this.#channel.close()
  }

  /** Drops everything at once, both ways. */
  abort(error: Error): void {
    this.#channel.abort(error)
  }

  #say(message: DataRequest): void {
    this.#channel.post(encodeDataRequest(message))
  }

  /** Where the payload of a frame goes. Anything not asked for, or out of order, is a broken rule. */
  #place(header: FrameHeader): Uint8Array {
    const { piece, offset, length } = header
    const expected = this.#expected.get(piece)
    if (expected === undefined) throw new DragonflyError('protocol', `frame of piece ${piece}, which was not asked for`)
    if (header.refused !== undefined) return new Uint8Array(0)
    if (offset !== expected.received || length === 0 || offset + length > expected.size) {
      throw new DragonflyError('protocol', `frame of piece ${piece} at ${offset} does not fit`)
    }
    if (!expected.wanted || (expected.buffer === undefined && offset > 0)) return this.#waste(length)
    // it is on its way: nobody need be asked for it any more
    if (offset === 0) this.#listener.progress(piece, 0)
    expected.buffer ??= this.#listener.buffer(expected.size)
    return expected.buffer.subarray(offset, offset + length)
  }

  #waste(length: number): Uint8Array {
    this.#scratch ??= new Uint8Array(MAX_PIECE_LENGTH)
    return this.#scratch.subarray(0, length)
  }

  #finish(header: FrameHeader): void {
    const { piece, length, refused } = header
    const expected = this.#expected.get(piece) as Expected
    if (refused !== undefined) {
      this.#expected.delete(piece)
      if (expected.wanted) this.#askAgainOr(refused, piece, expected.size)
      return
    }
    expected.received += length
    if (expected.wanted) this.#listener.progress(piece, length)
    if (expected.received < expected.size) return
    this.#tellHeld()
    this.#expected.delete(piece)
    this.#say({ type: 'got', piece })
    if (!expected.wanted) return
    if (expected.buffer === undefined) this.ask(piece, expected.size, 0)
    else this.#listener.piece(piece, expected.buffer)
  }

  /** The holder obeyed a cancel that we have meanwhile taken back. */
  #askAgainOr(reason: RefusalReason, piece: number, size: number): void {
    if (reason === 'cancelled') this.ask(piece, size, 0)
    else this.#listener.refused(piece, reason)
  }
}
