// Measures a line: the best rate over a second that was seen on it, and what it has carried lately.

const SECOND_MS = 1000
/** Seconds whose middle one is what a line carries now: one burst, or one gap, says nothing. */
const LATELY = 5

export class LineMeter {
  #second = 0
  #bytes = 0
  #best = 0
  /** Bytes of the whole seconds before this one, the latest last. */
  #lately: number[] = new Array(LATELY).fill(0)

  /** Bytes passed. `at`: milliseconds. */
  add(bytes: number, at: number): void {
    this.#passTo(at)
    this.#bytes += bytes
  }

  /** Bytes a second; undefined before a second has passed in which something came. */
  get best(): number | undefined {
    return this.#best === 0 ? undefined : this.#best
  }

  /** Bytes a second: the middle one of the last five seconds, those without any included. */
  usual(at: number): number {
    this.#passTo(at)
    return this.#lately.toSorted((a, b) => a - b)[Math.floor(LATELY / 2)] as number
  }

  #passTo(at: number): void {
    const second = Math.floor(at / SECOND_MS)
    if (second === this.#second) return
    this.#best = Math.max(this.#best, this.#bytes)
    const idle = Math.min(LATELY - 1, second - this.#second - 1)
    this.#lately = [...this.#lately, this.#bytes, ...new Array(idle).fill(0)].slice(-LATELY)
    this.#second = second
    this.#bytes = 0
  }
}
