// Decides which peers are introduced to one another.
import type { NeighbourLink } from './neighbour-link.ts'
import type { KnownPeer, NeighbourhoodPolicy } from './neighbourhood-events.ts'

/** What is still to be told to one neighbour. */
interface Owed {
  left: number
  at: number
  pauseMs: number
}

/** With more than so many to choose from, some are tried by chance: so many for each that is wanted. */
const CROWD = 128
const TRIES = 8

/** Somebody to be named. */
interface Named extends KnownPeer {
  popularity: number
}

export class Introductions {
  readonly #policy: NeighbourhoodPolicy
  readonly #random: () => number
  readonly #owed = new Map<string, Owed>()
  readonly #former = new Map<string, Named & { until: number }>()
  /** Who may be named; undefined: it has changed. */
  #all: readonly Named[] | undefined

  constructor(policy: NeighbourhoodPolicy, random: () => number) {
    this.#policy = policy
    this.#random = random
  }

  /** From now on the peer is told of others, as they become known, until it was told enough or for long enough. */
  owe(peer: string, now: number): void {
    const { toldPeers, tellMs } = this.#policy
    const before = this.#owed.get(peer)
    if (before !== undefined) before.left = Math.max(before.left, toldPeers)
    else this.#owed.set(peer, { left: toldPeers, at: now + tellMs, pauseMs: tellMs })
  }

  /** It is no neighbour any more. */
  forget(peer: string): void {
    this.#owed.delete(peer)
    this.changed()
  }

  /**
   * Remembers a neighbour that was dropped. A node that many come to first has only the latest of them as neighbours; if it
   * named nobody else, the graph would be one long tail. Chance decides who makes room for a new one.
   */
  remember({ peer, group, popularity }: NeighbourLink, now: number): void {
    this.#former.set(peer, { peer, group, popularity, until: now + this.#policy.formerMs })
    this.changed()
    if (this.#former.size <= this.#policy.maxFormer) return
    const all = [...this.#former.keys()]
    this.#former.delete(all[this.#index(all)] as string)
  }

  /** Whether it is a former neighbour. */
  has(peer: string): boolean {
    return this.#former.has(peer)
  }

  /** It is a neighbour again, or has gone. */
  unremember(peer: string): void {
    if (this.#former.delete(peer)) this.changed()
  }

  nextAt(): number {
    let next = Infinity
    for (const { at } of this.#owed.values()) if (at < next) next = at
    return next
  }

  /** What is due now: whom to tell of whom. Only news are told. */
  *due(links: ReadonlyMap<string, NeighbourLink>, now: number): Generator<{ peer: string; peers: string[] }> {
    for (const [peer, owed] of this.#owed) {
      if (owed.at > now) continue
      const link = links.get(peer)
      const peers = link === undefined || link.isComplete ? [] : this.choose(link, links, owed.left, now)
      for (const other of peers) link?.told(other)
      owed.left -= peers.length
      owed.at = now + owed.pauseMs
      owed.pauseMs *= 2
      if (link === undefined || link.isComplete || owed.left <= 0 || owed.pauseMs > this.#policy.maxTellMs)
        this.#owed.delete(peer)
      if (peers.length > 0) yield { peer, peers }
    }
  }

  /** Up to `count` whom `to` was not told of: half of them near to it where there are such. */
  choose(to: KnownPeer | NeighbourLink, links: ReadonlyMap<string, NeighbourLink>, count: number, now: number): string[] {
    const isNews = ({ peer }: Named) => peer !== to.peer && !('wasTold' in to && to.wasTold(peer))
    for (const { peer, until } of this.#former.values()) if (until <= now) this.unremember(peer)
    const all = this.#everybody(links)
    const isNear = (one: Named) => one.group === to.group && isNews(one)
    const near = to.group === undefined ? [] : this.#draw(all, Math.ceil(count / 2), isNear)
    const others = this.#draw(all, count - near.length, one => isNews(one) && !near.includes(one))
    const chosen = [...near, ...others]
    for (const one of chosen) one.popularity++
    return chosen.map(({ peer }) => peer)
  }

  /** Links to peers or former ones have come or gone. */
  changed(): void {
    this.#all = undefined
  }

  #everybody(links: ReadonlyMap<string, NeighbourLink>): readonly Named[] {
    this.#all ??= [...[...links.values()].filter(link => link.kind === 'peer'), ...this.#former.values()]
    return this.#all
  }

  /** Up to `count` that fit; a crowd is not gone through for each of its members. */
  #draw(all: readonly Named[], count: number, fits: (one: Named) => boolean): Named[] {
    const some = all.length > CROWD ? this.#trySome(all, count, fits) : undefined
    return some ?? this.#drawFrom(all.filter(fits), count)
  }

  /** undefined: too few of those that were tried fit. */
  #trySome(all: readonly Named[], count: number, fits: (one: Named) => boolean): Named[] | undefined {
    const drawn: Named[] = []
    for (let tries = TRIES * count; drawn.length < count; tries--) {
      if (tries === 0) return undefined
      const [a, b] = [all[this.#index(all)] as Named, all[this.#index(all)] as Named]
      const better = a.popularity <= b.popularity ? a : b
      if (fits(better) && !drawn.includes(better)) drawn.push(better)
    }
    return drawn
  }

  /**
   * Draws without putting back; each time the less popular of two by chance. The least popular of all would be the latest:
   * then everybody would only know those who came with him.
   */
  #drawFrom(left: Named[], count: number): Named[] {
    const drawn: Named[] = []
    while (drawn.length < count && left.length > 0) {
      const [a, b] = [this.#index(left), this.#index(left)]
      const better = (left[a] as Named).popularity <= (left[b] as Named).popularity ? a : b
      drawn.push(left[better] as Named)
      left[better] = left.at(-1) as Named
      left.pop()
    }
    return drawn
  }

  #index(list: readonly unknown[]): number {
    return Math.floor(this.#random() * list.length)
  }
}
