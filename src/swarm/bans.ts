// Decides for how long a peer that was caught lying is refused. Pure, told the time.

/** The first ban of a peer, ms: whoever was only misconfigured is back after a restart and a coffee; each further one is twice as long. */
export const FIRST_BAN_MS = 3_600_000
export const MAX_BAN_MS = 24 * 3_600_000
/** A peer that has told no lie for so long after its ban begins anew, ms. */
export const FORGIVEN_AFTER_MS = 24 * 3_600_000
/** Peers that are remembered: 200 bytes each. Of more, the one whose ban ends first is let off: new identities cost a liar nothing anyway. */
export const MAX_BANS = 4096
/** Characters of a proof. */
const MAX_PROOF = 300

export interface Ban {
  peer: string
  /** What it did. */
  proof: string
  /** When it began, and when it ends; milliseconds of the clock that the decider is told. */
  since: number
  until: number
  /** How many bans in a row this is. */
  times: number
}

export class Bans {
  /** The one that ends first need not be the first. */
  readonly #bans = new Map<string, Ban>()

  isBanned(peer: string, now: number): boolean {
    return now < (this.#bans.get(peer)?.until ?? -Infinity)
  }

  /** A lie of the peer was proven. What else comes out while it is banned already, of other contents, is the same offence. */
  add(peer: string, proof: string, now: number): Ban {
    const before = this.#bans.get(peer)
    if (before !== undefined && now < before.until) return before
    const isRepeated = before !== undefined && now < before.until + FORGIVEN_AFTER_MS
    const times = isRepeated ? before.times + 1 : 1
    const until = now + Math.min(MAX_BAN_MS, FIRST_BAN_MS * 2 ** (times - 1))
    const ban = { peer, proof: proof.slice(0, MAX_PROOF), since: now, until, times }
    this.#bans.set(peer, ban)
    if (this.#bans.size > MAX_BANS) this.#letOff(peer)
    return ban
  }

  /** The bans that stand, the latest first. */
  standing(now: number): Ban[] {
    return [...this.#bans.values()].filter(({ until }) => now < until).toSorted((a, b) => b.since - a.since)
  }

  #letOff(but: string): void {
    let first: Ban | undefined
    for (const ban of this.#bans.values()) if (ban.peer !== but && ban.until < (first?.until ?? Infinity)) first = ban
    if (first !== undefined) this.#bans.delete(first.peer)
  }
}
