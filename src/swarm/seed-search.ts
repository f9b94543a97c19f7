// Finding out whom of a fleet to ask: a few times, as long as some come up that were not asked before.

export class SeedSearch {
  #left: number
  readonly #retryMs: number
  #againAt = -Infinity
  #isRunning = false
  #isResponsible = false
  readonly #asked = new Set<string>()

  /**
   * `times`: how often it may be found out; 0 outside of a fleet. `retryMs`: when nobody was found it is tried again after so long, as
   * often; Infinity: it is for us to read the origin then.
   */
  constructor(times: number, retryMs = Infinity) {
    this.#left = times
    this.#retryMs = retryMs
  }

  /** When it may be found out again. */
  get againAt(): number {
    return this.#againAt
  }

  get isRunning(): boolean {
    return this.#isRunning
  }

  get isLeft(): boolean {
    return this.#left > 0
  }

  /** Whether there is nobody to ask: in this fleet, it is for us to read the origin. */
  get isResponsible(): boolean {
    return this.#isResponsible
  }

  begin(): void {
    this.#left--
    this.#isRunning = true
  }

  /** It was of no use. */
  asked(seed: string): void {
    this.#asked.add(seed)
  }

  /** It was found out; answers with those that were not asked before. */
  ended(seeds: readonly string[], now: number): string[] {
    this.#isRunning = false
    this.#isResponsible = seeds.length === 0
    const fresh = seeds.filter(seed => !this.#asked.has(seed))
    this.#againAt = now + this.#retryMs
    if (fresh.length === 0 && (seeds.length > 0 || this.#retryMs === Infinity)) this.#left = 0
    if (fresh.length > 0) this.#againAt = now
    return fresh
  }
}
