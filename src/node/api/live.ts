// What a node is doing at this moment, small enough to be asked for every second. It never contains a secret.
import type { LimitsNow } from './limits.ts'
import type { DiskStatus, IsolationStatus } from './status.ts'

/** Most entries of a live status, so that its size is bounded whatever strangers do: 12 × 17 × (240 + 400) bytes and some. */
export const LIVE_BOUNDS = {
  /** Contents: downloads first, then those that are served, then the rest. */
  contents: 12,
  /** Neighbours of one content, the origin not counted: as many as a swarm has at a time. */
  links: 16,
  /** Cells of a picture of pieces; with more pieces, a cell is several of them. */
  cells: 240,
  /** Seeds and fleet members. */
  hosts: 100,
  /** Bans, snubs and contradictions, of each. */
  isolated: 20,
  /** Characters of any text that comes from elsewhere. */
  text: 200,
} as const

/** Bytes a second over the last seconds. */
export interface LiveRates {
  /** What comes, origin reads included. */
  down: number
  /** What goes to peers. */
  up: number
}

/** One neighbour of a content. Bytes are those since the live status was first asked for. */
export interface LiveLink {
  /** Its peer id; `origin` for the origin. */
  peer: string
  kind: 'origin' | 'seed' | 'peer'
  /** IP address of its connection; undefined: there is none. */
  address: string | undefined
  /** Payload that came from it. */
  received: number
  /** Payload of whole pieces that went to it. */
  sent: number
  /** Bytes a second. */
  rates: LiveRates
  /** Pieces asked of it now. */
  asked: number
  /** Pieces that it has, as it says. */
  have: number
  /** How full each cell is with its pieces, `0` (none) to `9` (all); a single character stands for all cells. */
  cells: string
}

/** What a content is doing. */
export type LiveState = 'searching' | 'downloading' | 'complete' | 'failed'

/** One content that is being downloaded or served. */
export interface LiveContentStatus {
  /** The task's id. */
  id: string
  /** Without user, password and query. */
  url: string
  /** As the origin suggests, or the last part of the URL. */
  name: string
  state: LiveState
  /** The origin is being read for it now. */
  isReading: boolean
  /** Downloads here, and askers elsewhere, that wait for it. */
  users: number
  /** Bytes of the whole; undefined: not known yet. */
  length: number | undefined
  /** Verified bytes that are here. */
  bytes: number
  /** Verified bytes by where they came from; `store`: of earlier runs. */
  from: { origin: number; seed: number; peer: number; store: number }
  rates: LiveRates
  pieces: {
    /** Bytes of each. */
    size: number
    /** How many there are, as far as is known. */
    all: number
    /** How many are here. */
    have: number
  }
  /**
   * One character for each cell, by where most of its pieces came from: `o` origin, `s` seed, `p` peer, `d` disk, or here before
   * anybody looked; a capital letter when the whole cell is here. `a`: asked for; `.`: missing. Empty for one that is complete and has no neighbours.
   */
  cells: string
  links: readonly LiveLink[]
  /** How many neighbours there are. */
  linkCount: number
}

/** A seed, or another member of the fleet. */
export interface LiveHost {
  /** Its peer id. */
  peer: string
  role: 'seed' | 'member'
  /** First multiaddr that is known. */
  address: string | undefined
  /** `idle`: there is no connection, and no reason for one. */
  state: 'connected' | 'idle' | 'snubbed' | 'banned'
  /** Milliseconds of a round trip; undefined: not measured. */
  roundTrip: number | undefined
}

/** What a node is doing now. */
export interface LiveStatus {
  /** Milliseconds since 1970. */
  at: number
  /** This node's peer id. */
  peerId: string
  /** Seconds since it started. */
  uptime: number
  rates: LiveRates
  /** The best second that was seen on the line, bytes a second; undefined: none yet. */
  best: { down: number | undefined; up: number | undefined }
  limits: LimitsNow
  /**
   * Bytes since the start: verified ones by where they came from, payload read from origins and sent to peers, and `saved`: what
   * would have been read from origins without the swarm, by this node or by those that it sent it to.
   */
  totals: { origin: number; seed: number; peer: number; store: number; read: number; sent: number; saved: number }
  /** Peers that asked this seed for a content, and those whose content was here, since the start. */
  askers: { all: number; hits: number }
  contents: readonly LiveContentStatus[]
  /** How many are open. */
  contentCount: number
  hosts: readonly LiveHost[]
  /** How many seeds and members are known. */
  hostCount: number
  /** Peers of the local network that are connected; undefined: none are looked for. */
  lanPeers: number | undefined
  /** Undefined: pieces are kept in memory. */
  disk: DiskStatus | undefined
  isolation: IsolationStatus
}

/** Something that went wrong a while ago. */
export interface LiveTrouble {
  /** Milliseconds since 1970. */
  at: number
  level: 'warn' | 'error'
  /** Of the event, or of the error. */
  code: string
  message: string
}

/** What a running daemon or seed is doing now. */
export interface DaemonLive extends LiveStatus {
  role: 'seed' | 'daemon'
  /** Version of its program. */
  version: string
  /** Downloads that programs of this host asked it for, under way. */
  jobs: number
  /** Warnings and errors, the latest first; at most 30. */
  troubles: readonly LiveTrouble[]
}
