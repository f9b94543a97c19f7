// The origin as a source of bytes: whole contents, single ranges, and whether a version is still there.
import { randomUUID } from 'node:crypto'
import { abortError, DragonflyError } from '../core/errors.ts'
import type { ByteRange } from '../core/range.ts'
import { isResumable, isVersion, type Validators, versionName } from '../core/version.ts'
import type { Answer } from './answer.ts'
import { bodyFailure, lies, NoRangesError } from './failures.ts'
import { HttpClient } from './http-client.ts'
import { Lifelines } from './lifeline.ts'
import { ONE_BYTE, validatorsShown } from './look.ts'
import type { Noted } from './noted.ts'
import { type OriginOptions, type OriginRequest, type OriginSettings, settings } from './options.ts'
import { Patience } from './patience.ts'
import { type Continuation, HttpRead, type OriginRead, payload, type ReadSupply } from './read.ts'
import { conditionsFor, restOf, type Wanted } from './rest.ts'
import { type Condition, ifChanged } from './validators.ts'

export interface OpenOptions {
  /** Goes on with an earlier read: any other version is `origin-changed`. Default: whatever the origin shows now. */
  version?: string
  /** First byte. Default 0. */
  from?: number
  /** Ends the opening and the read itself. */
  signal?: AbortSignal
}

export type CheckResult = { state: 'same'; noted: Noted } | { state: 'changed'; read: OriginRead }

/** Whoever asks whether what he has is current has something: he does not wait long for an origin that wants a pause. */
const MAX_CHECK_PAUSE_MS = 1000

/**
 * Reads HTTP(S) origins, by one GET at a time per call. Tries again by itself, see `OriginOptions`. Messages and errors
 * never name a query, a password or a header's value.
 */
export class Origin {
  readonly #settings: OriginSettings
  readonly #client: HttpClient
  readonly #lifelines = new Lifelines()

  constructor(options: OriginOptions = {}) {
    this.#settings = settings(options)
    this.#client = new HttpClient(this.#settings)
  }

  /**
   * The whole content from byte `from` on. Rejects with `origin-…` or the abort; what breaks later is thrown by the
   * read's iteration.
   */
  async open(request: OriginRequest, want: OpenOptions = {}): Promise<OriginRead> {
    const { version, from = 0 } = want
    const supply = this.#supply(request, version !== undefined, want.signal)
    return guarded(supply, async () => {
      const wanted = { from, version, length: undefined }
      const first = await supply.patience.until(() => supply.fetch(wanted, supply.lifeline.signal), supply.lifeline.signal)
      return begin(version ?? nameOf(first), from, first, supply)
    })
  }

  /**
   * Exactly bytes `start` to `end` of that version, for one piece; `length` of the whole content if known. Rejects with
   * `origin-changed`, `origin-lies`, `NoRangesError` (for a version without strong validator too), other `origin-…`, or
   * the abort.
   */
  async range(
    request: OriginRequest,
    version: string,
    range: ByteRange,
    length: number | undefined,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    if (!isResumable(version)) throw new NoRangesError(request.url, 'this version has no strong validator')
    const bytes = new Uint8Array(range.end - range.start)
    const supply = this.#supply(request, true, signal)
    let got = 0
    const fill = async (): Promise<void> => {
      const wanted = { from: range.start + got, end: range.end, version, length }
      const part = await supply.fetch(wanted, supply.lifeline.signal)
      try {
        for await (const chunk of payload(part)) {
          bytes.set(chunk, got)
          got += chunk.length
          supply.patience.progress()
        }
      } catch (error) {
        if (supply.lifeline.signal.aborted) throw abortError(supply.lifeline.signal)
        if (error instanceof DragonflyError) throw error
        if (got < bytes.length) throw bodyFailure(error, part.answer.url, range.start + got, length)
      }
      if (got < bytes.length) throw lies(part.answer.url, 'sent less than it announced')
    }
    return guarded(supply, async () => {
      if (bytes.length > 0) await supply.patience.until(fill, supply.lifeline.signal)
      supply.lifeline.end()
      return bytes
    })
  }

