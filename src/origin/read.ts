// Reads one version of a content; continues where the origin breaks off, and never mixes versions.
import { abortError, DragonflyError } from '../core/errors.ts'
import { isResumable, type Validators } from '../core/version.ts'
import type { AbortScope } from './abort-scope.ts'
import type { Answer } from './answer.ts'
import type { CachedHeaders } from './cached-headers.ts'
import type { Continuation } from './continuation.ts'
import { AnotherVersionError, bodyFailure, lies, truncated, UnjoinableError } from './failures.ts'
import { fileNameFromHeaders } from './filename.ts'
import type { Patience } from './patience.ts'
import { type Representation, representationOf } from './representation.ts'
import type { Rest, Wanted } from './rest.ts'
import { type StatedDigest, statedDigest } from './stated-digest.ts'
import { follows, TAIL_BYTES } from './tail.ts'

/** One version being read from byte `start`, which is the wanted byte or 0. To be iterated once to its end, or cancelled. */
export interface OriginRead {
  readonly version: string
  /** Bytes of the whole content; undefined while nobody knows. */
  readonly length: number | undefined
  /** From Content-Disposition, cleaned; empty without. */
  readonly fileName: string
  readonly start: number
  /** Whether the origin has shown or said that it has ranges. */
  readonly rangesSupported: boolean
  readonly validators: Validators
  /** Of the first answer. */
  readonly cachedHeaders: CachedHeaders
  /** What the first answer says that the whole content's digest is. */
  readonly stated: StatedDigest | undefined
  /** Once. The end is the content's end: anything short of it is an error, `origin-…` or the abort. */
  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined>
  /** Abandons the read and frees its connection. Safe to call twice. */
  cancel(): Promise<void>
}

/** What a read lives on. */
export interface ReadSupply {
  /**
   * One try to get the content from a byte on: by a range, or, when that is refused or odd, by a plain GET. Gives it from its
   * first byte on when nothing strong says that it is the wanted version.
   */
  fetch(wanted: Wanted, signal: AbortSignal): Promise<Continuation>
  patience: Patience
  abortScope: AbortScope
}

/** The tail is compared once it is small beside what is here. */
const TAIL_FROM = 64 * TAIL_BYTES

export class HttpRead implements OriginRead {
  readonly version: string
  readonly fileName: string
  readonly start: number
  readonly validators: Validators
  readonly cachedHeaders: CachedHeaders
  readonly stated: StatedDigest | undefined
  readonly #supply: ReadSupply
  readonly #like: Representation
  #current: Continuation
  #length: number | undefined
  #rangesSupported: boolean
  #at: number
  /** The last bytes that were given, at most TAIL_BYTES. */
  #tail = new Uint8Array()
  #state: 'new' | 'reading' | 'over' = 'new'

  constructor(version: string, first: Continuation, supply: ReadSupply) {
    const { start } = first.rest
    this.version = version
    this.start = start
    this.#like = representationOf(first.answer.headers)
    this.validators = first.rest.validators
    this.cachedHeaders = first.answer.cachedHeaders
    this.fileName = fileNameFromHeaders(first.answer.headers)
    this.stated = statedDigest(first.answer.status, first.answer.headers)
    this.#supply = supply
    this.#current = first
    this.#length = first.rest.validators.length
    this.#rangesSupported = first.rest.rangesSupported
    this.#at = start
  }

  get length(): number | undefined {
    return this.#length
  }

  get rangesSupported(): boolean {
    return this.#rangesSupported
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.#supply.abortScope.signal.aborted) throw abortError(this.#supply.abortScope.signal)
    if (this.#state !== 'new') throw new DragonflyError('internal', 'a read of the origin can be iterated only once')
    this.#state = 'reading'
    try {
      for (;;) {
        const failure = yield* this.#readCurrent()
        if (failure === undefined) return
        await this.#continue(failure)
      }
    } finally {
      this.#state = 'over'
      this.#supply.abortScope.end()
      await this.#current.answer.close()
    }
  }

  async cancel(): Promise<void> {
    this.#supply.abortScope.abort(new DragonflyError('aborted', 'the read of the origin was cancelled'))
    await this.#current.answer.close()
  }

  /** Yields what the current answer gives. Returns why it did not reach the end, if it did not. */
  async *#readCurrent(): AsyncGenerator<Uint8Array, DragonflyError | undefined, undefined> {
    const { answer, rest } = this.#current
    const { signal } = this.#supply.abortScope
    const { bytes } = this.#current
    for (;;) {
      let next: IteratorResult<Uint8Array, void>
      try {
        next = await bytes.next()
      } catch (error) {
        if (signal.aborted) throw abortError(signal)
        if (error instanceof DragonflyError) {
          if (error.retryable) return error
          throw error
        }
        // All bytes are there: a connection that then ends badly (the last chunk's mark missing) has taken nothing from us.
        if (this.#at === this.#length) return undefined
        return bodyFailure(error, answer.url, this.#at, this.#length)
      }
      if (next.done) break
      this.#at += next.value.length
      this.#tail = next.value.slice(-TAIL_BYTES)
      this.#supply.patience.progress(next.value.length)
      yield next.value
    }
    // A body without announced length has shown it by its proper end.
    if (rest.bytes === undefined) this.#length ??= this.#at
    return this.#at === this.#length ? undefined : truncated(answer.url, this.#at, this.#length)
  }

  /** Gets the next answer, or throws the failure if there shall be none. */
  async #continue(failure: DragonflyError): Promise<void> {
    const { fetch, patience, abortScope } = this.#supply
    await this.#current.answer.close()
    if (!isResumable(this.version)) throw new UnjoinableError(failure)
    await patience.afterFailure(failure, abortScope.signal)
    const tail = this.#at < TAIL_FROM ? new Uint8Array() : this.#tail
    const from = this.#at - tail.length
    const wanted = { from, version: this.version, length: this.#length, like: this.#like }
    this.#current = await patience.until(async () => {
      const next = await fetch(wanted, abortScope.signal)
      // before the first byte any whole content begins where it should
      if (next.rest.isWanted && next.rest.start === from && (await follows(next, tail, from))) return next
      await next.answer.close()
      throw new AnotherVersionError(next.answer.url)
    }, abortScope.signal)
    this.#length ??= this.#current.rest.validators.length
    this.#rangesSupported ||= this.#current.rest.rangesSupported
  }
}

/** The wanted bytes of an answer, never one more than announced. Throws `origin-lies`, or undici's error when it breaks off. */
export async function* payload(answer: Answer, rest: Rest): AsyncGenerator<Uint8Array, void, undefined> {
  if (answer.status === 416) return answer.discard() // its body is a page for people
  let skip = rest.skip
  let left = rest.bytes ?? Number.POSITIVE_INFINITY
  for await (const chunk of answer.chunks()) {
    const useful = chunk.subarray(Math.min(skip, chunk.length), Math.min(left, chunk.length))
    skip -= Math.min(skip, chunk.length)
    left -= chunk.length
    if (useful.length > 0) yield useful
    if (left < 0) throw lies(answer.url, 'sent more than it announced')
  }
  if (await answer.hadSurplus()) throw lies(answer.url, 'sent more than it announced')
  if (skip > 0 && rest.bytes === undefined) throw lies(answer.url, 'sent less than before')
}
