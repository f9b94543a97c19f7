// A host as others in the simulator see it.
import type { NeighbourKind, SwarmEvent } from '../swarm/events.ts'
import type { Swarm } from '../swarm/swarm.ts'
import type { Accounts } from './accounts.ts'
import type { Link } from './link.ts'

/** The origin as a neighbour of a swarm; no host is called so. */
export const ORIGIN = 'origin'

/** Why a link has ended. `parted`: by either's will; `broken`: by a failure; `gone`: the other leaves. */
export type Parting = 'parted' | 'broken' | 'gone'

/** Who looks after a host's neighbours. */
export interface LinkKeeper {
  unlinked(other: SimHost, why: Parting): void
  /** A neighbour that has so many links names others; none: it asks for some. */
  told(from: SimHost, ids: readonly string[], links: number): void
  stop(): void
}

/** What a host hears from its neighbours about pieces. */
export interface Dealer {
  /** The neighbour asks for a piece; so many are under way to it, and so many it has. */
  requested(by: SimHost, piece: number, load: number, has: number | undefined): void
  /** The neighbour does not give the piece that was asked for. */
  refused(by: SimHost, piece: number, forever: boolean): void
  /** The neighbour does not want the piece any more. */
  calledBack(by: SimHost, piece: number): void
  /** A piece from this neighbour is here. */
  arrived(from: SimHost, piece: number): void
  readonly accounts: Accounts | undefined
}

export interface SimHost {
  readonly id: string
  /** Its number among all hosts. */
  readonly index: number
  readonly kind: NeighbourKind
  readonly swarm: Pick<Swarm, 'have' | 'queue' | 'isComplete'>
  readonly up: Link
  readonly down: Link
  readonly isLiar: boolean
  readonly trade: Dealer
  /** Whether it is there and does what it should. */
  readonly acts: boolean
  /** Hosts of unlike sides are cut off from one another. */
  readonly side: number
  /** Whether a connection to the other is open on this end. */
  hears(other: SimHost): boolean
  readonly neighbours: readonly SimHost[]
  tell(event: SwarmEvent): void
  /** Pieces that it can tell digests of; 0: it tells none. */
  readonly manifest: number
  learnManifest(count: number): void
  /** Calls back when a piece that came may count by the limit of this host. */
  hold(from: SimHost, bytes: number, pass: () => void): void
  /** A neighbour has more pieces now. */
  heardNews(from: SimHost, news: Extract<SwarmEvent, { type: 'have' }>): void
  /** The neighbour has ended the connection. */
  lost(other: SimHost, why: Parting): void
  /** Who looks after its neighbours; undefined: they are given. */
  readonly keeper: LinkKeeper | undefined
}
