// Decides which links are useless.
import type { NeighbourLink } from './neighbour-link.ts'
import type { NeighbourhoodPolicy } from './neighbourhood-events.ts'

/** How we stand: whether we have everything, and whether anybody could be dialled instead, or anybody far. */
export interface Standing {
  complete: boolean
  hasCandidate: boolean
  hasFarCandidate: boolean
}

export interface Drop {
  peer: string
  why: 'needless' | 'useless' | 'surplus'
}

/** Requests in a row that it let go by: not bad luck any more. */
const FRUITLESS = 3

export class Replacement {
  readonly #policy: NeighbourhoodPolicy
  #lastAt = -Infinity

  constructor(policy: NeighbourhoodPolicy) {
    this.#policy = policy
  }

  /** Links to be dropped now; never one that is in use, and never one to a seed. */
  drops(links: ReadonlyMap<string, NeighbourLink>, we: Standing, now: number): Drop[] {
    const peers = [...links.values()].filter(link => link.kind === 'peer')
    const idle = peers.filter(link => !link.isBusy)
    if (we.complete) {
      const needless = idle.filter(link => link.isComplete && now - link.usedAt >= this.#policy.needlessMs)
      return needless.map(({ peer }) => ({ peer, why: 'needless' }))
    }
    const useless = we.hasCandidate ? this.#useless(idle, peers, now) : undefined
    if (useless !== undefined) return [{ peer: useless.peer, why: 'useless' }]
    return this.#surplus(idle, peers, we.hasFarCandidate, now).map(({ peer }) => ({ peer, why: 'surplus' }))
  }

  #useless(idle: NeighbourLink[], peers: NeighbourLink[], now: number): NeighbourLink | undefined {
    if (now - this.#lastAt < this.#policy.replaceMs) return undefined
    const useless = idle.filter(link => this.#isSnubbing(link, now) || this.#isUnused(link, peers, now))
    const [worst] = useless.toSorted(leastUsed)
    if (worst !== undefined) this.#lastAt = now
    return worst
  }

  #isSnubbing(link: NeighbourLink, now: number): boolean {
    return link.fruitless >= FRUITLESS && now - link.gaveAt >= this.#policy.idleMs
  }

  /** Nothing passed for long, it has nothing for us, and it is not that the whole swarm waits. */
  #isUnused(link: NeighbourLink, peers: NeighbourLink[], now: number): boolean {
    const { idleMs } = this.#policy
    if (link.offers || now - link.usedAt < idleMs) return false
    const used = peers.filter(other => now - other.usedAt < idleMs)
    return used.length * 2 > peers.length
  }

  /** As many as there are too many; the last few far ones hold the swarm together: they stay, and get room. */
  #surplus(idle: NeighbourLink[], peers: NeighbourLink[], hasFar: boolean, now: number): NeighbourLink[] {
    let spareFar = peers.filter(link => link.isFar).length - this.#policy.farLinks
    const lacksFar = spareFar < 0
    const settled = idle.filter(link => now - link.since >= this.#policy.settleMs)
    const spare = settled.toSorted(leastUsed).filter(link => !link.isFar || spareFar-- > 0)
    const tooMany = peers.length - this.#policy.surplusLinks
    if (tooMany > 0) return spare.slice(0, tooMany)
    const makesRoom = tooMany === 0 && lacksFar && hasFar && now - this.#lastAt >= this.#policy.replaceMs
    if (!makesRoom || spare.length === 0) return []
    this.#lastAt = now
    return spare.slice(0, 1)
  }
}

/** The longest unused first, of those the farthest. */
function leastUsed(a: NeighbourLink, b: NeighbourLink): number {
  if (a.usedAt !== b.usedAt) return a.usedAt - b.usedAt
  return a.rtt === b.rtt ? 0 : b.rtt - a.rtt
}
