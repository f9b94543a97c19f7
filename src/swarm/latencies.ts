// Measured latencies of requests, from which "late" is derived.

/** Enough to know a percentile, few enough to forget what the network was like a while ago. */
const KEPT = 64
/** With fewer samples nothing is said. */
const ENOUGH = 8

export class Latencies {
  readonly #samples: number[] = []
  #next = 0
  #sorted: number[] | undefined

  add(ms: number): void {
    this.#samples[this.#next] = ms
    this.#next = (this.#next + 1) % KEPT
    this.#sorted = undefined
  }

  /** Milliseconds within which this share (0 to 1) of the last requests was answered; undefined: too few are known. */
  percentile(share: number): number | undefined {
    if (this.#samples.length < ENOUGH) return undefined
    this.#sorted ??= this.#samples.toSorted((a, b) => a - b)
    return this.#sorted[Math.min(this.#sorted.length - 1, Math.floor(share * this.#sorted.length))]
  }
}
