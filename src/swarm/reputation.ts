// Remembers whose word led nowhere, so that dials are shared fairly among all who name somebody.

/** Names that are remembered; the one that failed least recently makes room. */
const MAX_NAMES = 512

export class Reputation {
  readonly #failures = new Map<string, number>()

  get size(): number {
    return this.#failures.size
  }

  failed(name: string): void {
    const failures = this.#failures.get(name) ?? 0
    this.#failures.delete(name)
    this.#failures.set(name, failures + 1)
    if (this.#failures.size > MAX_NAMES) this.#failures.delete(this.#failures.keys().next().value as string)
  }

  /** A success makes up for half of what failed. */
  succeeded(name: string): void {
    const failures = Math.floor((this.#failures.get(name) ?? 0) / 2)
    if (failures === 0) this.#failures.delete(name)
    else this.#failures.set(name, failures)
  }

  /** 0: good; each further rank stands for twice as many failures. A few of them are nothing: peers leave. */
  rank(name: string): number {
    return Math.floor(Math.log2(1 + (this.#failures.get(name) ?? 0) / 2))
  }
}
