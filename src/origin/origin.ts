// Reads an origin: whole contents, single ranges, and whether a version is still current.

import { randomUUID } from 'node:crypto'
import { abortError, DragonflyError } from '../core/errors.ts'
import type { ByteRange, RangeSpec } from '../core/range.ts'
import { isResumable, isVersion, type Validators, versionName } from '../core/version.ts'
import { AbortScopes } from './abort-scope.ts'
import type { Answer } from './answer.ts'
import type { CachedHeaders } from './cached-headers.ts'
import type { Continuation } from './continuation.ts'
import { bodyFailure, lies, NoRangesError } from './failures.ts'
import { headOf, ONE_BYTE, type OriginHead } from './look.ts'
import { type OriginOptions, type OriginRequest, type OriginSettings, settings } from './options.ts'
import { OriginClient } from './origin-client.ts'
import { Patience } from './patience.ts'
import { HttpRead, type OriginRead, payload, type ReadSupply } from './read.ts'
import { conditionsFor, isWhole, restOf, type Wanted, wholeOf } from './rest.ts'
import { conditionsForSlice, firstOf, HttpSlice, type OriginSlice } from './slice.ts'
import { follows } from './tail.ts'
import { type Condition, ifChanged } from './validators.ts'

export interface OpenOptions {
  /**
   * The version to go on with. Where the origin shows another one, or nothing strong says that it is this one, the read
   * begins at byte 0: look at its `start` and `version`. Default: whatever the origin shows now.
   */
  version?: string
  /** First byte. Default 0. */
  from?: number
  /**
   * The bytes right before `from`, a few KiB of them: the origin is asked for them again, and goes on only when they are
   * the same. A read without them trusts the origin's validators. Default: none.
   */
  tail?: Uint8Array
  /** Somebody has just waited for this origin in vain: it gets as few tries as one that never answered. Default false. */
  isDoubted?: boolean
  /** Ends the opening and the read itself. */
  signal?: AbortSignal
}

export interface RangeOptions extends Pick<OpenOptions, 'isDoubted'> {
  signal?: AbortSignal
  /** Told how many bytes have come, each time. */
  onBytes?: (bytes: number) => void
}

/** Fewer than the tries that a read has in a row. */
const MAX_BUSY_RANGES = 3

export type CheckResult = { state: 'same'; cachedHeaders: CachedHeaders } | { state: 'changed'; read: OriginRead }

/** Whoever asks whether what he has is current has something: he does not wait long for an origin that wants a pause. */
const MAX_CHECK_PAUSE_MS = 1000

/**
 * Reads HTTP(S) origins, by one GET at a time per call. Tries again by itself, see `OriginOptions`. Messages and errors
 * never name a query, a password or a header's value.
 */
export class Origin {
  readonly #settings: OriginSettings
  readonly #client: OriginClient
  readonly #scopes = new AbortScopes()

  constructor(options: OriginOptions = {}) {
    this.#settings = settings(options)
    this.#client = new OriginClient(this.#settings)
  }

  /** Whether what it reads is for other hosts. */
  get isForOthers(): boolean {
    return this.#settings.forOthers
  }

  /**
   * The whole content from byte `from` on. Rejects with `origin-…` or the abort; what breaks later is thrown by the
   * read's iteration.
   */
  async open(request: OriginRequest, want: OpenOptions = {}): Promise<OriginRead> {
    const { version, from = 0, tail = new Uint8Array(), isDoubted = false } = want
    const supply = this.#supply(request, version !== undefined && !isDoubted, want.signal)
    return guarded(supply, async () => {
      const { patience, abortScope } = supply
      const wanted = { from: from - tail.length, version, length: undefined }
      const first = await patience.until(() => this.#begun(wanted, tail, supply), abortScope.signal)
      const isWanted = version !== undefined && isVersion(version, first.rest.validators)
      return begin(isWanted ? version : nameOf(first), first, supply)
    })
  }

  /** The answer that a read begins with: what the tail contradicts is another content, to be read from its first byte. */
  async #begun(wanted: Wanted, tail: Uint8Array, { fetch, abortScope }: Supply): Promise<Continuation> {
    const first = await fetch(wanted, abortScope.signal)
    if (tail.length === 0 || first.rest.start !== wanted.from) return first
    if (await follows(first, tail, wanted.from)) return first
    await first.answer.close()
    return await fetch({ from: 0, version: undefined, length: undefined }, abortScope.signal)
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
    { signal, onBytes, isDoubted = false }: RangeOptions = {},
  ): Promise<Uint8Array> {
    if (!isResumable(version)) throw new NoRangesError(request.url, 'this version has no strong validator')
    const bytes = new Uint8Array(range.end - range.start)
    const supply = this.#supply(request, !isDoubted, signal)
    let got = 0
    const fill = async (): Promise<void> => {
      const wanted = { from: range.start + got, end: range.end, version, length }
      const part = holding(await supply.ask(conditionsFor(wanted), supply.abortScope.signal), wanted)
      try {
        for await (const chunk of part.bytes) {
          bytes.set(chunk, got)
          got += chunk.length
          supply.patience.reached()
          supply.patience.progress(chunk.length)
          onBytes?.(chunk.length)
        }
      } catch (error) {
        if (supply.abortScope.signal.aborted) throw abortError(supply.abortScope.signal)
        if (error instanceof DragonflyError) throw error
        if (got < bytes.length) throw bodyFailure(error, part.answer.url, range.start + got, length)
      }
      if (got < bytes.length) throw lies(part.answer.url, 'sent less than it announced')
    }
    return guarded(supply, async () => {
      if (request.isExtra) await fill()
      else if (bytes.length > 0) await supply.patience.until(fill, supply.abortScope.signal)
      supply.abortScope.end()
      return bytes
    })
  }

