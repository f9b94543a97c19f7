// One link as the neighbourhood decider sees it.
import type { KnownPeer, LinkUse } from './neighbourhood-events.ts'

/** Peers told to one neighbour that are remembered; then it is told anew. */
const MAX_TOLD = 256

export class NeighbourLink implements KnownPeer {
  readonly peer: string
  readonly kind: 'peer' | 'seed'
  readonly group: string | undefined
  /**
   * Whether it seemed far when the link began. What is measured later does not change that: it was chosen by chance, and
   * that is what holds a swarm together.
   */
  readonly isFar: boolean
  /** How many links it said to have, plus how often it was named to others since: each may have dialled it. */
  popularity: number
  /** Smallest measured round trip, milliseconds: larger ones measure queues. */
  rtt = Infinity
  readonly since: number
  /** When bytes last passed in either direction, and when they last came. */
  usedAt: number
  gaveAt: number
  fruitless = 0
  isBusy = false
  isComplete = false
  offers = false
  readonly #told = new Set<string>()

  constructor({ peer, group, kind, links }: KnownPeer & { kind: 'peer' | 'seed'; links: number }, isFar: boolean, now: number) {
    this.peer = peer
    this.kind = kind
    this.group = group
    this.isFar = isFar
    this.popularity = links
    this.since = now
    this.usedAt = now
    this.gaveAt = now
  }

  used(use: LinkUse, now: number): void {
    if (use.gave > 0) this.gaveAt = now
    if (use.gave + use.took > 0) this.usedAt = now
    this.fruitless = use.fruitless
    this.isBusy = use.busy
    this.isComplete = use.complete
    this.offers = use.offers
    if (use.rtt !== undefined) this.rtt = Math.min(this.rtt, use.rtt)
  }

  wasTold(peer: string): boolean {
    return this.#told.has(peer)
  }

  told(peer: string): void {
    if (this.#told.size >= MAX_TOLD) this.#told.clear()
    this.#told.add(peer)
  }
}
