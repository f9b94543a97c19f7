// One neighbour as the swarm sees it: its pieces, our requests, its rate and reliability.
import { Bitfield } from '../core/bitfield.ts'
import type { NeighbourKind, SnubReason, SwarmAction, SwarmPolicy } from './events.ts'
import { hashOf } from './lot.ts'

export interface Asked {
  at: number
  /** When the first byte came; undefined: not begun, so it can be moved elsewhere at no cost. */
  begun: number | undefined
  /** Bytes of it that have come. */
  bytes: number
}

/** So many bytes are a sign of life, fewer are none: whoever sends one now and then would be waited for for ever. */
const LIVE_BYTES = 4096
/** Part of a piece that is one in any case. */
const LIVE_PART = 1 / 64

/** Weight of the newest sample in the measured rate. */
const RATE_GAIN = 0.3

const RANK: Record<NeighbourKind, number> = { peer: 0, seed: 1, origin: 3 }
const DOUBTFUL_RANK = 2

export class Neighbour {
  readonly id: string
  readonly kind: NeighbourKind
  /** Of its id. */
  readonly hash: number
  have = new Bitfield()
  /** Pieces that others wait for there, as it last said. */
  queue = 0
  readonly asked = new Map<number, Asked>()
  /** When it last sent something while we were waiting, or when we began to wait. */
  heardAt = 0
  quietUntil = 0
  /** It was silent when it was asked, and has given nothing since. */
  isMute = false
  /** The shortest that was measured, ms. */
  roundTrip: number | undefined
  #rate = 0
  #backOff = 0
  #lastPieceAt = 0
  /** Bytes since the last sign of life. */
  #bytesHeard = 0

  constructor(id: string, kind: NeighbourKind) {
    this.id = id
    this.kind = kind
    this.hash = hashOf(id)
  }

  /** How many pieces may be asked at a time: what it delivers in `windowMs`, within bounds; of a far one, what it delivers in two round trips. */
  window(policy: SwarmPolicy, pieceBytes: number): number {
    const { minWindow, maxWindow, farPieces, windowMs } = policy
    const covered = this.#pieces(windowMs, pieceBytes)
    const far = Math.min(farPieces, this.#pieces(2 * (this.roundTrip ?? 0), pieceBytes))
    return Math.max(minWindow, Math.min(covered, Math.max(maxWindow, far)))
  }

  /** That it delivers in so many milliseconds, and one. */
  #pieces(ms: number, pieceBytes: number): number {
    return Math.ceil((this.#rate * ms) / Math.max(1, pieceBytes)) + 1
  }

  /** Share of the window in use; what is queued there for others counts a little. */
  load(policy: SwarmPolicy, pieceBytes: number): number {
    return this.asked.size / this.window(policy, pieceBytes) + this.queue / 64
  }

  ask(piece: number, now: number): void {
    if (this.asked.size === 0) this.heardAt = now
    this.asked.set(piece, { at: now, begun: undefined, bytes: 0 })
  }

  /** Whether these bytes are a sign of life: a piece begins, or enough has come since the last one. */
  progressed(piece: number, bytes: number, pieceLength: number, now: number): { isAlive: boolean; hasBegun: boolean } {
    const asked = this.asked.get(piece)
    const hasBegun = asked !== undefined && asked.begun === undefined
    if (hasBegun) asked.begun = now
    if (asked !== undefined) asked.bytes += bytes
    this.#bytesHeard += bytes
    const isAlive = hasBegun || this.#bytesHeard >= Math.min(LIVE_BYTES, LIVE_PART * pieceLength)
    if (isAlive) {
      this.heardAt = now
      this.#bytesHeard = 0
    }
    return { isAlive, hasBegun }
  }

  /** We kept what it sends waiting for so many milliseconds: they count neither as silence nor as slowness. */
  held(ms: number, now: number): void {
    const later = (at: number) => Math.min(now, at + ms)
    this.heardAt = later(this.heardAt)
    this.#lastPieceAt = later(this.#lastPieceAt)
    for (const asked of this.asked.values()) {
      asked.at = later(asked.at)
      if (asked.begun !== undefined) asked.begun = later(asked.begun)
    }
  }

  /** A good piece came: the rate follows, past silence is forgiven. `asked`: the request for it, which is over. */
  delivered(asked: Asked | undefined, bytes: number, now: number): void {
    this.heardAt = now
    this.#backOff = 0
    this.quietUntil = 0
    this.isMute = false
    if (asked === undefined) return
    const ms = Math.max(1, now - Math.max(asked.at, this.#lastPieceAt))
    this.#lastPieceAt = now
    const sample = bytes / ms
    this.#rate = this.#rate === 0 ? sample : this.#rate + RATE_GAIN * (sample - this.#rate)
  }

  /** Bytes per millisecond as measured; 0 before anything came. */
  get rate(): number {
    return this.#rate
  }

  /** Asks it no more for a while; answers with what is to be told of it. */
  backOff(policy: SwarmPolicy, now: number, why: SnubReason): SwarmAction {
    this.#backOff = Math.min(policy.maxBackOffMs, this.#backOff === 0 ? policy.backOffMs : this.#backOff * 2)
    this.quietUntil = now + this.#backOff
    this.isMute ||= why === 'silent'
    this.#rate = 0
    return { type: 'snub', peer: this.id, why }
  }

  /** The lowest is asked first: peers, seeds, peers that let us down and have given nothing since, the origin. */
  get rank(): number {
    return this.isDoubtful ? DOUBTFUL_RANK : RANK[this.kind]
  }

  /** A peer that let us down and has given nothing since. */
  get isDoubtful(): boolean {
    return this.kind === 'peer' && this.#backOff > 0
  }

  isQuiet(now: number): boolean {
    return now < this.quietUntil
  }
}
