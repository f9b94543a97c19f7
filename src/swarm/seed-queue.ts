// Which seed is asked next: each once in a round, and after a pause all again that have not refused.
import type { Deadlines } from './deadlines.ts'

export class SeedQueue {
  readonly #deadlines: Deadlines
  readonly #retryMs: number
  /** Those that did not refuse. */
  #usable: readonly string[]
  /** Still to be asked in this round. */
  #queue: string[]
  #againAt = -Infinity

  constructor(seeds: readonly string[], { retryMs }: { retryMs: number }, deadlines: Deadlines) {
    this.#deadlines = deadlines
    this.#retryMs = retryMs
    this.#usable = seeds
    this.#queue = [...seeds]
  }

  /** Whether everybody was asked in this round. */
  get isEmpty(): boolean {
    return this.#queue.length === 0
  }

  /** Whether any that is still to be asked in this round is one of these. */
  some(is: (seed: string) => boolean): boolean {
    return this.#queue.some(is)
  }

  /** Whether they may be asked again: not all have refused. */
  get mayReturn(): boolean {
    return this.#usable.length > 0
  }

  /** These are asked, too. */
  add(seeds: readonly string[]): void {
    this.#usable = [...this.#usable, ...seeds]
    this.#queue.push(...seeds)
  }

  /** It is asked once more, before the others. */
  putFirst(seed: string): void {
    this.#queue.unshift(seed)
  }

  /** It is not asked again. */
  remove(seed: string): void {
    this.#usable = this.#usable.filter(other => other !== seed)
  }

  /** Everybody was asked. */
  endRound(now: number): void {
    this.#againAt = now + this.#retryMs
  }

  next(): string | undefined {
    if (this.isEmpty && this.mayReturn && this.#deadlines.isDue(this.#againAt)) this.#queue = [...this.#usable]
    return this.#queue.shift()
  }
}
