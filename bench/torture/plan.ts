// What one round does, drawn by lot from two numbers and nothing else: the same numbers give the same plan, though not the same timing.
import { drawn } from '../../src/sim/draw.ts'
import { Lots } from './lots.ts'

const KiB = 1024
const MiB = 1024 * KiB
/** So many passing faults in a row are borne by every reader: it tries five times. */
const MAX_PASSING = 4

/** What an origin does at one request; `nth` counts requests of all who ask, from 1. `at`: share of the body, 0 to 1. */
export type RequestFault =
  | { kind: 'reset'; nth: number; at: number }
  | { kind: 'hang-up'; nth: number }
  | { kind: 'busy'; nth: number; retryAfter: number }
  | { kind: 'stall'; nth: number; at: number; ms: number }
  | { kind: 'wrong-length'; nth: number; by: number }
  | { kind: 'range-lie'; nth: number; at: number }

/** What happens to it for good once it has sent so many times the length of all files. */
export type LastingFault =
  | { kind: 'change'; afterCopies: number }
  | { kind: 'dead'; afterCopies: number; how: 'refuse' | 'hang-up' | 'busy' }

export interface OriginPlan {
  /** Of each file, bytes. */
  lengths: number[]
  /** Whether answers have a Content-Length. */
  hasLength: boolean
  names: 'etag' | 'date' | 'nothing'
  /** Bytes a second for each answer; undefined: no limit. */
  rate: number | undefined
  requests: RequestFault[]
  lasting: LastingFault[]
}

/** Milliseconds count from the start of the download; a seed's from the start of the round. */
export type Trouble =
  | { kind: 'kill'; atMs: number; restartMs: number | undefined; flips: number }
  | { kind: 'freeze'; atMs: number; forMs: number }

export interface NodePlan {
  name: string
  store: 'disk' | 'memory' | 'small-disk'
  /** A node in trouble has a process of its own. */
  trouble: Trouble | undefined
}

export interface PeerPlan extends NodePlan {
  startMs: number
  /** Files to get, by number. */
  downloads: number[]
  /** Whether all at once, or one after the other. */
  atOnce: boolean
  digest: boolean
  /** In a fleet: whether it leaves soon, listens to nobody and reads for nobody, as `df get` without a daemon. */
  isGuest?: boolean
  /** Whether it may read the origin. */
  origin: boolean
  /** Whether a file is at the output path already. */
  replaces: boolean
}

/** What company the peers have: `plain` is whatever was drawn before there were others. */
export type Kind = 'plain' | 'seeds' | 'fleet' | 'mixed'

/** Packets from and to these nodes are lost; among themselves they are not. Milliseconds count from the start of the peers. */
export interface Cut {
  who: string[]
  atMs: number
  forMs: number
  /** Whether the origin is beyond the cut. */
  origin: boolean
  /** Whether all other nodes are. */
  others: boolean
}

export type VillainKind = 'liar' | 'silent' | 'forger'

export interface Plan {
  seed: number
  round: number
  kind: Kind
  origin: OriginPlan
  seeds: NodePlan[]
  /** Members of a fleet that are there before anybody downloads. */
  members: NodePlan[]
  /** Whether all nodes but the villains belong to one fleet. */
  isFleet: boolean
  cuts: Cut[]
  peers: PeerPlan[]
  villains: VillainKind[]
  /** Comes when the others are done. */
  newcomer: { peer: PeerPlan; originDies: boolean; seedsDie: boolean } | undefined
}

export interface Means {
  /** Whether small disks can be mounted. */
  smallDisks: boolean
  /** Whether nodes can be cut off from others. */
  cuts?: boolean
}

export function planOf(seed: number, round: number, means: Means): Plan {
  const lots = new Lots(seed, round)
  const origin = drawOrigin(lots)
  const seeds = Array.from({ length: lots.of([0, 1, 1, 2, 3]) }, (_, i) => drawNode(lots, `seed${i}`, means, 0.35))
  const mustDigest = origin.requests.some(f => f.kind === 'wrong-length' || f.kind === 'range-lie')
  const drawPeer = (name: string) => withDigest(drawOne(lots, name, means, seeds.length > 0, origin.lengths.length), mustDigest)
  const peers = Array.from({ length: lots.of([1, 2, 3, 4, 5, 6, 8]) }, (_, i) => drawPeer(`peer${i}`))
  const villains = lots.chance(0.4) ? drawn(['liar', 'silent', 'forger'] as const, lots.random(), lots.random) : []
  const newcomer = lots.chance(0.4)
    ? { peer: { ...drawPeer('newcomer'), startMs: 0 }, originDies: lots.chance(0.7), seedsDie: lots.chance(0.5) }
    : undefined
  return { seed, round, kind: 'plain', origin, seeds, members: [], isFleet: false, cuts: [], peers, villains, newcomer }
}

