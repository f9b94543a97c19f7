// How many pieces have to be under way to a neighbour so that its line is full: what is delivered in a round trip, and some more.
import type { SwarmPolicy } from './events.ts'

/** Of what was delivered in a round trip so much is sent in the next one: on a line that is not full yet it grows, as in TCP's slow start. */
const GAIN = 1.5

type FlowPolicy = Pick<SwarmPolicy, 'slotsPerPeer' | 'uploadWindowMs' | 'uploadSlots' | 'farPieces'>

interface Flow {
  /** Milliseconds that the last piece took until the neighbour had it. */
  took: number
  /** Pieces per millisecond: those that were under way when the last one began were all there when it was. */
  rate: number
}

export class Flows {
  readonly #policy: FlowPolicy
  readonly #flows = new Map<string, Flow>()
  /** The shortest that was measured, milliseconds: starved hosts take longer now and then. */
  readonly #roundTrips = new Map<string, number>()

  constructor(policy: FlowPolicy) {
    this.#policy = policy
  }

  roundTrip(peer: string, ms: number): void {
    this.#roundTrips.set(peer, Math.min(ms, this.#roundTrips.get(peer) ?? Infinity))
  }

  /** The neighbour has a piece. `underWay`: pieces to it when this one began, itself among them. */
  done(peer: string, underWay: number, took: number): void {
    this.#flows.set(peer, { took, rate: underWay / Math.max(1, took) })
  }

  /** Pieces per millisecond that the neighbour takes; undefined: it has taken none yet. */
  rate(peer: string): number | undefined {
    return this.#flows.get(peer)?.rate
  }

  left(peer: string): void {
    this.#flows.delete(peer)
    this.#roundTrips.delete(peer)
  }

  /**
   * Pieces that may be under way to it. Alone it gets some more: on a fast line a piece is there before the word of it is back, and nobody
   * else waits.
   */
  slots(peer: string, isAlone: boolean): number {
    const { slotsPerPeer, uploadWindowMs, uploadSlots, farPieces } = this.#policy
    const { took = uploadWindowMs } = this.#flows.get(peer) ?? {}
    const near = isAlone ? Math.max(slotsPerPeer, Math.ceil(uploadWindowMs / Math.max(1, took))) : 1
    return Math.max(Math.min(uploadSlots, near), Math.min(isAlone ? farPieces : uploadSlots, this.#far(peer)))
  }

  /** Upload slots that a piece to it takes: where nobody else is sent anything, more pieces may be on the line to a far one if they are short. */
  slotsOf(peer: string, isAlone: boolean): number {
    const { slotsPerPeer, uploadSlots, farPieces } = this.#policy
    return isAlone && this.#far(peer) > slotsPerPeer ? uploadSlots / farPieces : 1
  }

  #far(peer: string): number {
    return Math.ceil((this.#flows.get(peer)?.rate ?? 0) * GAIN * (this.#roundTrips.get(peer) ?? 0))
  }
}
