// The parameters of a simulation: peers, lines, arrivals and faults.
import type { SwarmPolicy } from '../swarm/events.ts'
import type { Priority } from '../swarm/weights.ts'

/** A line's two directions, bytes per millisecond. */
export interface Line {
  up: number
  down: number
}

/** Some of the hosts have another line than the rest. */
export interface LineClass {
  /** As it appears in `Result.byClass`; not `REST_CLASS`. */
  name: string
  /** Share of the peers, 0 to 1; which ones is drawn by chance. All shares together are at most 1. */
  share: number
  line: Line
}

/** The class of the peers that have `peerLine`. */
export const REST_CLASS = 'normal'

/** When peers come. Times are virtual milliseconds. */
export type Joins =
  | { type: 'at-once' }
  /** One after the other, the gaps drawn from an exponential distribution with this mean. */
  | { type: 'poisson'; meanMs: number }
  /** `size` at a time: the first wave at 0, the next `everyMs` later. */
  | { type: 'waves'; size: number; everyMs: number }

/** This share of the peers leaves politely, incomplete or not, each at a random time in between. */
export interface Leaves {
  share: number
  fromMs: number
  toMs: number
}

/** What goes wrong. Peers and seeds are counted from 0; times are virtual milliseconds. */
export type Fault =
  /** The peer dies; its neighbours see their connections break. */
  | { type: 'crash'; peer: number; at: number }
  /** The peer stops doing anything, but its connections stay. */
  | { type: 'silent'; peer: number; at: number }
  /** From the start the peer says it has everything; all that it sends is wrong. */
  | { type: 'liar'; peer: number }
  /** The peer's line has other rates from then on; it still has to get it all. */
  | { type: 'slow'; peer: number; at: number; line: Line }
  /** A seed dies; default the first. */
  | { type: 'seed-death'; at: number; which?: number }
  /** A seed (default the first) dies as soon as every piece has left it once. */
  | { type: 'seed-death-when-out'; which?: number }
  /** A seed (default the first) stops doing anything, but its connections stay. */
  | { type: 'seed-frozen'; at: number; which?: number }
  /** A seed (default the first) reaches the origin no more, or no other host. */
  | { type: 'seed-cut'; from: 'origin' | 'peers'; at: number; which?: number }
  /**
   * A share of the peers, drawn by chance, is cut off from all other hosts and from the origin: nothing passes, transfers
   * stall, connections stay. When it heals everything goes on, messages that were under way included.
   */
  | { type: 'partition'; share: number; fromMs: number; toMs: number }

export interface Scenario {
  /** One number, one run, to the bit. */
  seed: number
  peers: number
  pieces: number
  /** Bytes. Default 1 MiB. */
  pieceLength?: number
  /** How many contents, all alike, every host gets at the same time. Default 1. */
  contents?: number
  /** What every peer may receive by its own limit, all contents together, bytes per millisecond. Default no limit. */
  downLimit?: number
  /** Of the contents, by their number, in turn. Default `normal`. */
  priorities?: readonly Priority[]
  /** The line of every peer that is in none of the `lineClasses`. */
  peerLine: Line
  /** Mixed hosts. Default none. */
  lineClasses?: readonly LineClass[]
  /** The line of each seed. */
  seedLine: Line
  /** How many seeds, in the order in which they take over from one another. Default 1. */
  seeds?: number
  /**
   * The origin's uplink, bytes per millisecond: the first seed alive reads it, peers that know it share it.
   * undefined: all seeds have everything from the start, and the origin has no limit.
   */
  originRate?: number
  /** In which order the seed reads the origin. Default `file`. */
  originOrder?: 'file' | 'random'
  /** Whether peers know the origin, too. Default false. */
  peersReadOrigin?: boolean
  /** Whether the seed that reads the origin tells peers every second what it gets there. Default false. */
  tellOriginRate?: boolean
  /**
   * Every host finds its sources by the shipped `SourceSelector`: peers ask the seeds, the first that is asked reads the origin, and
   * who gets no more reads it too. Default: peers are linked to all seeds from the start, and the first seed alive reads.
   */
  sources?: {
    /** Whether peers may read the origin. Default true. */
    mayRead?: boolean
    /** Whether the origin gives ranges. Default true. */
    originRanges?: boolean
    /** Milliseconds of a seed's one processor that admitting one peer takes: handshake, request, link. Default 0. */
    admitMs?: number
  }
  /** Milliseconds from one host to another. Default 5. */
  latency?: number
  /** Neighbours of a peer besides the seed, as good as; even. Default 10; with `exchange` as the neighbourhood's policy says. */
  neighbours?: number
  /** How many peers know the seeds. Default all, but no more than a seed takes: 2,000. */
  knowSeed?: number
  /**
   * How a joiner gets its neighbours. `given` (default): a random regular graph of those that are there. `exchange`: it
   * knows the seeds, or one peer that is there already, and from there on the shipped neighbourhood finds, tells and drops.
   */
  discovery?: 'given' | 'exchange'
  /** The first news go out at once, those of so many milliseconds later on in one message. Default 100, as a real node. */
  announceMs?: number
  /** Default `at-once`. */
  joins?: Joins
  /** Default: all stay. */
  leaves?: Leaves
  faults?: readonly Fault[]
  policy?: Partial<SwarmPolicy>
  /** Whether to check every swarm after every event; slow. Default false. */
  check?: boolean
  /** When to give up, virtual milliseconds. Default 50 times the fluid bound, after the last has joined. */
  limitMs?: number
}

