// Finding out whom of a fleet to ask: a few times, as long as some come up that were not asked before.

export class SeedSearch {
  #left: number
  #isRunning = false
  #isResponsible = false
  readonly #asked = new Set<string>()

  /** `times`: how often it may be found out; 0 outside of a fleet. */
  constructor(times: number) {
    this.#left = times
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

  /** It was found out; answers with those that were not asked before. When there are none it is not tried again. */
  ended(seeds: readonly string[]): string[] {
    this.#isRunning = false
    this.#isResponsible = seeds.length === 0
    const fresh = seeds.filter(seed => !this.#asked.has(seed))
    if (fresh.length === 0) this.#left = 0
    return fresh
  }
}
