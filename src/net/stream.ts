// Reads and writes a libp2p stream with real back-pressure and explicit errors at the end.
//
// libp2p's own ways lack both (facts, measured with @libp2p/utils 7.4): `for await` over a stream never pauses it and ends
// at the other side's close while bytes are still buffered; `onDrain()` waits only the first time. And when a connection is
// lost, its streams close without any error, which looks like a regular end.
import { type Stream, type StreamCloseEvent, type StreamMessageEvent, StreamResetError } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'
import { abortError } from '../core/errors.ts'

export const HIGH_WATER = 1024 * 1024

/** What yamux lets a sender have under way from the start. */
const SMALL_WINDOW = 256 * 1024

/**
 * The window of a stream whose other side has messages to say, and no bulk: it stays as it is at the beginning, where yamux
 * would double it up to the muxer's limit for whoever sends fast, and hold so much when we are slow.
 */
export function keepWindowSmall(stream: Stream & { maxStreamWindowSize?: number }): void {
  if (stream.maxStreamWindowSize !== undefined) stream.maxStreamWindowSize = SMALL_WINDOW
}

/**
 * Yields what arrives, in order and to the last byte, and returns when the other side has closed its writing end.
 * Throws when the stream is reset or aborted, or the connection is lost, before that. When the consumer stops early the
 * stream is aborted, as a yamux stream has no other way to tell the sender. A blocked read is ended by `stream.abort`.
 *
 * Start reading soon: until the first `next()` libp2p buffers, and aborts the stream beyond `maxReadBufferLength`, which
 * has to be at least twice yamux's `maxStreamWindowSize`.
 *
 * @param highWater - bytes taken from the stream and not consumed at which the sender is paused; may change. Default 1 MiB
 */
export async function* readStream(stream: Stream, highWater = () => HIGH_WATER): AsyncGenerator<Uint8Array | Uint8ArrayList> {
  const inbox = new Inbox(stream, highWater)
  let isWhole = false
  try {
    while (true) {
      const chunk = inbox.take()
      if (chunk !== undefined) {
        yield chunk
      } else if (inbox.isAtEnd()) {
        isWhole = true
        return
      } else {
        await inbox.change()
      }
    }
  } finally {
    inbox.detach()
    if (!isWhole) stream.abort(new Error('the reader stopped before the end'))
  }
}

/** What has arrived on a stream and waits for its consumer; pauses the stream while that is too much. */
class Inbox {
  readonly #stream: Stream
  readonly #life: StreamLife
  readonly #highWater: () => number
  #chunks: Array<Uint8Array | Uint8ArrayList> = []
  /** Bytes in `#chunks` and in the one that the consumer is busy with. */
  #held = 0
  #busyWith = 0
  #isResuming = false

  constructor(stream: Stream, highWater: () => number) {
    this.#stream = stream
    this.#highWater = highWater
    stream.addEventListener('message', this.#onMessage)
    this.#life = new StreamLife(stream)
  }

  detach(): void {
    this.#stream.removeEventListener('message', this.#onMessage)
    this.#life.detach()
  }

  /** The next chunk; asking for it says that the one before is dealt with. */
  take(): Uint8Array | Uint8ArrayList | undefined {
    this.#held -= this.#busyWith
    this.#busyWith = 0
    if (this.#held < this.#highWater() / 2 && this.#stream.readStatus === 'paused') this.#resume()
    const chunk = this.#chunks.shift()
    this.#busyWith = chunk?.byteLength ?? 0
    return chunk
  }

  /** Asked when there is nothing to take. Throws when the stream ended any other way than by the sender's will. */
  isAtEnd(): boolean {
    return this.#life.isAtEnd()
  }

  change(): Promise<void> {
    return this.#life.change()
  }

  /** `resume` hands over what is buffered at once; pausing inside that would have yamux ask for one more window. */
  #resume(): void {
    this.#isResuming = true
    this.#stream.resume()
    this.#isResuming = false
    this.#pauseIfFull()
  }

  #pauseIfFull(): void {
    if (this.#isResuming || this.#held < this.#highWater() || this.#stream.readStatus !== 'readable') return
    this.#stream.pause()
  }

  #onMessage = (event: StreamMessageEvent): void => {
    this.#chunks.push(event.data)
    this.#held += event.data.byteLength
    this.#pauseIfFull()
    this.#life.signal()
  }
}

