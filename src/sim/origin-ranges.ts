// Single pieces that a peer reads from the origin itself.
import { ORIGIN, type SimHost } from './host.ts'
import type { Transfer } from './link.ts'
import type { Surroundings } from './surroundings.ts'

export class OriginRanges {
  /** Called when it reads another number of pieces at a time, and when the origin gives no ranges. */
  onActive: (count: number) => void = () => {}
  onRefused: () => void = () => {}
  readonly #peer: SimHost
  readonly #around: Surroundings
  /** Being read, by piece; undefined: not answered yet. */
  readonly #transfers = new Map<number, Transfer | undefined>()

  constructor(peer: SimHost, around: Surroundings) {
    this.#peer = peer
    this.#around = around
  }

  /** A connection and a request take two latencies before bytes flow. */
  read(piece: number): void {
    const { world, links, latency, origin, originHasRanges, pieceLength } = this.#around
    this.#transfers.set(piece, undefined)
    this.onActive(this.#transfers.size)
    world.after(2 * latency, () => {
      if (!this.#peer.acts || !this.#transfers.has(piece)) return
      if (!originHasRanges) return this.#refuse(piece)
      const transfer = links.start(origin, this.#peer.down, pieceLength, () => this.#arrived(piece))
      this.#transfers.set(piece, transfer)
    })
  }

  stop(): void {
    for (const transfer of this.#transfers.values()) if (transfer !== undefined) this.#around.links.stop(transfer)
    this.#transfers.clear()
  }

  #refuse(piece: number): void {
    this.#over(piece)
    this.#peer.tell({ type: 'refused', peer: ORIGIN, piece, forever: false })
    this.onRefused()
  }

  #over(piece: number): void {
    this.#transfers.delete(piece)
    this.onActive(this.#transfers.size)
  }

  #arrived(piece: number): void {
    const { pieceLength, tally } = this.#around
    tally.originBytes += pieceLength
    if (this.#peer.acts && this.#peer.swarm.have.has(piece)) tally.duplicateBytes += pieceLength
    if (this.#peer.acts) this.#peer.tell({ type: 'received', peer: ORIGIN, piece, bytes: pieceLength })
    this.#over(piece)
  }
}
