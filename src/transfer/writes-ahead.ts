// Writes of pieces that go on while the next ones are read, and are told of in order.

/** Enough to keep reader and disk busy, a bound for memory: writes to one file take turns in the kernel anyway. */
const MOST_WRITES = 2

export class WritesAhead {
  /** Settles when all that were added are written and told of, in order; never rejects. */
  #last: Promise<void> = Promise.resolve()
  #running = 0
  #failure: { error: unknown } | undefined
  #wake: (() => void) | undefined
  readonly #most: number

  /** `most`: how many may be under way when another one is to be added. */
  constructor(most = MOST_WRITES) {
    this.#most = most
  }

  /** `told`: called once the write and all before it are done. Resolves when there is room for another one; rejects once one has failed. */
  async add<T>(write: Promise<T>, told: (result: T) => void): Promise<void> {
    this.#running++
    const before = this.#last
    this.#last = this.#follow(before, write, told)
    while (this.#running > this.#most && this.#failure === undefined) await new Promise<void>(resolve => (this.#wake = resolve))
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** Resolves when all is written and told of; rejects when something was not. */
  async done(): Promise<void> {
    await this.#last
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** The same, whatever became of them. */
  async settled(): Promise<void> {
    await this.#last
  }

  async #follow<T>(before: Promise<void>, write: Promise<T>, told: (result: T) => void): Promise<void> {
    try {
      const [result] = await Promise.all([write, before])
      if (this.#failure === undefined) told(result)
    } catch (error) {
      this.#failure ??= { error }
    }
    this.#running--
    this.#wake?.()
  }
}
