// A range of a content read from its origin, when nothing is known of the content before: goes on where the origin breaks off.
import { abortError, DragonflyError } from '../core/errors.ts'
import { type ByteRange, type RangeSpec, rangeText, rangeWithin, unsatisfiable } from '../core/range.ts'
import { isResumable, isVersion } from '../core/version.ts'
import type { Answer } from './answer.ts'
import type { CachedHeaders } from './cached-headers.ts'
import { contentLength, contentRange } from './content-range.ts'
import type { Continuation } from './continuation.ts'
import { bodyFailure, changed, lies, statusError, truncated, UnjoinableError } from './failures.ts'
import { field } from './fields.ts'
import { fileNameFromHeaders } from './filename.ts'
import { payload, type ReadSupply } from './read.ts'
import { type Representation, representationOf } from './representation.ts'
import { isWhole, type Rest, type Wanted } from './rest.ts'
import { type Condition, ifRange, validatorsOf } from './validators.ts'

/** A range being read. To be iterated once to its end, or cancelled. */
export interface OriginSlice {
  readonly version: string
  /** Of the first answer. */
  readonly cachedHeaders: CachedHeaders
  /** Bytes of the whole content; undefined when the origin does not tell. */
  readonly length: number | undefined
  /** From Content-Disposition, cleaned; empty without. */
  readonly fileName: string
  /** Which bytes come. Where the origin tells no length an open end is not known before it is reached: then undefined. */
  readonly start: number
  readonly end: number | undefined
  /** Once. Throws `origin-…`, `range-unsatisfiable` or the abort when the range does not come to its end. */
  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined>
  /** Abandons the read and frees its connection. Safe to call twice. */
  cancel(): Promise<void>
}

/** What an answer holds of a range. */
interface SliceRest extends Rest {
  end: number | undefined
}

/** The first answer, which was found to hold the range. */
interface FirstAnswer extends Continuation {
  rest: SliceRest
}

/** The conditions of the first request for a range. */
export function conditionsForSlice(range: RangeSpec, version: string | undefined): Condition[] {
  return [['range', `bytes=${rangeText(range)}`], ...(version === undefined ? [] : ifRange(version))]
}

/**
 * What the first answer holds of the range. Throws `range-unsatisfiable`; `origin-changed` for another version than the wanted
 * one; `origin-lies`; or what the status says.
 */
export function firstOf(answer: Answer, range: RangeSpec, version: string | undefined): FirstAnswer {
  try {
    const rest = sliceOf(answer, range)
    if (version !== undefined && !isVersion(version, rest.validators)) throw changed(answer.url)
    return { answer, rest, bytes: payload(answer, rest) }
  } catch (error) {
    answer.discard()
    throw error
  }
}

function sliceOf(answer: Answer, range: RangeSpec): SliceRest {
  const { status, headers, url } = answer
  if (status === 206) return partOf(answer, range)
  if (isWhole(answer)) return wholeSlice(answer, range)
  if (status !== 416) throw statusError(status, headers, url)
  // it need not tell how long the content is
  throw unsatisfiable(range, headers['content-range'] === undefined ? undefined : contentRange(headers, url).total)
}

