// Tells when a request is late, and when it is overdue, by how long the requests before it took.
import type { SwarmPolicy } from './events.ts'
import { Latencies } from './latencies.ts'

/** A request is late when it takes so many times as long as `latePercentile` of the others did. */
const LATE_FACTOR = 1.5
/** One that takes so many times as long as half of the others is overdue. */
const OVERDUE_FACTOR = 6

export class Lateness {
  readonly #policy: SwarmPolicy
  readonly #pieceLength: number
  readonly #latencies = new Latencies()

  /** `pieceLength`: bytes. */
  constructor(policy: SwarmPolicy, pieceLength: number) {
    this.#policy = policy
    this.#pieceLength = pieceLength
  }

  /** A request was answered after so many milliseconds. */
  add(ms: number): void {
    this.#latencies.add(ms)
  }

  /** Milliseconds after which a request is late; undefined: too little is known. */
  get lateMs(): number | undefined {
    const usual = this.#latencies.percentile(this.#policy.latePercentile)
    return usual === undefined ? undefined : LATE_FACTOR * usual
  }

  /** Of a request that was made at `at`. */
  isOverdue(at: number, now: number): boolean {
    if (now - at < this.#policy.snubMs) return false
    const usual = this.#latencies.percentile(0.5)
    return now - at >= (usual === undefined ? this.#pieceLength / this.#policy.leastRate : OVERDUE_FACTOR * usual)
  }
}
