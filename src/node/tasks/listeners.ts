// Who has asked a seed for a content and goes on listening: not a user, but the store does not evict what they may come for.

export class Listeners {
  readonly #byTask = new Map<string, number>()

  has(task: string): boolean {
    return this.#byTask.has(task)
  }

  /** Returns what is to be called, once, when it listens no more. */
  add(task: string): () => void {
    this.#count(task, 1)
    return () => this.#count(task, -1)
  }

  #count(task: string, change: 1 | -1): void {
    const count = (this.#byTask.get(task) ?? 0) + change
    if (count > 0) this.#byTask.set(task, count)
    else this.#byTask.delete(task)
  }
}
