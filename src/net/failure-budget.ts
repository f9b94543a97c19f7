// Counts failures by key; who has too many has to wait until some are forgiven. No clock of its own.

export interface FailureLimit {
  /** Failures at once. */
  most: number
  /** Milliseconds after which one is forgiven. */
  forgiveMs: number
}

/** Keys that are remembered; the one that was used least recently makes room. */
const MAX_KEYS = 4096

/** An attempt counts as a failure from its beginning until it succeeds, so that many at once are limited too. */
export class FailureBudget {
  readonly #limit: FailureLimit
  readonly #failures = new Map<string, { count: number; at: number }>()

  constructor(limit: FailureLimit) {
    this.#limit = limit
  }

  get size(): number {
    return this.#failures.size
  }

  /** Whether one more attempt may begin. */
  hasRoom(key: string, now: number): boolean {
    return this.#count(key, now) + 1 <= this.#limit.most
  }

  begin(key: string, now: number): void {
    this.#set(key, this.#count(key, now) + 1, now)
    if (this.#failures.size > MAX_KEYS) this.#failures.delete(this.#failures.keys().next().value as string)
  }

  succeeded(key: string, now: number): void {
    const count = this.#count(key, now) - 1
    if (count > 0) this.#set(key, count, now)
    else this.#failures.delete(key)
  }

  #count(key: string, now: number): number {
    const { count, at } = this.#failures.get(key) ?? { count: 0, at: now }
    return Math.max(0, count - (now - at) / this.#limit.forgiveMs)
  }

  #set(key: string, count: number, now: number): void {
    this.#failures.delete(key)
    this.#failures.set(key, { count, at: now })
  }
}
