// When seeds last gave a sign, whatever the content: whoever does not wait long for a silent swarm waits for a silent seed once, not at
// every content, and for one that is busy with other contents as long as it is.

import { Absences } from './absences.ts'
import { OwnPace } from './own-pace.ts'

const now = (): number => performance.now()

/** It is waited for as usual again after so long, ms. */
const FORGOTTEN_MS = 30_000
/** What a seed that is known to be silent is waited for, ms. It is asked all the same. */
const BRIEF_MS = 50

export class SilentSeeds {
  /** When no seed could be heard. */
  readonly absences = new Absences()
  /** How starved we are ourselves. */
  readonly ownPace = new OwnPace()
  /** When they were silent, by peer id. */
  readonly #since = new Map<string, number>()
  /** When anything last came from them. */
  readonly #heardAt = new Map<string, number>()

  /** It gave no answer to what it was asked at `askedAt`. */
  silent(peer: string, askedAt: number): void {
    if ((this.heardAt(peer) ?? -Infinity) < askedAt) this.#since.set(peer, now())
  }

  heard(peer: string): void {
    this.#since.delete(peer)
    this.#heardAt.set(peer, now())
  }

  /** Undefined: nothing came yet. */
  heardAt(peer: string): number | undefined {
    return this.#heardAt.get(peer)
  }

  /** How long a swarm with these seeds may be silent for somebody who would wait for `ms`. */
  patience(ms: number | undefined, seeds: readonly string[]): number | undefined {
    if (ms === undefined || seeds.length === 0) return ms
    const isSilent = (peer: string) => now() - (this.#since.get(peer) ?? -Infinity) < FORGOTTEN_MS
    return seeds.every(isSilent) ? Math.min(ms, BRIEF_MS) : ms
  }
}
