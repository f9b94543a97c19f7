// The earliest time at which a decision may change although nothing happens.

export class Deadlines {
  #now = -Infinity
  #next = Infinity

  get now(): number {
    return this.#now
  }

  /** The next moment after `now` that was asked for since `begin`; Infinity: there is none. */
  get next(): number {
    return this.#next
  }

  /** A decision is made at this time. */
  begin(now: number): void {
    this.#now = now
    this.#next = Infinity
  }

  /** Whether the moment has come. If not, it is one to decide again at. */
  isDue(at: number): boolean {
    if (this.#now >= at) return true
    this.#next = Math.min(this.#next, at)
    return false
  }
}
