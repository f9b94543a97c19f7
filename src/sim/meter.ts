// Measures what several links could carry and did carry.

export class Meter {
  /** Bytes per millisecond. */
  #capacity = 0
  #rate = 0
  /** Bytes until `since`. */
  #offered = 0
  #moved = 0
  #since = 0

  /** From `now` on the links could carry so many bytes per millisecond more. */
  grow(capacity: number, now: number): void {
    this.#advance(now)
    this.#capacity += capacity
  }

  /** From `now` on they carry so many bytes per millisecond more. */
  use(rate: number, now: number): void {
    this.#advance(now)
    this.#rate += rate
  }

  /** Share of the capacity used since the last time this was asked; 0 where there was none. */
  take(now: number): number {
    this.#advance(now)
    const use = this.#offered === 0 ? 0 : Math.min(1, Math.max(0, this.#moved / this.#offered))
    this.#offered = 0
    this.#moved = 0
    return use
  }

  #advance(now: number): void {
    if (now === this.#since) return
    this.#offered += this.#capacity * (now - this.#since)
    this.#moved += this.#rate * (now - this.#since)
    this.#since = now
  }
}