/** Whether a stream has ended, and how. */
class StreamLife {
  readonly #stream: Stream
  #error: Error | undefined
  #isClosed: boolean
  /** The other side closed its writing end: only then is an end a regular one. */
  #isFinished: boolean
  #wake: (() => void) | undefined

  constructor(stream: Stream) {
    this.#stream = stream
    this.#isClosed = stream.status !== 'open' && stream.status !== 'closing'
    this.#isFinished = stream.remoteWriteStatus === 'closed'
    if (isLost(stream)) this.#error = lost(stream)
    stream.addEventListener('remoteCloseWrite', this.#onFinish)
    stream.addEventListener('end', this.signal)
    stream.addEventListener('close', this.#onClose)
  }

  detach(): void {
    this.#stream.removeEventListener('remoteCloseWrite', this.#onFinish)
    this.#stream.removeEventListener('end', this.signal)
    this.#stream.removeEventListener('close', this.#onClose)
  }

  /** Whether nothing more will come. Throws when the stream ended any other way than by the sender's will. */
  isAtEnd(): boolean {
    if (this.#error !== undefined) throw this.#error
    if (this.#stream.readBufferLength > 0) return false
    if (this.#isClosed && !this.#isFinished) throw lost(this.#stream)
    return this.#isClosed || this.#stream.readableEnded
  }

  /** Resolves when something happened. Nothing can be missed: no event comes between the last look and this call. */
  change(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }

  readonly signal = (): void => {
    this.#wake?.()
    this.#wake = undefined
  }

  #onFinish = (): void => {
    this.#isFinished = true
  }

  #onClose = (event: StreamCloseEvent): void => {
    this.#error = event.error
    this.#isClosed = true
    this.signal()
  }
}

/**
 * Resolves when the other side has closed its writing end and all that it sent was given on; rejects when the stream is reset or
 * aborted, or the connection is lost, before that. For a stream whose bytes go elsewhere than to `readStream`.
 */
export async function streamEnd(stream: Stream): Promise<void> {
  const life = new StreamLife(stream)
  try {
    while (!life.isAtEnd()) await life.change()
  } finally {
    life.detach()
  }
}

/**
 * Sends `bytes` and resolves when the stream can take more. Bytes are not copied and may still be on their way when it
 * resolves: do not change them. A peer that does not read makes this wait for ever: give it a signal with a time limit.
 * Rejects with the stream's error, or with `aborted` or `timeout` by the signal; `bytes` may then have been sent or not,
 * so the stream is of no further use.
 */
export async function writeStream(stream: Stream, bytes: Uint8Array | Uint8ArrayList, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) throw abortError(signal)
  await writePart(stream, bytes, signal)
  if (isLost(stream)) throw lost(stream)
}

/** `writeStream` for bulk: undefined, and no turn of the event loop, when the stream can take more at once. */
export function writePart(stream: Stream, bytes: Uint8Array | Uint8ArrayList, signal?: AbortSignal): Promise<void> | undefined {
  stream.send(bytes)
  return stream.writableNeedsDrain ? writable(stream, signal) : undefined
}

async function writable(stream: Stream, signal: AbortSignal | undefined): Promise<void> {
  while (stream.writableNeedsDrain) {
    if (stream.writeStatus === 'closed') throw lost(stream)
    await drained(stream, signal)
  }
  if (isLost(stream)) throw lost(stream)
}

function isLost(stream: Stream): boolean {
  return stream.status === 'aborted' || stream.status === 'reset'
}

function drained(stream: Stream, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error) => {
      stream.removeEventListener('drain', onDrain)
      stream.removeEventListener('close', onClose)
      signal?.removeEventListener('abort', onAbort)
      if (error === undefined) resolve()
      else reject(error)
    }
    const onDrain = () => done()
    const onClose = (event: StreamCloseEvent) => done(event.error ?? lost(stream))
    const onAbort = () => done(abortError(signal))
    if (signal?.aborted) return onAbort()
    stream.addEventListener('drain', onDrain)
    stream.addEventListener('close', onClose)
    signal?.addEventListener('abort', onAbort)
  })
}

function lost(stream: Stream): Error {
  return new StreamResetError(`the stream was ${stream.status} before its end`)
}
