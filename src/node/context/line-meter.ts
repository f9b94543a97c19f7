// Measures a line: the best rate over a second that was seen on it.

const SECOND_MS = 1000

export class LineMeter {
  #second = 0
  #bytes = 0
  #best = 0

  /** Bytes passed. `at`: milliseconds. */
  add(bytes: number, at: number): void {
    const second = Math.floor(at / SECOND_MS)
    if (second !== this.#second) {
      this.#best = Math.max(this.#best, this.#bytes)
      this.#second = second
      this.#bytes = 0
    }
    this.#bytes += bytes
  }

  /** Bytes a second; undefined before a second has passed in which something came. */
  get best(): number | undefined {
    return this.#best === 0 ? undefined : this.#best
  }
}
