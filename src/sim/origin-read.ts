// A seed's read of the origin: passes pieces on as they come and leaves out what the swarm has.
import { Call } from './alarm.ts'
import type { SimHost } from './host.ts'
import type { Transfer } from './link.ts'
import type { SimPeer } from './peer.ts'
import type { Surroundings } from './surroundings.ts'

/** How often a seed that found nothing to read looks again, milliseconds: who had a piece may have left. */
const LOOK_AGAIN_MS = 1000

/** Weight of the newest piece in the measured rate. */
const RATE_GAIN = 0.3

export class OriginRead {
  readonly #seed: SimPeer
  readonly #around: Surroundings
  /** Pieces to read, by their turn. */
  readonly #order: readonly number[]
  readonly #again = new Call(() => this.#next())
  #transfer: Transfer | undefined
  /** Bytes per millisecond of late; 0: not known yet. */
  rate = 0
  #begunAt = 0
  #position = 0
  #isReading = false

  constructor(seed: SimPeer, order: readonly number[], around: Surroundings) {
    this.#seed = seed
    this.#around = around
    this.#order = order
  }

  /** Safe to call again. */
  start(): void {
    if (!this.#isReading) this.#next()
    this.#isReading = true
  }

  /** The seed is gone. */
  stop(): void {
    if (this.#transfer !== undefined) this.#around.links.stop(this.#transfer)
    this.#around.world.clear(this.#again)
  }

  #next(): void {
    this.#transfer = undefined
    const { world, links, origin, pieceLength } = this.#around
    if (!this.#seed.acts || this.#seed.swarm.isComplete) return
    const piece = this.#firstMissing()
    if (piece === undefined) return world.set(this.#again, world.now + LOOK_AGAIN_MS)
    this.#begunAt = world.now
    this.#transfer = links.start(origin, this.#seed.down, pieceLength, () => this.#arrived(piece))
  }

  /** What neither the seed nor any of its neighbours has, from the last position on, then from the start. */
  #firstMissing(): number | undefined {
    for (let i = 0; i < this.#order.length; i++) {
      const at = (this.#position + i) % this.#order.length
      const piece = this.#order[at] as number
      if (this.#seed.swarm.have.has(piece) || this.#seed.neighbours.some(n => hasPiece(n, piece))) continue
      this.#position = at + 1
      return piece
    }
    return undefined
  }

  #arrived(piece: number): void {
    const { tally, pieceLength, world } = this.#around
    tally.originBytes += pieceLength
    const sample = pieceLength / (world.now - this.#begunAt)
    this.rate = this.rate === 0 ? sample : this.rate + RATE_GAIN * (sample - this.rate)
    if (this.#seed.swarm.have.has(piece)) tally.duplicateBytes += pieceLength
    this.#seed.publishManifest(piece + 1)
    this.#seed.tell({ type: 'stored', piece })
    this.#next()
  }
}

function hasPiece(host: SimHost, piece: number): boolean {
  return host.acts && !host.isLiar && host.swarm.have.has(piece)
}
