// Decides which peers are introduced to one another.
import type { NeighbourLink } from './neighbour-link.ts'
import type { KnownPeer, NeighbourhoodPolicy } from './neighbourhood-events.ts'

/** What is still to be told to one neighbour. */
interface Owed {
  left: number
  at: number
  pauseMs: number
}

/** Somebody to be named. */
interface Named extends KnownPeer {
  popularity: number
}

export class Introductions {
  readonly #policy: NeighbourhoodPolicy
  readonly #random: () => number
  readonly #owed = new Map<string, Owed>()
  readonly #former = new Map<string, Named & { until: number }>()

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

  forget(peer: string): void {
    this.#owed.delete(peer)
  }

  /**
   * Remembers a neighbour that was dropped. A node that many come to first has only the latest of them as neighbours; if it
   * named nobody else, the graph would be one long tail. Chance decides who makes room for a new one.
   */
  remember({ peer, group, popularity }: NeighbourLink, now: number): void {
    this.#former.set(peer, { peer, group, popularity, until: now + this.#policy.formerMs })
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
    this.#former.delete(peer)
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
    for (const { peer, until } of this.#former.values()) if (until <= now) this.#former.delete(peer)
    const peers = [...links.values()].filter(link => link.kind === 'peer')
    const pool = [...peers, ...this.#former.values()].filter(isNews)
    const near = to.group === undefined ? [] : pool.filter(one => one.group === to.group)
    const chosen = this.#draw(near, Math.ceil(count / 2))
    chosen.push(
      ...this.#draw(
        pool.filter(one => !chosen.includes(one)),
        count - chosen.length,
      ),
    )
    for (const one of chosen) one.popularity++
    return chosen.map(({ peer }) => peer)
  }

  /**
   * Draws without putting back; each time the less popular of two by chance. The least popular of all would be the latest:
   * then everybody would only know those who came with him.
   */
  #draw(pool: Named[], count: number): Named[] {
    const left = [...pool]
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