  /**
   * A range of whatever version the origin shows now, or of `version`, which must have a strong validator. One request, unless
   * the origin breaks off. Rejects with `range-unsatisfiable`, `origin-changed`, other `origin-…`, or the abort; what breaks
   * later is thrown by the iteration.
   */
  async slice(
    request: OriginRequest,
    range: RangeSpec,
    { version, signal }: Pick<OpenOptions, 'version' | 'signal'> = {},
  ): Promise<OriginSlice> {
    if (version !== undefined && !isResumable(version)) {
      throw new NoRangesError(request.url, 'this version has no strong validator')
    }
    const supply = this.#supply(request, version !== undefined, signal)
    return guarded(supply, async () => {
      const { ask, patience, abortScope } = supply
      const conditions = conditionsForSlice(range, version)
      const first = await patience.until(
        async () => firstOf(await ask(conditions, abortScope.signal), range, version),
        abortScope.signal,
      )
      patience.reached()
      return new HttpSlice(version ?? nameOf(first), range, first, supply)
    })
  }

  /**
   * Whether the origin is still at this version: one conditional GET, whose body is not read. If not, `read` is that
   * very answer, as from `open`. Rejects as `open`.
   */
  async check(request: OriginRequest, version: string, validators: Validators, signal?: AbortSignal): Promise<CheckResult> {
    const supply = this.#supply(request, false, signal, MAX_CHECK_PAUSE_MS)
    return guarded(supply, async () => {
      const answer = await supply.patience.until(() => showOrSame(ifChanged(validators), supply), supply.abortScope.signal)
      if ('rest' in answer && !isVersion(version, answer.rest.validators)) {
        return { state: 'changed', read: begin(nameOf(answer), answer, supply) }
      }
      supply.abortScope.end()
      if ('rest' in answer) await answer.answer.close()
      else answer.answer.discard()
      return { state: 'same', cachedHeaders: answer.answer.cachedHeaders }
    })
  }

  /**
   * What the origin shows to this very request, which it has accepted then: one byte is asked for, and nothing is read.
   * Unconditional, as there are origins that say 304 before they look at credentials. `once`: no second try. Rejects as `open`.
   */
  async look(request: OriginRequest, signal?: AbortSignal, { once = false } = {}): Promise<OriginHead> {
    const supply = this.#supply(request, false, signal)
    return guarded(supply, async () => {
      const { signal } = supply.abortScope
      const ask = async () => {
        const answer = await supply.ask([...ONE_BYTE], signal)
        try {
          return headOf(answer)
        } finally {
          answer.discard()
        }
      }
      const head = once ? await ask() : await supply.patience.until(ask, signal)
      supply.abortScope.end()
      return head
    })
  }

  /** Ends every read that is under way and closes all connections. Safe to call twice. */
  async stop(): Promise<void> {
    this.#scopes.stop()
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
    const patience = new Patience(settings, reached)
    return { ask, fetch: fetcher(ask, patience), patience, abortScope: this.#scopes.begin(signal) }
  }
}

/** One try under these conditions: whatever the origin answers. */
type Ask = (conditions: Condition[], signal: AbortSignal) => Promise<Answer>
type Supply = ReadSupply & { ask: Ask }

/** The content from its first byte, or the answer alone if none of the conditions holds (304). */
async function showOrSame(conditions: Condition[], { ask, abortScope }: Supply): Promise<Continuation | { answer: Answer }> {
  const answer = await ask(conditions, abortScope.signal)
  if (conditions.length > 0 && answer.status === 304) return { answer }
  return holding(answer, { from: 0, version: undefined, length: undefined })
}

/** The answer with what it holds, unless that is not what was wanted. */
function holding(answer: Answer, wanted: Wanted, judge = restOf): Continuation {
  try {
    const rest = judge(answer, wanted)
    return { answer, rest, bytes: payload(answer, rest) }
  } catch (error) {
    answer.discard()
    throw error
  }
}

/**
 * See ReadSupply.fetch. Who has refused a range, or could not give several in a row, is not asked for another by the same read;
 * the whole then has as many tries as if no range had been asked for.
 */
function fetcher(ask: Ask, patience: Patience): ReadSupply['fetch'] {
  let isRefusing = false
  let busyRanges = 0
  const refuse = () => {
    isRefusing = true
    patience.startOver()
  }
  return async (wanted, signal) => {
    const { from, version } = wanted
    if (busyRanges === MAX_BUSY_RANGES && !isRefusing) refuse()
    if (from > 0 && version !== undefined && isResumable(version) && !isRefusing) {
      const answer = await ask(conditionsFor(wanted), signal)
      if (isWhole(answer)) return holding(answer, wanted, wholeOf)
      try {
        const rest = holding(answer, wanted)
        busyRanges = 0
        return rest
      } catch (error) {
        if ((error as DragonflyError).retryable && answer.status !== 501) {
          busyRanges++
          throw error
        }
        refuse()
      }
    }
    return holding(await ask([], signal), wanted, wholeOf)
  }
}

function begin(version: string, first: Continuation, supply: ReadSupply): OriginRead {
  supply.patience.reached()
  return new HttpRead(version, first, supply)
}

function nameOf({ rest }: Continuation): string {
  return versionName(rest.validators, randomUUID())
}

/** A call that fails leaves nothing at its caller's signal. */
async function guarded<T>(supply: ReadSupply, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    supply.abortScope.end()
    throw error
  }
}
