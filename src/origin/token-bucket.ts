// A token bucket. Told the time; waits for nothing.

/** After the "generic cell rate algorithm": one number instead of tokens that somebody has to refill. */
export class TokenBucket {
  readonly #perMs: number
  readonly #burstMs: number
  /** When everything that was taken has been paid for. Milliseconds of the caller's clock. */
  #paidAt = -Infinity

  /** `burst`: how much may be taken at once after a rest, in what `perSecond` counts. */
  constructor(perSecond: number, burst: number) {
    this.#perMs = perSecond / 1000
    this.#burstMs = burst / this.#perMs
  }

  /** Milliseconds until so much may be taken. */
  waitFor(amount: number, now: number): number {
    return Math.max(0, this.#after(amount, now) - now)
  }

  /** Takes it in any case. Returns the milliseconds to wait before it is used: whoever takes next waits behind it. */
  take(amount: number, now: number): number {
    this.#paidAt = this.#after(amount, now)
    return Math.max(0, this.#paidAt - now)
  }

  /** Whether it is as good as a new one. */
  isFull(now: number): boolean {
    return this.#paidAt <= now - this.#burstMs
  }

  #after(amount: number, now: number): number {
    return Math.max(this.#paidAt, now - this.#burstMs) + amount / this.#perMs
  }
}