/** Numbers of the slowest peer, of the slowest percent's best, and of the one in the middle. */
export interface Percentiles {
  last: number
  p99: number
  median: number
}

/** How the peers of one class of lines fared; those that stay and have no fault. */
export interface ClassResult {
  count: number
  /** Milliseconds from joining to having everything; Infinity when one never had. */
  lastMs: number
  medianMs: number
  /** Own bound divided by that time. */
  ownEfficiency: Percentiles
}

/** The swarm at one moment. Only peers that are there and stay without a fault are looked at; seeds apart. */
export interface Sample {
  atMs: number
  /** Peers that have everything. */
  done: number
  /** Share of the content that the slowest, the middle and the fastest peer holds, 0 to 1. */
  slowest: number
  median: number
  fastest: number
  /** Share of the lines' capacity used since the sample before: all peers that are there, all seeds' uplinks, the origin. */
  upUse: number
  downUse: number
  seedUse: number
  /** 0 where the origin has no limit. */
  originUse: number
}

export interface Result {
  /** When the peers had everything, in their order, milliseconds since the start; undefined: never. */
  doneAt: readonly (number | undefined)[]
  /** The same for each of their contents. */
  contentDoneAt: readonly (readonly (number | undefined)[])[]
  /** When they joined. */
  joinedAt: readonly number[]
  /** See `ownBound`: the milliseconds that a peer's own line, and what the swarm can give each, explain. */
  ownBoundMs: readonly number[]
  /** Peers that gave up: when, in milliseconds since the start, and by which error. */
  failures: readonly { peer: number; at: number; why: string }[]
  /** Of the peers without faults that stay, since the start; Infinity when one never got it all. */
  lastMs: number
  p99Ms: number
  medianMs: number
  /** When the last could be done at best: the fluid bound, for peers that join at once. */
  boundMs: number
  /** boundMs / lastMs. */
  efficiency: number
  /** Own bound against the time since joining, of the peers without faults that stay; 0: never done. */
  ownEfficiency: Percentiles
  /** The smallest of these. */
  worstOwn: number
  /** By name of the class of lines; `REST_CLASS` for all others. */
  byClass: Readonly<Record<string, ClassResult>>
  /** Bytes that the seeds sent, in copies of the content. */
  seedCopies: number
  /** Bytes that came where they were of no use any more: had already, called back, or wrong. */
  duplicateBytes: number
  originBytes: number
  /** Messages that all hosts sent: manifest, bitfield, have, request, cancel, refuse, peer exchange; no piece. */
  messages: number
  /** messages / (peers × pieces). */
  messagesPerPiece: number
  /** Who was banned by whom, as `liar<by`, sorted. */
  bans: readonly string[]
  /** About 200, from the start to the end. */
  series: readonly Sample[]
  /** Events that the swarms were told, and happenings of the world. */
  events: number
  handled: number
}

export const DEFAULT_PIECE_LENGTH = 1024 * 1024

/** Bytes of the whole content; of all contents together where there are several. */
export function contentBytes(s: Scenario): number {
  return (s.contents ?? 1) * s.pieces * (s.pieceLength ?? DEFAULT_PIECE_LENGTH)
}

/** How many peers may use which line; the rest class last. */
export function classCounts(s: Scenario): { name: string; count: number; line: Line }[] {
  let rest = s.peers
  const classes = (s.lineClasses ?? []).map(({ name, share, line }) => {
    const count = Math.min(rest, Math.round(share * s.peers))
    rest -= count
    return { name, count, line }
  })
  const all = [...classes, { name: REST_CLASS, count: rest, line: s.peerLine }]
  const limit = s.downLimit
  if (limit === undefined) return all
  return all.map(c => ({ ...c, line: { up: c.line.up, down: Math.min(limit, c.line.down) } }))
}

/** Bytes per millisecond that come into the swarm of peers at most: the seeds' uplinks, and the origin's where peers read it. */
export function sourceRate(s: Scenario): number {
  return (s.seeds ?? 1) * s.seedLine.up + (s.peersReadOrigin === true ? (s.originRate ?? Infinity) : 0)
}

/**
 * The least time in which a fluid could reach all, milliseconds: the origin's, the sources' uplinks and the slowest peer's
 * downlink each pass the content at least once, and all uplinks together pass it N times (Kumar and Ross 2006).
 */
export function fluidBound(s: Scenario): number {
  const bytes = contentBytes(s)
  const classes = classCounts(s).filter(c => c.count > 0)
  const allUp = classes.reduce((sum, c) => sum + c.count * c.line.up, sourceRate(s))
  const slowest = Math.min(...classes.map(c => c.line.down))
  return Math.max(bytes / (s.originRate ?? Infinity), bytes / sourceRate(s), bytes / slowest, (s.peers * bytes) / allUp)
}

/**
 * The rate, bytes per millisecond, that nobody can be promised more of than others: all uplinks together, shared max-min
 * fairly among downlinks. Infinity when the uplinks can fill all downlinks.
 */
export function fairRate(s: Scenario): number {
  const classes = classCounts(s).toSorted((a, b) => a.line.down - b.line.down)
  let left = classes.reduce((sum, c) => sum + c.count * c.line.up, sourceRate(s))
  let waiting = s.peers
  for (const { count, line } of classes) {
    if (line.down * waiting > left) return left / waiting
    left -= count * line.down
    waiting -= count
  }
  return Infinity
}
