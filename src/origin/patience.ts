// Decides whether and when to retry: back-off, Retry-After, and their limits.
import { setTimeout as sleep } from 'node:timers/promises'
import { abortError, type DragonflyError } from '../core/errors.ts'
import { CoolingError, HungUpError } from './failures.ts'
import type { OriginSettings } from './options.ts'

export const MAX_BACKOFF_MS = 10_000
/** Tries in a row that gave less than so many bytes each: an origin that gives a byte per connection is as good as down. */
export const MAX_LEAN_TRIES = 100
export const LEAN_BYTES = 1024
/** Silence is waited for long enough that another try is not like to hear more. */
const SILENT_TRIES = 2
/** So long a host that is left alone is waited for in all without a new byte: as long as `curl --retry 5` pauses. */
export const MAX_COOLING_MS = 31_000
/** A person who mistyped a port learns it after at most (250 + 500) × 1.5 ms at the default back-off. */
const FIRST_CONTACT_TRIES = 3

type RetrySettings = Pick<OriginSettings, 'attempts' | 'backoffMs' | 'maxRetryAfterMs' | 'onRetry' | 'random'>

/** Counts the failures of one read. */
export class Patience {
  readonly #settings: RetrySettings
  /** Tries in a row that gave no new byte. */
  #fruitless = 0
  /** Waits in a row; each is twice as long as the one before. */
  #waits = 0
  #lean = 0
  /** Milliseconds waited in a row for a host that is left alone. */
  #cooledMs = 0
  /** Bytes that the try under way has given. */
  #given = 0
  #reached: boolean

  /** `reached`: this origin has answered before, so that a refused connection may be a restart. */
  constructor(settings: RetrySettings, reached: boolean) {
    this.#settings = settings
    this.#reached = reached
  }

  /** The origin answered. */
  reached(): void {
    this.#reached = true
  }

  /** From now on the origin is asked for something else: what it gave or refused before says nothing about that. */
  startOver(): void {
    this.#fruitless = this.#waits = this.#cooledMs = 0
  }

  /** New bytes came. */
  progress(bytes: number): void {
    this.#given += bytes
  }

  /** Calls until it succeeds or shall not be called again; then throws its last error, or the abort. */
  async until<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      try {
        return await call()
      } catch (error) {
        await this.afterFailure(error as DragonflyError, signal)
      }
    }
  }

  /** Waits before the next try, or throws the error (or the abort). */
  async afterFailure(error: DragonflyError, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw abortError(signal)
    // who has nothing yet learns at once what is wrong; who is in the middle of a read may outlast a short trouble
    if (error instanceof CoolingError && !this.#reached) throw error
    const { maxRetryAfterMs, onRetry } = this.#settings
    if (this.#given > 0) this.#fruitless = this.#waits = this.#cooledMs = 0
    else this.#fruitless++
    this.#lean = this.#given < LEAN_BYTES ? this.#lean + 1 : 0
    this.#given = 0
    if (!error.retryable || this.#fruitless >= this.#allowed(error) || this.#lean > MAX_LEAN_TRIES) throw error
    if ((error.retryAfter ?? 0) > maxRetryAfterMs) throw error
    const wait = error.retryAfter ?? this.#backoff()
    if (error instanceof CoolingError) this.#cooledMs += wait
    if (this.#cooledMs > MAX_COOLING_MS) throw error
    onRetry(error, wait)
    try {
      await sleep(wait, undefined, { signal })
    } catch {
      throw abortError(signal)
    }
  }

  /** Tries without a new byte. */
  #allowed(error: DragonflyError): number {
    const { code } = error
    const { attempts } = this.#settings
    // a port that somebody listens at is hardly mistyped
    const isMistyped = code === 'origin-unreachable' && !(error instanceof HungUpError)
    if (isMistyped && !this.#reached) return Math.min(attempts, FIRST_CONTACT_TRIES)
    return code === 'origin-timeout' ? Math.min(attempts, SILENT_TRIES) : attempts
  }

  #backoff(): number {
    const { backoffMs, random } = this.#settings
    return Math.min(MAX_BACKOFF_MS, backoffMs * 2 ** this.#waits++ * (0.5 + random()))
  }
}
