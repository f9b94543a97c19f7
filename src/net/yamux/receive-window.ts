// What the other side may send on one stream, and when it is told that it may send more.

/** The sender is told of credit when it is this part of its window: it never has to wait for it, and few frames say it. */
const KEPT_PART = 8
/** A window is doubled when half of it was used up within so many round trips: then it is what limits the rate. */
const GROWTH_ROUND_TRIPS = 4
/** Or within so many milliseconds: a reader that hashes and writes is away from its socket for tens of them, on the shortest way. */
const GROWTH_MS = 100

export class ReceiveWindow {
  #size: number
  /** What the other side may still send, bytes, by all that it was told. */
  #capacity: number
  /** When the current half of the window began, and how much of it was used. */
  #epochStart: number
  #epochBytes = 0

  constructor(size: number, now: number) {
    this.#size = size
    this.#capacity = size
    this.#epochStart = now
  }

  /** Whether the other side may send a frame of so many bytes. */
  allows(bytes: number): boolean {
    return bytes <= this.#capacity
  }

  /** So many bytes of a frame that was allowed have come. */
  take(bytes: number): void {
    this.#capacity -= bytes
  }

  /** Whether it is time to tell the other side of credit. `held`: bytes that came and were not dealt with. */
  isDue(held: number): boolean {
    return this.#size - this.#capacity - held >= this.#size / KEPT_PART
  }

  /**
   * The credit to tell the other side, which it has from then on. Bytes.
   * @param held - bytes that came and were not dealt with
   * @param max - largest size of the window, bytes
   * @param rtt - milliseconds; negative: not measured
   * @param now - milliseconds
   */
  credit(held: number, max: number, rtt: number, now: number): number {
    const due = this.#size - this.#capacity - held
    this.#epochBytes += due
    const credit = due + this.#grow(max, rtt, now)
    this.#capacity += credit
    return credit
  }

  #grow(max: number, rtt: number, now: number): number {
    if (this.#epochBytes < this.#size / 2) return 0
    const isFast = now - this.#epochStart <= Math.max(GROWTH_MS, GROWTH_ROUND_TRIPS * rtt)
    this.#epochStart = now
    this.#epochBytes = 0
    const grown = isFast ? Math.max(0, Math.min(this.#size, max - this.#size)) : 0
    this.#size += grown
    return grown
  }
}
