// One answer of an origin: its head, and its body as a stream.
import { finished } from 'node:stream/promises'
import type { Dispatcher } from 'undici'
import type { CachedHeaders } from './cached-headers.ts'
import { contentLength } from './content-range.ts'
import { type AnswerHeaders, field } from './fields.ts'
import type { Ending, SurplusWatch } from './surplus.ts'

/** A body that is of no use is read to its end if it is this short, so that the connection can be used again. */
const MAX_DISCARD_BYTES = 64 * 1024
const MAX_DISCARD_MS = 2_000

/** Chunks as they come made chunks as they may be used. */
export type Pacing = (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>

/** What an origin answered. */
export interface Answer {
  readonly status: number
  readonly headers: AnswerHeaders
  /** Where the answer came from, after redirects. */
  readonly url: string
  /** What HTTP caching has to know of it and of the redirects that led to it. */
  readonly cachedHeaders: CachedHeaders
  /** The body's bytes, back-pressure by not asking. Throws when it breaks off. Leaving early gives it up. */
  chunks(): AsyncIterable<Uint8Array>
  /** Whether bytes came after the announced end. To be asked once the body was read. */
  hadSurplus(): Promise<boolean>
  /** The body is of no use: goes on at once. */
  discard(): void
  /** Gives the body up. Safe to call twice. */
  close(): Promise<void>
}

export class HttpAnswer implements Answer, Ending {
  readonly status: number
  readonly headers: AnswerHeaders
  /** Where the answer came from, after redirects. */
  readonly url: string
  readonly place: string
  readonly endsByClose: boolean
  /** What HTTP caching has to know of it and of the redirects that led to it. */
  readonly cachedHeaders: CachedHeaders
  readonly #body: Dispatcher.ResponseData['body']
  readonly #watch: SurplusWatch
  readonly #pace: Pacing
  /** As announced. */
  readonly #bytes: number | undefined
  #taken = 0

  /** Rejects with `origin-lies` for a malformed Content-Length. */
  constructor(data: Dispatcher.ResponseData, url: URL, watch: SurplusWatch, cachedHeaders: CachedHeaders, pace: Pacing) {
    this.status = data.statusCode
    this.headers = data.headers
    this.url = url.href
    this.place = `${url.protocol}//${url.host}`
    this.cachedHeaders = cachedHeaders
    this.#watch = watch
    this.#pace = pace
    this.#body = data.body
    // A body that breaks off before anyone reads it must not end the process; the reader sees the error too.
    this.#body.on('error', () => {})
    try {
      this.#bytes = contentLength(data.headers, this.url)
    } catch (error) {
      this.#body.destroy()
      throw error
    }
    this.endsByClose = this.#bytes === undefined && !/\bchunked\s*$/i.test(field(data.headers, 'transfer-encoding') ?? '')
    watch.watch(this)
    this.#body.once('close', () => setImmediate(() => watch.forget(this)))
  }

  isComplete(): boolean {
    return this.#bytes !== undefined && this.#taken + this.#body.readableLength >= this.#bytes
  }

  /** The body's bytes, back-pressure by not asking. Throws undici's errors, and one when it ended by a reset. Leaving early closes the connection. */
  chunks(): AsyncIterable<Uint8Array> {
    return this.#pace(this.#arriving())
  }

  async *#arriving(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#body as AsyncIterable<Uint8Array>) {
      this.#taken += chunk.length
      yield chunk
    }
    if (this.#watch.wasReset(this)) throw new Error('the connection was reset')
  }

  /** Whether bytes came after the announced end. To be asked once the body was read. */
  async hadSurplus(): Promise<boolean> {
    return this.#bytes !== undefined && (await this.#watch.found(this))
  }

  /** The body is of no use: goes on at once, and keeps the connection if that is cheap. */
  discard(): void {
    this.#body.dump({ limit: MAX_DISCARD_BYTES, signal: AbortSignal.timeout(MAX_DISCARD_MS) }).catch(() => {})
  }

  /** Gives the body up, and with it the connection if there is more to come. Safe to call twice. */
  async close(): Promise<void> {
    this.#body.destroy()
    await finished(this.#body).catch(() => {})
  }
}
