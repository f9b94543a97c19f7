// Events and actions of a swarm. No payload.
import type { Bitfield } from '../core/bitfield.ts'

/** How a neighbour is looked at: a seed reads origins and is asked last; `origin` is the origin itself, read by range. */
export type NeighbourKind = 'peer' | 'seed' | 'origin'

/** Pieces `first` (included) to `end` (excluded), at least one. */
export interface PieceRun {
  first: number
  end: number
}

/** A fact. Times are given beside it, in milliseconds of any monotonic clock; sizes are bytes. */
export type SwarmEvent =
  /** The manifest knows `count` pieces now; sealed: there will be no more. */
  | { type: 'manifest'; count: number; sealed: boolean }
  | { type: 'joined'; peer: string; kind: NeighbourKind }
  | { type: 'left'; peer: string }
  /** All that the neighbour has, and how many pieces others wait for at it. */
  | { type: 'bitfield'; peer: string; have: Bitfield; queue: number }
  | { type: 'have'; peer: string; pieces: readonly number[]; queue: number }
  /** Some bytes of a piece that we asked for came. */
  | { type: 'progress'; peer: string; piece: number; bytes: number }
  /** For so many milliseconds what the neighbour sent waited for our own rate limit: that time is not its fault. */
  | { type: 'held'; peer: string; ms: number }
  /** A piece came, is good and is stored. */
  | { type: 'received'; peer: string; piece: number; bytes: number }
  /** A piece came and is not what the manifest says: a proven lie. */
  | { type: 'corrupt'; peer: string; piece: number }
  /** The neighbour will not give the piece: it lacks it (`forever`), or not now. */
  | { type: 'refused'; peer: string; piece: number; forever: boolean }
  /** We have the piece by other means: found on disk, or read from the origin in order. */
  | { type: 'stored'; piece: number }
  /** A neighbour asks us for a piece. `load`: pieces under way to it, from everybody; `has`: those that it has, undefined: not said. */
  | { type: 'request'; peer: string; piece: number; load: number; has?: number | undefined }
  | { type: 'cancel'; peer: string; piece: number }
  /** Neighbours with the same place have the same network address; the number says nothing else. */
  | { type: 'placed'; peer: string; place: number; roundTrip: number | undefined }
  /** The neighbour has taken some of what we are sending to it, or our own rate limit held it back; told once a second at most. */
  | { type: 'sent'; peer: string }
  /** A piece that we were told to serve is with the neighbour, or could not be sent. */
  | { type: 'served'; peer: string; piece: number }
  /** What a trusted seed says: bytes per millisecond that the origin gave to it, and how many peers there are. */
  | { type: 'origin-rate'; rate: number; peers: number }
  /**
   * A seed lives, or may: for so long silence alone is no reason to read the origin, milliseconds. 0: it is one again. `areLost`: every seed
   * was asked, and none is of use. Default false.
   */
  | { type: 'patience'; ms: number; handoverMs: number; areLost?: boolean | undefined }
  /** So many bytes came to other contents of this host since this was told last. It is not acted upon before the next event. */
  | { type: 'elsewhere'; bytes: number }
  /**
   * Nothing but these pieces is asked for from now on; undefined: all. They need not be in the manifest yet. A swarm that was
   * never told wants all.
   */
  | { type: 'wanted'; pieces: readonly PieceRun[] | undefined }
  /** A reader wants pieces from here on first; undefined: no order any more. */
  | { type: 'cursor'; piece: number | undefined }
  /**
   * What the host's budget leaves to this swarm from now on, in its pieces: asked for, and being sent. It is not acted upon
   * before the next event. A swarm that was never told has all that its policy says.
   */
  | { type: 'allowance'; asked: number; uploads: number }
  | { type: 'wake' }

/** It sends nothing; it took so long for a piece that somebody else gave it; or it says that too many wait there. */
export type SnubReason = 'silent' | 'late' | 'busy'

/** An intention, to be performed in order. */
export type SwarmAction =
  /** `load`: pieces under way to us, from everybody; `has`: those that we have. */
  | { type: 'ask'; peer: string; piece: number; load: number; has?: number | undefined }
  | { type: 'cancel'; peer: string; piece: number }
  | { type: 'serve'; peer: string; piece: number }
  /** `missing`: we do not have it; otherwise too many wait. */
  | { type: 'refuse'; peer: string; piece: number; missing: boolean }
  /** Tell every neighbour that we have the piece now. */
  | { type: 'announce'; piece: number }
  /** End the link: it does not read what it asked for, and others need its place. It may come again. */
  | { type: 'drop'; peer: string }
  /** It let us down, and is asked after all others, and not at all for a while: nothing to perform, but to be told. */
  | { type: 'snub'; peer: string; why: SnubReason }
  /** Never deal with this neighbour again; `piece` is the proof. */
  | { type: 'ban'; peer: string; piece: number }

