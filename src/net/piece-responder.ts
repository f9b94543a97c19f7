// The responding end of a data stream: receives requests and sends pieces frame by frame at the reader's pace.
import type { Stream } from '@libp2p/interface'
import PQueue from 'p-queue'
import { DragonflyError } from '../core/errors.ts'
import { type DataRequest, decodeDataRequest, encodeFrame } from '../wire/codec-data.ts'
import { LIMITS } from '../wire/limits.ts'
import type { RefusalReason } from '../wire/refusal.ts'
import type { MessageChannel } from './channel.ts'
import type { PayloadPace } from './payload-pace.ts'
import { writePart, writeStream } from './stream.ts'
import { YamuxStream } from './yamux/stream.ts'

/**
 * Payload of a frame, bytes: what a cancel cannot stop any more, and how often a receiver on a slow line sees that bytes come. On a fast
 * one it is what the connection takes at once: four times as long, a warm pair takes 6 % less time.
 */
const FRAME = Math.min(64 * 1024, LIMITS.framePayload)

/** How long the receiver's word that a piece is there is waited for, once all of it is with the socket. Milliseconds. */
const RECEIPT_MS = 5000

/** How often it is told that bytes go, milliseconds: each time is an event of the swarm. */
const SENT_MS = 1000

/** What an upload tells its link. */
export interface ResponderListener {
  /** `load`: pieces under way to who asks, from everybody; `has`: those that it has, undefined: not said. */
  ask(piece: number, load: number, has: number | undefined): void
  withdraw(piece: number): void
  /** A part of a piece has gone, or our own limit has held it back; told once a second at most. */
  sent(): void
  /** Undefined: nothing is held back. */
  pace(): PayloadPace | undefined
}

export class PieceResponder {
  readonly #stream: Stream
  readonly #channel: MessageChannel
  readonly #listener: ResponderListener
  readonly #unanswered = new Set<number>()
  readonly #cancelled = new Set<number>()
  /** Pieces that are with the socket, and what ends the waiting for the receiver's word. */
  readonly #onTheWay = new Map<number, () => void>()
  readonly #turns = new PQueue({ concurrency: 1 })
  #toldAt = performance.now()
  /** The asker will say no more. */
  #isSilent = false

  constructor(stream: Stream, channel: MessageChannel, listener: ResponderListener) {
    this.#stream = stream
    this.#channel = channel
    this.#listener = listener
  }

  /** Hears requests until the asker closes, ends what has begun; rejects with `protocol` when it breaks the rules. */
  async run(): Promise<void> {
    for await (const bytes of this.#channel) {
      const request = decodeDataRequest(bytes)
      if (request === undefined) continue
      if (request.type === 'hello') throw new DragonflyError('protocol', 'a second hello on a data stream')
      if (request.type === 'got') this.#onTheWay.get(request.piece)?.()
      else if (request.type === 'cancel') this.#cancel(request.piece)
      else this.#ask(request)
    }
    this.#nothingComes()
    await this.#turns.onIdle()
  }

  /** Drops everything at once, both ways. */
  abort(error: Error): void {
    this.#channel.abort(error)
    this.#nothingComes()
  }

  /** Sends a piece after those before it. Resolves to true when the receiver says that it is there, to false when it is silent for long. */
  async send(piece: number, bytes: Uint8Array): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const isThere = () => resolve(true)
    // The word may come before we learn that the last frame has gone.
    this.#onTheWay.set(piece, isThere)
    try {
      const isSent = await this.#turns.add(() => this.#frames(piece, bytes))
      return isSent === true && !this.#isSilent && (await withinMs(promise, RECEIPT_MS)) && !this.#isSilent
    } finally {
      if (this.#onTheWay.get(piece) === isThere) this.#onTheWay.delete(piece)
    }
  }

  async refuse(piece: number, reason: RefusalReason): Promise<void> {
    await this.#turns.add(() => this.#refusal(piece, reason))
  }

  #nothingComes(): void {
    this.#isSilent = true
    for (const end of this.#onTheWay.values()) end()
  }

  #ask({ piece, load, has }: Extract<DataRequest, { type: 'ask' }>): void {
    if (this.#unanswered.size >= LIMITS.asks) throw new DragonflyError('protocol', 'too many requests at once')
    if (this.#unanswered.has(piece)) return
    this.#unanswered.add(piece)
    this.#listener.ask(piece, load, has)
  }

  /** The decider forgets the request; whatever was not sent yet is answered with a refusal, so that both ends agree. */
  #cancel(piece: number): void {
    if (!this.#unanswered.has(piece) || this.#cancelled.has(piece)) return
    this.#cancelled.add(piece)
    this.#listener.withdraw(piece)
    this.refuse(piece, 'cancelled').catch(() => {})
  }

  /** Whether all was sent. */
  async #frames(piece: number, bytes: Uint8Array): Promise<boolean> {
    if (!this.#unanswered.has(piece)) return false
    for (let offset = 0; offset < bytes.byteLength; ) {
      const pace = this.#listener.pace()
      const payload = bytes.subarray(offset, offset + Math.min(this.#frame, pace?.part('up') ?? Infinity))
      const turn = pace?.pass('up', payload.byteLength)
      if (turn !== undefined) await turn
      this.#sent()
      if (this.#cancelled.has(piece)) return false
      const full = writePart(this.#stream, encodeFrame({ piece, offset, length: payload.byteLength }, payload))
      if (full !== undefined) await full
      this.#sent()
      offset += payload.byteLength
    }
    this.#answered(piece)
    return true
  }

  get #frame(): number {
    return this.#stream instanceof YamuxStream ? Math.min(this.#stream.batch, LIMITS.framePayload) : FRAME
  }

  #sent(): void {
    const at = performance.now()
    if (at - this.#toldAt < SENT_MS) return
    this.#toldAt = at
    this.#listener.sent()
  }

  async #refusal(piece: number, reason: RefusalReason): Promise<void> {
    if (!this.#unanswered.has(piece)) return
    this.#answered(piece)
    await writeStream(this.#stream, encodeFrame({ piece, offset: 0, length: 0, refused: reason }))
  }

  #answered(piece: number): void {
    this.#unanswered.delete(piece)
    this.#cancelled.delete(piece)
  }
}

/** What the promise resolves to, or false after so long. */
async function withinMs(promise: Promise<boolean>, ms: number): Promise<boolean> {
  const { promise: over, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(resolve, ms, false)
  const result = await Promise.race([promise, over])
  clearTimeout(timer)
  return result
}