function partOf({ headers, url, cachedHeaders }: Answer, asked: RangeSpec): SliceRest {
  if (/^multipart\//i.test(field(headers, 'content-type') ?? '')) throw lies(url, 'sent several ranges')
  const { range, total } = contentRange(headers, url)
  if (range === undefined) throw lies(url, 'sent no proper Content-Range')
  const { start, end } = range
  if (!isAsked(range, total, asked)) throw lies(url, 'sent another range than asked')
  const bytes = end - start
  if ((contentLength(headers, url) ?? bytes) !== bytes) throw lies(url, 'sent a range of another length')
  const validators = validatorsOf(headers, total, cachedHeaders.at)
  return { start, isWanted: true, end, validators, skip: 0, bytes, rangesSupported: true }
}

/** Without a total only a range with both ends can be told to be the right one. */
function isAsked(range: ByteRange, total: number | undefined, asked: RangeSpec): boolean {
  const length = total ?? ('end' in asked && asked.end === range.end ? range.end : undefined)
  const within = length === undefined ? undefined : rangeWithin(asked, length)
  return within?.start === range.start && within.end === range.end
}

/** The origin has no ranges, or does not want to use them: what comes before is read and thrown away. */
function wholeSlice({ headers, url, cachedHeaders }: Answer, asked: RangeSpec): SliceRest {
  const length = contentLength(headers, url)
  const validators = validatorsOf(headers, length, cachedHeaders.at)
  const within = length === undefined ? undefined : rangeWithin(asked, length)
  if (length !== undefined && within === undefined) throw unsatisfiable(asked, length)
  if (within === undefined && 'last' in asked) {
    throw new DragonflyError('origin-error', 'the origin sends no length, and supports no range from the end', {
      hint: 'ask for a range from the beginning',
    })
  }
  const start = within?.start ?? ('start' in asked ? asked.start : 0)
  const end = within?.end ?? ('end' in asked ? asked.end : undefined)
  return { start, isWanted: true, end, validators, skip: start, bytes: length, rangesSupported: false }
}

export class HttpSlice implements OriginSlice {
  readonly version: string
  readonly cachedHeaders: CachedHeaders
  readonly fileName: string
  readonly start: number
  readonly #range: RangeSpec
  readonly #supply: ReadSupply
  readonly #like: Representation
  #current: Continuation
  #length: number | undefined
  #end: number | undefined
  #at: number
  #isUsed = false

  constructor(version: string, range: RangeSpec, first: FirstAnswer, supply: ReadSupply) {
    const { answer, rest } = first
    this.version = version
    this.cachedHeaders = answer.cachedHeaders
    this.fileName = fileNameFromHeaders(answer.headers)
    this.start = rest.start
    this.#range = range
    this.#supply = supply
    this.#like = representationOf(answer.headers)
    this.#current = first
    this.#length = rest.validators.length
    this.#end = rest.end
    this.#at = rest.start
  }

  get length(): number | undefined {
    return this.#length
  }

  get end(): number | undefined {
    return this.#end
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.#supply.abortScope.signal.aborted) throw abortError(this.#supply.abortScope.signal)
    if (this.#isUsed) throw new DragonflyError('internal', 'a range of the origin can be iterated only once')
    this.#isUsed = true
    try {
      for (;;) {
        const failure = yield* this.#readCurrent()
        if (failure === undefined) return
        await this.#continue(failure)
      }
    } finally {
      this.#supply.abortScope.end()
      await this.#current.answer.close()
    }
  }

  async cancel(): Promise<void> {
    this.#supply.abortScope.abort(new DragonflyError('aborted', 'the read of the origin was cancelled'))
    await this.#current.answer.close()
  }

  /** Yields what the current answer gives of the range. Returns why it did not reach the end, if it did not. */
  async *#readCurrent(): AsyncGenerator<Uint8Array, DragonflyError | undefined, undefined> {
    const { answer, bytes } = this.#current
    const { patience, abortScope } = this.#supply
    for (;;) {
      let next: IteratorResult<Uint8Array, void>
      try {
        next = await bytes.next()
      } catch (error) {
        if (abortScope.signal.aborted) throw abortError(abortScope.signal)
        if (error instanceof DragonflyError) {
          if (error.retryable) return error
          throw error
        }
        return bodyFailure(error, answer.url, this.#at, this.#length)
      }
      if (next.done) break
      const chunk = next.value.subarray(0, this.#end === undefined ? next.value.length : this.#end - this.#at)
      this.#at += chunk.length
      patience.progress(chunk.length)
      yield chunk
      // of a whole content we do not wait for what comes after the range
      if (this.#at === this.#end && isWhole(answer) && this.#end !== this.#current.rest.bytes) return undefined
    }
    return this.#ended(answer)
  }

  #ended(answer: Answer): DragonflyError | undefined {
    if (this.#current.rest.bytes === undefined && (this.#end === undefined || this.#at < this.#end)) {
      // a body without an announced length has shown it by its proper end
      if (this.#at === this.start) throw unsatisfiable(this.#range, undefined)
      this.#length ??= this.#at
      this.#end = this.#at
    }
    return this.#at === this.#end ? undefined : truncated(answer.url, this.#at, this.#length)
  }

  /** Gets the next answer, or throws the failure if there shall be none. */
  async #continue(failure: DragonflyError): Promise<void> {
    const { fetch, patience, abortScope } = this.#supply
    await this.#current.answer.close()
    if (!isResumable(this.version)) throw new UnjoinableError(failure)
    await patience.afterFailure(failure, abortScope.signal)
    const wanted: Wanted = {
      from: this.#at,
      version: this.version,
      length: this.#length,
      like: this.#like,
      ...(this.#end !== undefined && { end: this.#end }),
    }
    this.#current = await patience.until(() => fetch(wanted, abortScope.signal), abortScope.signal)
    const { answer, rest } = this.#current
    if (rest.start !== this.#at || !rest.isWanted) throw changed(answer.url)
    this.#length ??= rest.validators.length
  }
}