/** Numbers from which every choice follows. Milliseconds and pieces. */
export interface SwarmPolicy {
  /**
   * Pieces asked of one neighbour at a time: bounds, and the time that the window should cover at its measured rate. Up to `farPieces` of one
   * that is far away.
   */
  minWindow: number
  maxWindow: number
  windowMs: number
  /** Bytes asked of all neighbours together: what may have to be held in memory at the worst. See also budget.ts. */
  maxAskedBytes: number
  /** Silence after which a neighbour's requests go elsewhere; longer where requests take long anyway. */
  snubMs: number
  /** First and longest pause before a snubbed or busy neighbour is asked again; doubles. */
  backOffMs: number
  maxBackOffMs: number
  /**
   * Least age at which the last missing pieces are asked for a second time, elsewhere; double while little is known. They are
   * late when they take longer than `latePercentile` (0 to 1) of the requests before them, and half as long again.
   */
  hedgeMs: number
  latePercentile: number
  /** Without any progress for so long, the origin is read by range: with neighbours who could give, and without. */
  originMs: number
  lonelyOriginMs: number
  /** Between the turns of two peers that could read the same piece at the origin. */
  turnMs: number
  /** How many peers of a swarm may read the origin because it is faster than the swarm, and for how long they are chosen. */
  originReaders: number
  epochMs: number
  /** How many times faster than the swarm the origin must be for that, by what the seed says and by what it then gives us. */
  originGain: number
  /** For how long the peers must have had nothing for us that we did not ask for, before it is tried. */
  starvedMs: number
  /** Pieces that we send at the same time: to all, and to one neighbour while it is the only one. */
  uploadSlots: number
  /** The same to neighbours that are far away, where pieces are short: 16 MiB of 256 KiB, 1 Gbit/s over 130 ms; half of that of the shortest. */
  farPieces: number
  /** Time that the pieces under way to a neighbour that is alone should cover, as long as they take. */
  uploadWindowMs: number
  /** How many lines' worth of receivers we serve at the same time: enough to fill ours although they are busy, too. */
  appetite: number
  /** Bytes that these pieces may be together; two go in any case. */
  maxUploadBytes: number
  slotsPerPeer: number
  /** A neighbour that was given so many pieces fewer than the mean of those that want some of us, though it takes them as fast, gets two at a time. */
  behindPieces: number
  /**
   * An upload whose receiver takes nothing for `stallMs`, or that is below `leastRate` (bytes per millisecond) while nothing better
   * is known of what others take, is late: it counts for nothing. Beyond that a late one may be ended after `giveUpMs` without a byte.
   */
  stallMs: number
  leastRate: number
  giveUpMs: number
  /** For so long after an upload was late, those come first who have shown that they read. */
  suspicionMs: number
  /** Requests that may wait here, for all and for one neighbour. */
  maxQueue: number
  maxQueuePerPeer: number
  /** How long a seed keeps back a second copy of a piece that another neighbour could serve. */
  secondCopyMs: number
  /** A seed that sends nothing serves whoever has waited so long, whatever others could do: in a crowd behind a NAT nobody reaches them. */
  reliefMs: number
  /** How long it waits to hear that the receiver of the first copy has it. */
  firstHaveMs: number
  /** Pieces from the reader's position on among which a stream picks (DESIGN §5: at least 32). */
  streamWindow: number
}

export const DEFAULT_POLICY: Readonly<SwarmPolicy> = {
  minWindow: 2,
  maxWindow: 16,
  windowMs: 250,
  maxAskedBytes: 32 * 1024 * 1024,
  snubMs: 5000,
  backOffMs: 1000,
  maxBackOffMs: 30_000,
  hedgeMs: 500,
  latePercentile: 0.95,
  originMs: 4000,
  lonelyOriginMs: 1000,
  turnMs: 2000,
  originReaders: 4,
  epochMs: 10_000,
  originGain: 1.5,
  starvedMs: 1000,
  uploadSlots: 16,
  farPieces: 64,
  uploadWindowMs: 25,
  appetite: 6,
  maxUploadBytes: 16 * 1024 * 1024,
  slotsPerPeer: 2,
  behindPieces: 12,
  stallMs: 4000,
  leastRate: 16,
  giveUpMs: 15_000,
  suspicionMs: 60_000,
  maxQueue: 2048,
  maxQueuePerPeer: 64,
  secondCopyMs: 300,
  reliefMs: 1000,
  firstHaveMs: 50,
  streamWindow: 32,
}
