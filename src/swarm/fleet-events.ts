// Events, actions and policy of a member's view of its fleet.
import type { MemberRecord } from '../core/fleet.ts'

/** Every duration in milliseconds. */
export interface FleetPolicy {
  /**
   * So often another member, chosen by chance, is asked for its news (SWIM, Das, Gupta and Motivala 2002): the load of each is the same
   * however many there are, and a death is noticed after 1.6 of them on average.
   */
  probeMs: number
  /** While there is news, it is told so often to some connected members: whoever begins is known to all in a second. */
  gossipMs: number
  /** So many times in a row, then only so often: a large fleet always has some news. */
  gossipBurst: number
  gossipRestMs: number
  /** To so many of them at a time, each in turn. */
  fanOut: number
  /** Who could not be reached is tried once more after so long; then it is called dead. */
  againMs: number
  /** Nobody who has contradicted is called dead again so soon: others can reach it. */
  mercyMs: number
  /** Whom we could not reach ourselves is asked for nothing for so long. */
  avoidMs: number
  /** Dead and gone ones are remembered so long, lest old news bring them back. */
  graveMs: number
  /** Two that know different things tell each other all, not more often than this. */
  syncMs: number
  /** While there is no news they may so often. */
  quietSyncMs: number
  /** Each piece of news is told so many times log2 of the number of members: then all but very few have it. */
  spread: number
  /** Records in one request and its answer. */
  newsSize: number
  /** Records that are kept: a fleet beyond that is cut off where it is, and still works. */
  maxMembers: number
}

export const DEFAULT_FLEET_POLICY: Readonly<FleetPolicy> = {
  probeMs: 5000,
  gossipMs: 100,
  gossipBurst: 20,
  gossipRestMs: 1000,
  fanOut: 3,
  againMs: 1000,
  mercyMs: 60_000,
  avoidMs: 15_000,
  graveMs: 600_000,
  syncMs: 20_000,
  quietSyncMs: 2000,
  spread: 3,
  newsSize: 32,
  maxMembers: 20_000,
}

export type FleetEvent =
  /** Records that a member told us, or its own. `from`: its peer id. */
  | { type: 'heard'; records: readonly MemberRecord[]; from: string }
  /** It answered; `differs`: whether it knows other things than we, news aside; undefined: that is not known. */
  | { type: 'answered'; peer: string; differs: boolean | undefined }
  /** It could not be reached: by a probe, or when somebody wanted something of it. */
  | { type: 'unreachable'; peer: string }
  /** There is a connection to a member, or none any more. */
  | { type: 'connected'; peer: string }
  | { type: 'disconnected'; peer: string }
  | { type: 'wake' }

/** `all`: everything is to be told on both sides. */
export type FleetAction = { type: 'ask'; peer: string; all: boolean }
