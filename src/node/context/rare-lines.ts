// Limits how often the operator is told of refused hosts, since strangers choose how often that happens.

/** Milliseconds in which a host is named once. */
export const WINDOW_MS = 10 * 60_000
/** Hosts that are named in that time. */
export const LINES = 10

export class RareLines {
  readonly #named = new Set<string>()
  #begun = -Infinity

  /** Whether to name this host now; it counts as named then. */
  isDue(host: string, now: number): boolean {
    if (now - this.#begun >= WINDOW_MS) {
      this.#begun = now
      this.#named.clear()
    }
    if (this.#named.has(host) || this.#named.size >= LINES) return false
    this.#named.add(host)
    return true
  }
}
