// How much of the time this process waits for its disk to take pieces.

/** Adds up the time in which at least one write is under way. */
export class WriteMeter {
  readonly #now: () => number
  #running = 0
  #since = 0
  #total = 0

  /** Milliseconds of a clock that never goes back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  async during<T>(write: Promise<T>): Promise<T> {
    if (this.#running++ === 0) this.#since = this.#now()
    try {
      return await write
    } finally {
      if (--this.#running === 0) this.#total += this.#now() - this.#since
    }
  }

  /** Milliseconds so far. */
  get total(): number {
    return this.#total + (this.#running === 0 ? 0 : this.#now() - this.#since)
  }
}

/** Of all stores of this process: they mostly share a disk. */
export const pieceWrites = new WriteMeter()
