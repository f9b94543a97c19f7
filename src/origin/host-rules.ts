// Who may send the next request to one origin host, decided without a clock: in the order of asking, so many at a time,
// so many a second, none while the host has asked for a pause or is left alone.
import type { DragonflyError } from '../core/errors.ts'
import { Breaker, type BreakerSettings } from './breaker.ts'
import { CoolingError, pausedError, tooManyWaiting } from './failures.ts'
import { TokenBucket } from './token-bucket.ts'

/** Requests to one host that wait for their turn; what a flash crowd for many contents of one host can come to. */
export const MAX_WAITING = 10_000
/** The longest pause that a host is granted for all of its contents, whatever it asks for. */
export const MAX_PAUSE_MS = 60 * 60 * 1000

export interface HostLimits extends BreakerSettings {
  connections: number
  requestsPerSecond: number
  requestBurst: number
}

/** Somebody who wants to send a request. */
export interface Waiter {
  /** How long a pause it would wait through. Milliseconds. */
  readonly patienceMs: number
  /** Asks for the user of this node, who knows how many there are: the rate of requests is for what others ask for. */
  readonly isOwn?: boolean
}

/** What to do next: let one go, refuse one, or look again at a time or when something has changed. */
export type Decision<W> =
  | { type: 'go'; waiter: W; isTrial: boolean }
  | { type: 'refuse'; waiter: W; error: DragonflyError }
  | { type: 'rest'; until: number | undefined }

/** `now`: milliseconds of a clock that never goes back. */
export class HostRules<W extends Waiter> {
  readonly #limits: HostLimits
  readonly #breaker: Breaker
  readonly #requests: TokenBucket
  /** In the order of asking. */
  readonly #waiting = new Set<W>()
  #underWay = 0
  #pauseUntil = -Infinity
  /** What the host, or the way there, said last when it was in trouble; of no single content. */
  #words: DragonflyError | undefined

  constructor(limits: HostLimits) {
    this.#limits = limits
    this.#breaker = new Breaker(limits)
    this.#requests = new TokenBucket(limits.requestsPerSecond, limits.requestBurst)
  }

  /** Throws when too many are waiting already. */
  join(waiter: W): void {
    if (this.#waiting.size >= MAX_WAITING) throw tooManyWaiting(MAX_WAITING)
    this.#waiting.add(waiter)
  }

  /** Whether one more stream of a running read takes nothing from others: at most half of the connections are for such. */
  hasRoom(waiter: W, now: number): boolean {
    const isFree = this.#waiting.size === 0 && 2 * this.#underWay < this.#limits.connections
    const isWell = this.#pauseUntil <= now && this.#breaker.admission(now).type === 'go'
    return isFree && isWell && (waiter.isOwn === true || this.#requests.waitFor(1, now) <= 0)
  }

  leave(waiter: W): void {
    this.#waiting.delete(waiter)
  }

  /** To be asked, and obeyed, until it says `rest`. */
  next(now: number): Decision<W> {
    const refused = this.#refusal(now)
    if (refused !== undefined) {
      this.#waiting.delete(refused.waiter)
      return { type: 'refuse', ...refused }
    }
    const [waiter] = this.#waiting
    if (waiter === undefined || this.#underWay >= this.#limits.connections) return { type: 'rest', until: undefined }
    const admission = this.#breaker.admission(now)
    if (admission.type === 'wait') return { type: 'rest', until: undefined }
    const ms = Math.max(this.#pauseUntil - now, waiter.isOwn ? 0 : this.#requests.waitFor(1, now))
    if (ms > 0) return { type: 'rest', until: now + ms }
    if (!waiter.isOwn) this.#requests.take(1, now)
    this.#waiting.delete(waiter)
    this.#underWay++
    const isTrial = admission.type === 'trial'
    if (isTrial) this.#breaker.trying()
    return { type: 'go', waiter, isTrial }
  }

  /** The host answered, and is not in trouble. */
  answered(): void {
    this.#breaker.succeeded()
  }

  /** The host answered that it is in trouble, or did not answer. */
  failed(words: DragonflyError, isTrial: boolean, now: number): void {
    this.#words = words
    this.#breaker.failed(isTrial, now)
  }

  /** Whoever wanted the answer does not want it any more. */
  abandoned(isTrial: boolean): void {
    this.#breaker.abandoned(isTrial)
  }

  /** The host asked to be left alone for so long (Retry-After). */
  pause(words: DragonflyError, ms: number, now: number): void {
    const until = now + Math.min(ms, MAX_PAUSE_MS)
    if (until < this.#pauseUntil) return
    this.#pauseUntil = until
    this.#words = words
  }

  /** An answer was read to its end, or given up. */
  ended(): void {
    this.#underWay--
  }

  /** Whether a new one would decide the same. */
  isAtRest(now: number): boolean {
    return !this.isInUse && this.#pauseUntil <= now && this.#breaker.isAtRest && this.#requests.isFull(now)
  }

  get isInUse(): boolean {
    return this.#underWay > 0 || this.#waiting.size > 0
  }

  #refusal(now: number): { waiter: W; error: DragonflyError } | undefined {
    const words = this.#words
    if (words === undefined) return undefined
    const admission = this.#breaker.admission(now)
    const pause = this.#pauseUntil - now
    for (const waiter of this.#waiting) {
      if (admission.type === 'cooling') return { waiter, error: new CoolingError(words, admission.ms) }
      if (pause > waiter.patienceMs) return { waiter, error: pausedError(words, pause) }
      if (pause <= 0) return undefined
    }
    return undefined
  }
}
