// The recent rate of a download.

/** Bytes are counted by the half second, and looked at over so many of these. */
const BUCKET_MS = 500
const BUCKETS = 8
/** A swarm that begins, on hosts that all begin at once, is slower than it will be: so long it is not judged. */
const SETTLING_MS = 10_000

export class Pace {
  readonly #bytes = new Array<number>(BUCKETS).fill(0)
  /** When the first bytes came: what was before says nothing of the swarm. */
  #begun: number | undefined
  /** Number of the newest bucket since time 0. */
  #newest = 0

  add(bytes: number, now: number): void {
    this.#begun ??= now
    this.#advance(now)
    this.#bytes[this.#newest % BUCKETS] = (this.#bytes[this.#newest % BUCKETS] as number) + bytes
  }

  /** Bytes per millisecond over the last 4 s; undefined until 10 s after the first bytes. */
  rate(now: number): number | undefined {
    return this.#begun === undefined || now - this.#begun < SETTLING_MS ? undefined : this.recent(now)
  }

  /** The same from the first moment. */
  recent(now: number): number {
    this.#advance(now)
    return this.#bytes.reduce((sum, n) => sum + n, 0) / (BUCKET_MS * BUCKETS)
  }

  #advance(now: number): void {
    const bucket = Math.floor(now / BUCKET_MS)
    for (let i = 0; this.#newest < bucket; i++) {
      // after a long silence every bucket has been emptied once
      if (i === BUCKETS) this.#newest = bucket - 1
      this.#newest++
      this.#bytes[this.#newest % BUCKETS] = 0
    }
  }
}