/** A wrong length or range cannot be found out by whoever has nothing but the origin's word. */
export function withDigest(peer: PeerPlan, mustDigest: boolean): PeerPlan {
  return mustDigest ? { ...peer, digest: true } : peer
}

export function drawOrigin(lots: Lots): OriginPlan {
  const lengths = Array.from({ length: lots.int(1, 5) }, () => drawLength(lots))
  const longest = Math.max(...lengths)
  const names = lots.of(['etag', 'etag', 'etag', 'date', 'nothing'] as const)
  const rate = lots.chance(0.5) ? Math.max(64 * KiB, Math.round(longest / (0.3 + 3 * lots.random()))) : undefined
  // what cannot be resumed must not break off
  const requests = lots.chance(0.5) && names !== 'nothing' ? drawRequests(lots) : []
  return { lengths, hasLength: lots.chance(0.85), names, rate, requests, lasting: lots.chance(0.2) ? [drawLasting(lots)] : [] }
}

function drawLength(lots: Lots): number {
  return lots.chance(0.05) ? lots.of([0, 1]) : lots.log(16 * KiB, lots.chance(0.1) ? 24 * MiB : 4 * MiB)
}

function drawRequests(lots: Lots): RequestFault[] {
  const dishonest = lots.chance(0.15)
  const numbers = drawn([...Array(12).keys()], 0.5, lots.random).slice(0, lots.int(1, MAX_PASSING))
  return numbers.map(nth => (dishonest ? drawLie(lots, nth + 1) : drawPassing(lots, nth + 1)))
}

function drawPassing(lots: Lots, nth: number): RequestFault {
  const kind = lots.of(['reset', 'reset', 'hang-up', 'busy', 'stall'] as const)
  if (kind === 'reset') return { kind, nth, at: lots.random() }
  if (kind === 'busy') return { kind, nth, retryAfter: lots.int(0, 1) }
  if (kind === 'stall') return { kind, nth, at: lots.random(), ms: lots.int(300, 3000) }
  return { kind, nth }
}

function drawLie(lots: Lots, nth: number): RequestFault {
  if (lots.chance(0.5)) return { kind: 'range-lie', nth, at: lots.random() }
  return { kind: 'wrong-length', nth, by: lots.of([-1, 1]) * lots.log(1, 5000) }
}

function drawLasting(lots: Lots): LastingFault {
  const afterCopies = lots.random() * 1.5
  if (lots.chance(0.5)) return { kind: 'change', afterCopies }
  return { kind: 'dead', afterCopies, how: lots.of(['refuse', 'hang-up', 'busy'] as const) }
}

export function drawNode(lots: Lots, name: string, means: Means, trouble: number): NodePlan {
  const small = means.smallDisks && lots.chance(0.04)
  const store = small ? 'small-disk' : lots.of(['disk', 'disk', 'disk', 'memory'] as const)
  return { name, store, trouble: lots.chance(trouble) ? drawTrouble(lots) : undefined }
}

function drawTrouble(lots: Lots): Trouble {
  const atMs = lots.log(20, 3000)
  if (lots.chance(0.25)) return { kind: 'freeze', atMs, forMs: lots.int(500, 5000) }
  const restartMs = lots.chance(0.8) ? lots.int(0, 1000) : undefined
  return { kind: 'kill', atMs, restartMs, flips: lots.chance(0.5) ? lots.int(1, 20) : 0 }
}

export function drawOne(lots: Lots, name: string, means: Means, hasSeeds: boolean, files: number): PeerPlan {
  const each = drawn([...Array(files).keys()], 1, lots.random)
  return {
    ...drawNode(lots, name, means, 0.2),
    startMs: lots.chance(0.5) ? 0 : lots.int(0, 1500),
    // one is asked for again
    downloads: lots.chance(0.3) ? [...each, lots.int(0, files - 1)] : each,
    atOnce: lots.chance(0.5),
    digest: lots.chance(0.3),
    origin: !hasSeeds || lots.chance(0.9),
    replaces: lots.chance(0.2),
  }
}
