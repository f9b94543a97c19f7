// A simulated host's own read of the origin in order.
import type { OriginFailure, SourceAction } from '../swarm/source-events.ts'
import { Call } from './alarm.ts'
import type { Transfer } from './link.ts'
import type { SimPeer } from './peer.ts'
import type { Surroundings } from './surroundings.ts'

/** A stalled read is begun again four times; an origin that cannot be reached is given up after about so long. */
const PATIENCE_MS = 75_000
/** How often a read that is cut off looks whether it can go on, milliseconds. */
const LOOK_MS = 100

export interface ReadOwner {
  /** The origin has answered: its version is known. */
  readBegan(): void
  readGave(): void
  readEnded(failure?: OriginFailure): void
}

type Begin = Pick<Extract<SourceAction, { type: 'read-origin' }>, 'how' | 'from'>

export class StreamRead {
  readonly #self: SimPeer
  readonly #around: Surroundings
  readonly #owner: ReadOwner
  readonly #begin: Begin
  readonly #step = new Call(() => this.#next())
  #piece: number
  #hasBegun = false
  #cutAt: number | undefined
  #transfer: Transfer | undefined

  /** A connection and a request take two latencies. */
  constructor(self: SimPeer, around: Surroundings, owner: ReadOwner, begin: Begin) {
    this.#self = self
    this.#around = around
    this.#owner = owner
    this.#begin = begin
    this.#piece = begin.from
    around.world.set(this.#step, around.world.now + 2 * around.latency)
  }

  stop(): void {
    this.#around.world.clear(this.#step)
    if (this.#transfer !== undefined) this.#around.links.stop(this.#transfer)
  }

  #next(): void {
    const { world, links, origin, pieces, pieceLength } = this.#around
    if (!this.#self.acts) return
    if (this.#self.isCutFromOrigin) return this.#wait()
    this.#cutAt = undefined
    if (this.#begin.how === 'rest' && !this.#around.originHasRanges) return this.#owner.readEnded('no-ranges')
    if (!this.#hasBegun) this.#owner.readBegan()
    this.#hasBegun = true
    if (this.#piece === pieces) return this.#owner.readEnded()
    const begun = world.now
    this.#transfer = links.start(origin, this.#self.down, pieceLength, () => this.#arrived(begun))
  }

  #wait(): void {
    const { world } = this.#around
    this.#cutAt ??= world.now
    if (world.now - this.#cutAt >= PATIENCE_MS) return this.#owner.readEnded('trouble')
    world.set(this.#step, world.now + LOOK_MS)
  }

  #arrived(begun: number): void {
    const { tally, pieceLength, world } = this.#around
    this.#transfer = undefined
    tally.originBytes += pieceLength
    // what came while the host was cut off did not come
    if (this.#self.isCutFromOrigin && begun < world.now) return this.#next()
    const piece = this.#piece++
    if (this.#self.swarm.have.has(piece)) tally.duplicateBytes += pieceLength
    this.#self.ownManifest(piece + 1)
    this.#self.tell({ type: 'stored', piece })
    this.#owner.readGave()
    this.#next()
  }
}
