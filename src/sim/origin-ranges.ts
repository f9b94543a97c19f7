// Single pieces that a peer reads from the origin by itself.
import { ORIGIN, type SimHost } from './host.ts'
import type { Transfer } from './link.ts'
import type { Surroundings } from './surroundings.ts'

export class OriginRanges {
  readonly #peer: SimHost
  readonly #around: Surroundings
  readonly #transfers = new Set<Transfer>()

  constructor(peer: SimHost, around: Surroundings) {
    this.#peer = peer
    this.#around = around
  }

  /** A connection and a request take two latencies before bytes flow. */
  read(piece: number): void {
    const { world, links, latency, origin, pieceLength } = this.#around
    world.after(2 * latency, () => {
      if (!this.#peer.acts) return
      const transfer = links.start(origin, this.#peer.down, pieceLength, () => {
        this.#transfers.delete(transfer)
        this.#arrived(piece)
      })
      this.#transfers.add(transfer)
    })
  }

  stop(): void {
    for (const transfer of this.#transfers) this.#around.links.stop(transfer)
    this.#transfers.clear()
  }

  #arrived(piece: number): void {
    const { pieceLength, tally } = this.#around
    tally.originBytes += pieceLength
    if (!this.#peer.acts) return
    if (this.#peer.swarm.have.has(piece)) tally.duplicateBytes += pieceLength
    this.#peer.tell({ type: 'received', peer: ORIGIN, piece, bytes: pieceLength })
  }
}
