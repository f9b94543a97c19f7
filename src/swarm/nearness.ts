// How near a peer is: by subnet before there is a link, by round trip after.
import type { NeighbourLink } from './neighbour-link.ts'
import type { KnownPeer, NeighbourhoodPolicy } from './neighbourhood-events.ts'

/** `beside`: in a group of ours. `near`: a short round trip away, or in a group with such a one. `far`: all others. */
export type Distance = 'beside' | 'near' | 'far'

type Tally = Record<Distance, number>

/** Groups found to be near that are remembered. */
const MAX_NEAR_GROUPS = 256

export class Nearness {
  readonly #policy: NeighbourhoodPolicy
  readonly #own: ReadonlySet<string>
  readonly #near = new Set<string>()

  constructor(policy: NeighbourhoodPolicy, groups: readonly string[]) {
    this.#policy = policy
    this.#own = new Set(groups)
  }

  /** Whether groups say anything here. */
  get isTelling(): boolean {
    return this.#own.size > 0
  }

  of({ group }: KnownPeer, rtt = Infinity): Distance {
    if (group !== undefined && this.#own.has(group)) return 'beside'
    return rtt <= this.#policy.nearRttMs || (group !== undefined && this.#near.has(group)) ? 'near' : 'far'
  }

  /** Far, and not only because nothing is known of it. */
  isSurelyFar(known: KnownPeer): boolean {
    return known.group !== undefined && this.of(known) === 'far'
  }

  /** Learns from a measured link how far its whole group is. */
  learn({ group, rtt }: NeighbourLink): void {
    if (group === undefined || rtt > this.#policy.nearRttMs || this.#near.size >= MAX_NEAR_GROUPS) return
    this.#near.add(group)
  }

  /** Of these candidates, those at the distance that is wanted most, as far as there are any. */
  fitting<T extends KnownPeer>(
    candidates: readonly T[],
    links: Iterable<NeighbourLink>,
    dialling: Iterable<KnownPeer>,
  ): readonly T[] {
    const distances = this.#wanted(links, dialling)
    return distances.map(distance => candidates.filter(c => this.of(c) === distance)).find(some => some.length > 0) ?? []
  }

  /** At what distance the next link should be, best first: half of the links are for the near, the nearest first. */
  #wanted(links: Iterable<NeighbourLink>, dialling: Iterable<KnownPeer>): Distance[] {
    const { beside, near, far } = this.#tally(links, dialling)
    const share = this.#policy.nearShare * (beside + near + far + 1)
    if (beside < share) return ['beside', ...(beside + near < share ? (['near', 'far'] as const) : (['far', 'near'] as const))]
    return beside + near < share ? ['near', 'far', 'beside'] : ['far', 'near', 'beside']
  }

  /** Links and dials by distance. */
  #tally(links: Iterable<NeighbourLink>, dialling: Iterable<KnownPeer>): Tally {
    const tally = { beside: 0, near: 0, far: 0 }
    for (const link of links) if (link.kind === 'peer') tally[this.of(link, link.rtt)]++
    for (const candidate of dialling) tally[this.of(candidate)]++
    return tally
  }
}
