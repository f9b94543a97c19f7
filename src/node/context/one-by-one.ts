// Work that must not overlap: each piece of it begins when all earlier ones have ended.

export class OneByOne {
  #last: Promise<unknown> = Promise.resolve()

  /** Settles as `work` does; a failure of one is nothing to the next. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work)
    this.#last = mine.catch(() => {})
    return await mine
  }

  /** Resolves when all work so far has ended, however it did. */
  async idle(): Promise<void> {
    await this.#last
  }
}