  /**
   * Whether the origin is still at this version: one conditional GET, whose body is not read. If not, `read` is that
   * very answer, as from `open`. Rejects as `open`.
   */
  async check(request: OriginRequest, version: string, validators: Validators, signal?: AbortSignal): Promise<CheckResult> {
    const supply = this.#supply(request, false, signal, MAX_CHECK_PAUSE_MS)
    return guarded(supply, async () => {
      const answer = await supply.patience.until(() => showOrSame(ifChanged(validators), supply), supply.lifeline.signal)
      if ('rest' in answer && !isVersion(version, answer.rest.validators)) {
        return { state: 'changed', read: begin(nameOf(answer), 0, answer, supply) }
      }
      supply.lifeline.end()
      if ('rest' in answer) await answer.answer.close()
      else answer.answer.discard()
      return { state: 'same', noted: answer.answer.noted }
    })
  }

  /**
   * The version that the origin shows to this very request, which it has accepted then: one byte is asked for, and nothing
   * is read. Unconditional, as there are origins that say 304 before they look at credentials. Rejects as `open`.
   */
  async look(request: OriginRequest, signal?: AbortSignal): Promise<string> {
    const supply = this.#supply(request, false, signal)
    return guarded(supply, async () => {
      const { signal } = supply.lifeline
      const version = await supply.patience.until(async () => {
        const answer = await supply.ask([...ONE_BYTE], signal)
        try {
          return versionName(validatorsShown(answer), randomUUID())
        } finally {
          answer.discard()
        }
      }, signal)
      supply.lifeline.end()
      return version
    })
  }

  /** Ends every read that is under way and closes all connections. Safe to call twice. */
  async stop(): Promise<void> {
    this.#lifelines.stop()
    await this.#client.stop()
  }

  /** `reached`: the origin has answered before. `maxPauseMs`: the longest pause that is waited through. */
  #supply(
    request: OriginRequest,
    reached: boolean,
    signal: AbortSignal | undefined,
    maxPauseMs = Number.POSITIVE_INFINITY,
  ): Supply {
    const settings = { ...this.#settings, maxRetryAfterMs: Math.min(this.#settings.maxRetryAfterMs, maxPauseMs) }
    const ask: Ask = (conditions, inner) => this.#client.get(request, conditions, settings.maxRetryAfterMs, inner)
    return {
      ask,
      fetch: async (wanted, inner) => holding(await ask(conditionsFor(wanted), inner), wanted),
      patience: new Patience(settings, reached),
      lifeline: this.#lifelines.begin(signal),
    }
  }
}

/** One try under these conditions: whatever the origin answers. */
type Ask = (conditions: Condition[], signal: AbortSignal) => Promise<Answer>
type Supply = ReadSupply & { ask: Ask }

/** The content from its first byte, or the answer alone if none of the conditions holds (304). */
async function showOrSame(conditions: Condition[], { ask, lifeline }: Supply): Promise<Continuation | { answer: Answer }> {
  const answer = await ask(conditions, lifeline.signal)
  if (conditions.length > 0 && answer.status === 304) return { answer }
  return holding(answer, { from: 0, version: undefined, length: undefined })
}

/** The answer with what it holds, unless that is not what was wanted. */
function holding(answer: Answer, wanted: Wanted): Continuation {
  try {
    return { answer, rest: restOf(answer, wanted) }
  } catch (error) {
    answer.discard()
    throw error
  }
}

function begin(version: string, start: number, first: Continuation, supply: ReadSupply): OriginRead {
  supply.patience.reached()
  return new HttpRead(version, start, first, supply)
}

function nameOf({ rest }: Continuation): string {
  return versionName(rest.validators, randomUUID())
}

/** A call that fails leaves nothing at its caller's signal. */
async function guarded<T>(supply: ReadSupply, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    supply.lifeline.end()
    throw error
  }
}
