// Turns peers' messages about pieces into events for the swarm.
import { Bitfield } from '../../core/bitfield.ts'
import type { RefusalReason } from '../../wire/refusal.ts'
import type { StoredVersion } from '../content/stored-version.ts'
import type { PeerLink, PieceListener } from '../peers/peer-link.ts'
import type { SwarmDriver } from './swarm-driver.ts'

export class PieceExchange implements PieceListener {
  readonly #content: StoredVersion
  readonly #driver: SwarmDriver
  readonly #fail: (error: unknown) => void

  /** `fail`: told when a piece that came cannot be kept. */
  constructor(content: StoredVersion, driver: SwarmDriver, fail: (error: unknown) => void) {
    this.#content = content
    this.#driver = driver
    this.#fail = fail
  }

  /** Makes a link at our version a neighbour: each side tells the other what it has. */
  join(link: PeerLink, kind: 'seed' | 'peer'): void {
    const { swarm } = this.#driver
    link.isNeighbour = true
    this.#driver.tell({ type: 'joined', peer: link.peer, kind })
    this.#driver.place(link.peer)
    link.link.send({ type: 'pieces', have: this.#shown, queue: swarm.queue })
    this.#driver.tell({ type: 'bitfield', peer: link.peer, have: link.have, queue: link.queue })
  }

  /** What we have, less what is not proven. */
  get #shown(): Bitfield {
    const { have } = this.#driver.swarm
    const { provenTo } = this.#content
    if (provenTo >= have.size) return have
    const shown = new Bitfield(have.size)
    for (const piece of have.toArray()) if (piece < provenTo) shown.add(piece)
    return shown
  }

  left({ peer }: PeerLink): void {
    this.#driver.tell({ type: 'left', peer })
  }

  // ---- PieceEars

  onHave({ peer, queue }: PeerLink, pieces: readonly number[]): void {
    this.#driver.tell({ type: 'have', peer, pieces, queue })
  }

  onAsk({ peer, link }: PeerLink, piece: number, load: number, has: number | undefined): void {
    if (piece >= this.#content.provenTo) return link.refuse(piece, 'no-such-piece')
    this.#driver.tell({ type: 'request', peer, piece, load, has })
  }

  onWithdraw({ peer }: PeerLink, piece: number): void {
    this.#driver.tell({ type: 'cancel', peer, piece })
  }

  onSent({ peer }: PeerLink): void {
    this.#driver.place(peer)
    this.#driver.tell({ type: 'sent', peer })
  }

  onBuffer(size: number): Uint8Array {
    return this.#content.transfer.buffer(size)
  }

  onProgress({ peer }: PeerLink, piece: number, bytes: number): void {
    this.#driver.tell({ type: 'progress', peer, piece, bytes })
  }

  onHeld({ peer }: PeerLink, ms: number): void {
    this.#driver.tell({ type: 'held', peer, ms })
  }

  onPiece({ peer }: PeerLink, piece: number, bytes: Uint8Array): void {
    this.#content.transfer.receive(piece, bytes).then(received => this.#driver.received(peer, piece, received), this.#fail)
  }

  onRefused({ peer }: PeerLink, piece: number, reason: RefusalReason): void {
    this.#driver.tell({ type: 'refused', peer, piece, forever: reason === 'no-such-piece' })
  }
}
