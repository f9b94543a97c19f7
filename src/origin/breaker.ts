// A circuit breaker for one origin host. Told the time.

export interface BreakerSettings {
  /** Failures in a row after which the host is left alone. */
  breakerFailures: number
  /** For how long, the first time; doubles with every trial that fails. Milliseconds. */
  coolingMs: number
  /** The longest time. Milliseconds. */
  maxCoolingMs: number
}

/** What a request may do now: go; go as the one trial; wait for the trial; or not at all for so many milliseconds. */
export type Admission = { type: 'go' | 'trial' | 'wait' } | { type: 'cooling'; ms: number }

export class Breaker {
  readonly #settings: BreakerSettings
  #failures = 0
  /** Times in a row that the host was left alone. */
  #coolings = 0
  /** Undefined while the host is not suspected. */
  #coolUntil: number | undefined
  #trying = false

  constructor(settings: BreakerSettings) {
    this.#settings = settings
  }

  admission(now: number): Admission {
    if (this.#coolUntil === undefined) return { type: 'go' }
    if (now < this.#coolUntil) return { type: 'cooling', ms: this.#coolUntil - now }
    return { type: this.#trying ? 'wait' : 'trial' }
  }

  /** The trial is on its way. */
  trying(): void {
    this.#trying = true
  }

  /** The host answered properly, to whomever. */
  succeeded(): void {
    this.#failures = this.#coolings = 0
    this.#coolUntil = undefined
    this.#trying = false
  }

  /** What was sent before the host was left alone says nothing new when it fails. */
  failed(isTrial: boolean, now: number): void {
    if (this.#coolUntil !== undefined && !(isTrial && this.#trying)) return
    this.#failures++
    this.#trying = false
    if (this.#coolUntil === undefined && this.#failures < this.#settings.breakerFailures) return
    const { coolingMs, maxCoolingMs } = this.#settings
    this.#coolUntil = now + Math.min(maxCoolingMs, coolingMs * 2 ** this.#coolings++)
  }

  /** The request was given up by whoever wanted it: that says nothing about the host, and another may try. */
  abandoned(isTrial: boolean): void {
    if (isTrial) this.#trying = false
  }

  /** Whether there is nothing to remember. */
  get isAtRest(): boolean {
    return this.#failures === 0 && this.#coolUntil === undefined
  }
}
