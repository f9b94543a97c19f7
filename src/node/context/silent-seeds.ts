// Seeds that said nothing when they were asked: whoever does not wait long for a silent swarm waits for them once, not at every content.

/** It is waited for as usual again after so long, ms. */
const FORGOTTEN_MS = 30_000
/** What a seed that is known to be silent is waited for, ms. It is asked all the same. */
const BRIEF_MS = 50

export class SilentSeeds {
  /** When they were silent, by peer id. */
  readonly #since = new Map<string, number>()

  silent(peer: string): void {
    this.#since.set(peer, performance.now())
  }

  heard(peer: string): void {
    this.#since.delete(peer)
  }

  /** How long a swarm with these seeds may be silent for somebody who would wait for `ms`. */
  patience(ms: number | undefined, seeds: readonly string[]): number | undefined {
    if (ms === undefined || seeds.length === 0) return ms
    const isSilent = (peer: string) => performance.now() - (this.#since.get(peer) ?? -Infinity) < FORGOTTEN_MS
    return seeds.every(isSilent) ? Math.min(ms, BRIEF_MS) : ms
  }
}
