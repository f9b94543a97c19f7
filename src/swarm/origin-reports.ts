// Keeps what seeds have said of the origin: that it failed them, or that they cannot reach it. Their tries were used up for all who wait.
import type { Deadlines } from './deadlines.ts'

/**
 * It is not waited for again for so long, milliseconds, and our own read has few tries. Longer than all who are asked one after the
 * other take, each of which finds out for itself whether it can reach the origin.
 */
const HOLDS_MS = 30_000

export class OriginReports {
  readonly #deadlines: Deadlines
  /** Whether it failed the reads of a seed too often. */
  hasSpent = false
  /** When each of them last said so. */
  readonly #toldAt = new Map<string, number>()

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines
  }

  told(seed: string, now: number): void {
    this.#toldAt.set(seed, now)
  }

  /** Whether this one has said so: that it waits for the origin once more is no reason to wait for it. */
  isFrom(seed: string | undefined): boolean {
    const at = seed === undefined ? undefined : this.#toldAt.get(seed)
    return at !== undefined && !this.#deadlines.isDue(at + HOLDS_MS)
  }

  get isAny(): boolean {
    return [...this.#toldAt.keys()].some(seed => this.isFrom(seed))
  }
}
