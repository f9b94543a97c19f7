// Keeps which peers let us down without any proof of a lie: silent, late or always busy. Pure, told the time.
import type { SnubReason } from './events.ts'

/** A peer that has not let us down again for so long is not named any more, ms. */
export const SNUB_FORGOTTEN_MS = 600_000
/** What comes so soon after the last time is about requests of before: the same time, ms. */
export const SAME_TIME_MS = 1000
/** Peers that are remembered: 100 bytes each. Of more, the one that let us down longest ago is forgotten. */
export const MAX_SNUBS = 1024

export interface Snub {
  peer: string
  /** The last time. */
  why: SnubReason
  /** When it first let us down since it last gave a piece, and when it last did; milliseconds of the clock that the decider is told. */
  since: number
  last: number
  /** How often in a row, all contents together. */
  times: number
}

export class Snubs {
  /** The latest is the last. */
  readonly #snubs = new Map<string, Snub>()

  letDown(peer: string, why: SnubReason, now: number): void {
    const before = this.#standing(peer, now)
    this.#snubs.delete(peer)
    const isSame = before !== undefined && now - before.last < SAME_TIME_MS
    const times = (before?.times ?? 0) + (isSame ? 0 : 1)
    this.#snubs.set(peer, { peer, why, since: before?.since ?? now, last: now, times })
    if (this.#snubs.size > MAX_SNUBS) this.#snubs.delete(this.#snubs.keys().next().value as string)
  }

  /** A good piece came of it: all is forgiven. */
  gave(peer: string): void {
    this.#snubs.delete(peer)
  }

  /** The latest first. Who was late or busy once is not named: that happens to every peer at the end of a download, after which it gives no more. */
  standing(now: number): Snub[] {
    const all = [...this.#snubs.keys()].flatMap(peer => this.#standing(peer, now) ?? [])
    return all.filter(({ why, times }) => why === 'silent' || times > 1).toReversed()
  }

  #standing(peer: string, now: number): Snub | undefined {
    const snub = this.#snubs.get(peer)
    return snub === undefined || now - snub.last >= SNUB_FORGOTTEN_MS ? undefined : snub
  }
}
