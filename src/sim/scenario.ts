// What a simulation is given: how many peers, which lines, what goes wrong when.
import type { SwarmPolicy } from '../swarm/events.ts'

/** A line's two directions, bytes per millisecond. */
export interface Line {
  up: number
  down: number
}

/** What goes wrong. Peers are counted from 0; times are virtual milliseconds. */
export type Fault =
  /** The peer dies; its neighbours see their connections break. */
  | { type: 'crash'; peer: number; at: number }
  /** The peer stops doing anything, but its connections stay. */
  | { type: 'silent'; peer: number; at: number }
  /** From the start the peer says it has everything; all that it sends is wrong. */
  | { type: 'liar'; peer: number }
  | { type: 'seed-death'; at: number }
  /** The seed dies as soon as every piece has left it once. */
  | { type: 'seed-death-when-out' }

export interface Scenario {
  /** One number, one run, to the bit. */
  seed: number
  peers: number
  pieces: number
  /** Bytes. Default 1 MiB. */
  pieceLength?: number
  peerLine: Line
  seedLine: Line
  /**
   * The origin's uplink, bytes per millisecond: the seed reads it in file order, peers that know it share it.
   * undefined: the seed has everything from the start, and the origin has no limit.
   */
  originRate?: number
  /** Whether peers know the origin, too. Default false. */
  peersReadOrigin?: boolean
  /** Milliseconds from one host to another. Default 5. */
  latency?: number
  /** Neighbours of a peer besides the seed, as good as; even. Default 10. */
  neighbours?: number
  /** How many peers know the seed. Default all. */
  knowSeed?: number
  faults?: readonly Fault[]
  policy?: Partial<SwarmPolicy>
  /** Whether to check every swarm after every event; slow. Default false. */
  check?: boolean
  /** When to give up, virtual milliseconds. Default 50 times the fluid bound. */
  limitMs?: number
}

export interface Result {
  /** When the peers had everything, in their order; undefined: never. */
  doneAt: readonly (number | undefined)[]
  /** Of the peers without faults; Infinity when one never got it all. */
  lastMs: number
  medianMs: number
  /** What no scheduling can beat; see `fluidBound`. */
  boundMs: number
  /** boundMs / lastMs. */
  efficiency: number
  /** Bytes that the seed sent, in copies of the content. */
  seedCopies: number
  /** Bytes that came where they were of no use any more: had already, called back, or wrong. */
  duplicateBytes: number
  originBytes: number
  /** Who was banned by whom, as `liar<by`, sorted. */
  bans: readonly string[]
  /** Events that the swarms were told, and happenings of the world. */
  events: number
  handled: number
}

export const DEFAULT_PIECE_LENGTH = 1024 * 1024

/**
 * The least time in which a fluid could reach all, milliseconds: the origin's, the seed's uplink and one peer's downlink
 * each pass the content at least once, and all uplinks together pass it N times (Kumar and Ross 2006).
 */
export function fluidBound(s: Scenario): number {
  const bytes = s.pieces * (s.pieceLength ?? DEFAULT_PIECE_LENGTH)
  const all = (s.peers * bytes) / (s.seedLine.up + s.peers * s.peerLine.up)
  return Math.max(bytes / (s.originRate ?? Infinity), bytes / s.seedLine.up, bytes / s.peerLine.down, all)
}
