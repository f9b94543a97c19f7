// What the parts of one node share: store, network, trust, clock.

import type { AccessTimes } from '../../core/grant.ts'
import type { DialablePeer } from '../../core/peer.ts'
import type { Dht } from '../../discovery/dht.ts'
import type { Exchange } from '../../net/exchange.ts'
import type { Host } from '../../net/host.ts'
import type { Origin } from '../../origin/origin.ts'
import type { Store } from '../../store/store.ts'
import type { Budget } from '../../swarm/budget.ts'
import type { Snubs } from '../../swarm/snubs.ts'
import type { EventFacts } from '../api/events.ts'
import type { ChunkLists } from './chunk-lists.ts'
import type { Counters } from './counters.ts'
import type { OriginTroubles } from './origin-troubles.ts'
import type { Pacing } from './pacing.ts'
import type { SameContents } from './same-contents.ts'
import type { SilentSeeds } from './silent-seeds.ts'

export interface Network {
  host: Host
  exchange: Exchange
  dht: Dht
  /** Those that were met on earlier runs; undefined: this node remembers nobody. */
  known: Acquaintances | undefined
}

/** Peers to turn to when nobody else is there. See node/peers/known-peers.ts. */
export interface Acquaintances {
  /** Connects to some; resolves at the first, or when none can be reached. `onMet` is told of each. */
  meet(onMet: (peer: string) => void): Promise<void>
  /** Writes down who was met. Before the host stops. */
  stop(): Promise<void>
}

/** For whom an origin is read: for this node's own user, who may read anything, or for others, who may not. */
export type Reader = 'self' | 'others'

/** One content's part of the budget. */
export interface BudgetUser {
  /** What it waited for has become free: it may use it now. */
  wake(): void
}

/** What a node's fleet does for its contents. */
export interface FleetMember {
  /** Whether this host stays, and reads origins for the others. */
  readonly serves: boolean
  isMember(peer: string): boolean
  /** Members to resolve a task with this subject at, in order; none when this host is to read the origin itself. */
  responsible(subject: string, mayRead: boolean, signal: AbortSignal): Promise<DialablePeer[]>
  /** Somebody could not reach a member. */
  unreachable(peer: string): void
}

export interface NodeContext {
  readonly store: Store
  /** What all contents of this node may use together. */
  readonly budget: Budget<BudgetUser>
  /** At which rate they may move bytes. */
  readonly pacing: Pacing
  /** Peer ids whose signatures on manifests are believed. Our own is among them. */
  readonly trusted: ReadonlySet<string>
  /** Whether a peer's signature on manifests and grants is believed: it is trusted, or a member of our fleet. */
  isTrusted(peer: string): boolean
  /** Undefined: this node is in none, or has no network. */
  readonly fleet: FleetMember | undefined
  /** Whether it will be in one when its network is up. */
  readonly isInFleet: boolean
  /** Whether this node reads origins for other hosts: as a seed, or for its fleet. */
  readonly servesOthers: boolean
  /** Seeds to resolve a task with this subject at: all of them for a peer, those that rank above it for a seed. */
  seedsAbove(subject: string): readonly DialablePeer[]
  /** All other seeds that are known, those of our fleet too. */
  readonly otherSeeds: readonly DialablePeer[]
  /** Of the contents that are here. */
  readonly chunkLists: ChunkLists
  readonly sameContents: SameContents
  /** Those among them that said nothing a moment ago. */
  readonly silentSeeds: SilentSeeds
  readonly originTroubles: OriginTroubles
  readonly bootstrap: readonly string[]
  /** Strangers of the local network that are connected; undefined: none are looked for. */
  readonly lanPeers: readonly string[] | undefined
  readonly isSeed: boolean
  /** What this node reads of an origin counts as fresh for so many milliseconds; undefined: as the origin says. */
  readonly expire: number | undefined
  readonly access: AccessTimes
  /** Whether this node keeps records for others in the DHT, and will be there to be found by them. */
  readonly isLongLived: boolean
  /** Undefined until the network is up, and when there is none. */
  readonly network: Network | undefined
  /** Resolves when the network is up, to undefined when there is none. */
  networkUp(): Promise<Network | undefined>
  /** One for each kind of reader: they share no connection. */
  origin(reader: Reader): Promise<Origin>
  readonly counters: Counters
  /** Whether this peer was caught lying; it is refused everywhere. */
  isBanned(peer: string): boolean
  ban(peer: string, proof: string): void
  /** Told of peers that let us down without any proof of a lie. */
  readonly isolation: Pick<Snubs, 'letDown' | 'gave'>
  /** Tells the operator. */
  emit(facts: EventFacts): void
}

/** Milliseconds of a clock that never goes back. */
export function now(): number {
  return performance.now()
}

/** Milliseconds since 1970, by a clock that may be wrong or set anew at any time. */
export function wallClock(): number {
  return Date.now()
}
