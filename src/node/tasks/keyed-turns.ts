// Runs works one after the other for each key.

export class KeyedTurns {
  /** The last work of each key. Never rejects. */
  readonly #last = new Map<string, Promise<void>>()

  /** Runs `work` once those before it have ended; settles as it does. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const running = this.idle(key).then(work)
    const settled = running.then(
      () => {},
      () => {},
    )
    this.#last.set(key, settled)
    try {
      return await running
    } finally {
      if (this.#last.get(key) === settled) this.#last.delete(key)
    }
  }

  /** Resolves when the works of this key so far have ended. */
  async idle(key: string): Promise<void> {
    await this.#last.get(key)
  }

  async allIdle(): Promise<void> {
    await Promise.all(this.#last.values())
  }
}
