// How often a long run says in a log where it stands: fewer and fewer times.

/** Milliseconds between one line and the next; the last one from then on. */
const GAPS_MS = [2000, 5000, 10_000, 30_000, 60_000]

export class SparseLines {
  readonly #now: () => number
  #last: number
  #count = 0
  #shown = ''

  /** `now` in milliseconds, on a clock that never goes back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
    this.#last = now()
  }

  /** The line if it is time for one, and it says something new. */
  due(line: () => string): string | undefined {
    const gap = GAPS_MS[Math.min(this.#count, GAPS_MS.length - 1)] as number
    if (this.#now() - this.#last < gap) return undefined
    const text = line()
    if (text === this.#shown) return undefined
    this.#last = this.#now()
    this.#count++
    this.#shown = text
    return text
  }
}
