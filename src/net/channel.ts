// Length-prefixed messages over a stream: reads with a size limit, writes in order from a bounded queue.
import type { Stream } from '@libp2p/interface'
import { raceSignal } from 'race-signal'
import type { Uint8ArrayList } from 'uint8arraylist'
import { abortError, DragonflyError } from '../core/errors.ts'
import { MessageDecoder, prefixed } from '../wire/framing.ts'
import { LIMITS } from '../wire/limits.ts'
import { readStream, writeStream } from './stream.ts'

/** Bytes that may wait for the reader in any case: small messages come many to a chunk. */
const MIN_READ = 4096

interface Outgoing {
  bytes: Uint8ArrayList
  sent: PromiseWithResolvers<void>
}

/**
 * Messages end when the other side has closed its writing end between two of them. Reading rejects with `protocol` (and
 * aborts the stream) on a message that is too long or cut short, and with the stream's error when that is reset. Leaving
 * an iteration early aborts the stream.
 */
export class MessageChannel implements AsyncIterable<Uint8Array> {
  readonly stream: Stream
  /** Told how many bytes of an unfinished message are held, when that changes. */
  onHeld: ((bytes: number) => void) | undefined
  #maxMessage: number
  /** Longest message that is read next. */
  #maxRead: number
  readonly #maxLater: number
  #maxQueued: number
  #messages: AsyncGenerator<Uint8Array>
  #queue: Outgoing[] = []
  #queued = 0
  /** Bytes of an unfinished message, as told last. */
  #held = 0
  #pump: Promise<void> | undefined
  #isClosing = false
  /** Why the channel was given up. */
  #failure: Error | undefined
  /** Why a message could not be sent. */
  #sendFailure: Error | undefined

  /**
   * @param maxMessage - longest message in bytes, either way. Default 256 KiB
   * @param maxQueued - bytes that `post` lets wait for a slow reader. Default 1 MiB
   * @param read - longest message that is read, the first and the later ones; 0: there is to be none. Default `maxMessage`
   */
  constructor(
    stream: Stream,
    maxMessage: number = LIMITS.message,
    maxQueued: number = LIMITS.sendQueue,
    { first = maxMessage, later = maxMessage }: { first?: number; later?: number } = {},
  ) {
    this.stream = stream
    this.#maxMessage = maxMessage
    this.#maxQueued = maxQueued
    this.#maxRead = first
    this.#maxLater = later
    this.#messages = this.#receive()
  }

  /** Bytes that wait for the other side to read. */
  get queued(): number {
    return this.#queued
  }

  /**
   * Resolves when this message and all before it have been handed to the connection. Wait for it: whoever does not keeps
   * what he sends in memory. When `signal` ends the waiting, the message still goes out in its turn.
   * Rejects with `internal` for a message that is too long, with the stream's error when that is gone.
   */
  async send(message: Uint8Array, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw abortError(signal)
    if (this.#isClosing) throw new DragonflyError('internal', 'the channel is closed')
    const sent = this.#enqueue(message)
    return raceSignal(sent, signal, { translateError: abortError })
  }

  /**
   * Queues without waiting. False, and not queued, when the other side has fallen too far behind or the stream is closed:
   * the caller gives up this peer. A later failure shows when reading. Throws `internal` for a message that is too long.
   */
  trySend(message: Uint8Array): boolean {
    const isFull = this.#queued > 0 && this.#queued + message.byteLength > this.#maxQueued
    if (isFull || this.#isClosing || this.stream.writeStatus !== 'writable') return false
    this.#enqueue(message).catch(() => {})
    return true
  }

  /** `trySend` that throws `peer-refused` instead of saying false. */
  post(message: Uint8Array): void {
    if (this.trySend(message)) return
    const why = this.#queued > 0 ? 'does not read what it is sent' : 'has closed the stream'
    throw new DragonflyError('peer-refused', `peer ${why}`, { retryable: true })
  }

  /** The next message; undefined at the end. One reader at a time. When `signal` ends the waiting the stream is aborted. */
  async read(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    if (signal?.aborted) throw this.#give(abortError(signal))
    const next = this.#next()
    if (signal === undefined) return await next
    try {
      return await raceSignal(next, signal, { translateError: abortError })
    } catch (error) {
      throw this.#give(error as Error)
    }
  }

  /** Goes on where `read` stopped. */
  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    return this.#messages
  }

  /**
   * Closes our writing end after all that is queued; reading goes on. Resolves when the other side can know. Safe to call
   * twice. Rejects, and aborts the stream, when `signal` ends the waiting or something could not be sent.
   */
  async close(signal?: AbortSignal): Promise<void> {
    this.#isClosing = true
    try {
      const pumped = this.#pump ?? Promise.resolve()
      await raceSignal(pumped, signal, { translateError: abortError })
      const failure = this.#failure ?? this.#sendFailure
      if (failure !== undefined) throw failure
      await this.stream.close(signal === undefined ? {} : { signal })
    } catch (cause) {
      // libp2p rejects with the event when the stream closes while it waits
      const error = cause instanceof Error ? cause : new Error('the stream was closed before all was sent', { cause })
      throw this.#give(error)
    }
  }

  /** Drops everything at once, both ways. Safe to call twice. */
  abort(error: Error): void {
    this.#isClosing = true
    this.#failure ??= error
    this.stream.abort(error)
  }

  /** A generator that threw is merely done the next time: an end that is none. */
  async #next(): Promise<Uint8Array | undefined> {
    const { done, value } = await this.#messages.next()
    if (!done) return value
    if (this.#failure !== undefined) throw this.#failure
    return undefined
  }

  async *#receive(): AsyncGenerator<Uint8Array> {
    const decoder = new MessageDecoder(this.#maxRead)
    try {
      // a message ahead is enough, and whoever sends more than a first message unheard waits
      for await (const chunk of readStream(this.stream, () => Math.max(this.#maxRead, MIN_READ))) {
        for (const message of decoder.push(chunk)) {
          this.#maxRead = this.#maxLater
          decoder.allow(this.#maxLater)
          this.#tellHeld(0)
          yield message
        }
        this.#tellHeld(decoder.held)
      }
      decoder.end()
    } catch (error) {
      throw this.#give(error as Error)
    }
  }

  #tellHeld(bytes: number): void {
    if (bytes === this.#held) return
    this.#held = bytes
    this.onHeld?.(bytes)
  }

  #give(error: Error): Error {
    this.abort(error)
    return error
  }

  #enqueue(message: Uint8Array): Promise<void> {
    if (message.byteLength > this.#maxMessage || message.byteLength === 0) {
      throw new DragonflyError('internal', `will not send a message of ${message.byteLength} bytes`)
    }
    const sent = Promise.withResolvers<void>()
    const bytes = prefixed(message)
    this.#queue.push({ bytes, sent })
    this.#queued += bytes.byteLength
    this.#pump ??= this.#run()
    return sent.promise
  }

  async #run(): Promise<void> {
    let next = this.#queue.shift()
    for (; next !== undefined; next = this.#queue.shift()) {
      try {
        await writeStream(this.stream, next.bytes)
        next.sent.resolve()
      } catch (error) {
        this.#sendFailure ??= error as Error
        next.sent.reject(error)
      }
      this.#queued -= next.bytes.byteLength
    }
    this.#pump = undefined
  }
}
