// Measured latencies of requests, from which "late" is derived.

/** Enough to know a percentile, few enough to forget what the network was like a while ago. */
const KEPT = 64
/** With fewer samples nothing is said. */
const ENOUGH = 8

export class Latencies {
  readonly #samples = new Float64Array(KEPT)
  /** The same in order: it is asked far more often than something is added. */
  readonly #sorted = new Float64Array(KEPT)
  #count = 0
  #next = 0

  add(ms: number): void {
    if (this.#count === KEPT) this.#forget(this.#samples[this.#next] as number)
    this.#samples[this.#next] = ms
    this.#next = (this.#next + 1) % KEPT
    let place = this.#count++
    for (; place > 0 && (this.#sorted[place - 1] as number) > ms; place--) this.#sorted[place] = this.#sorted[place - 1] as number
    this.#sorted[place] = ms
  }

  /** Milliseconds within which this share (0 to 1) of the last requests was answered; undefined: too few are known. */
  percentile(share: number): number | undefined {
    if (this.#count < ENOUGH) return undefined
    return this.#sorted[Math.min(this.#count - 1, Math.floor(share * this.#count))]
  }

  #forget(ms: number): void {
    this.#sorted.copyWithin(this.#sorted.indexOf(ms), this.#sorted.indexOf(ms) + 1, this.#count--)
  }
}
