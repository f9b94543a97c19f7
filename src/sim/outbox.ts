// The pieces that a host is sending, one transfer each.
import { Bitfield } from '../core/bitfield.ts'
import type { SimHost } from './host.ts'
import type { Transfer } from './link.ts'
import type { Running, Surroundings } from './surroundings.ts'

/** A piece on its way. */
class Sending implements Running {
  readonly to: SimHost
  readonly piece: number
  transfer: Transfer | undefined
  /** Bytes that the receiver was told of. */
  told = 0
  readonly #onLook: (sending: Sending) => void

  constructor(to: SimHost, piece: number, onLook: (sending: Sending) => void) {
    this.to = to
    this.piece = piece
    this.#onLook = onLook
  }

  look(): void {
    this.#onLook(this)
  }
}

export class Outbox {
  /** Bytes that have left, whole pieces or not. */
  sentBytes = 0
  /** Pieces that have left whole at least once. */
  readonly out: Bitfield
  readonly #from: SimHost
  readonly #around: Surroundings
  readonly #sendings = new Map<number, Sending>()

  constructor(from: SimHost, around: Surroundings) {
    this.#from = from
    this.#around = around
    this.out = new Bitfield(around.pieces)
  }

  send(to: SimHost, piece: number): void {
    const { links, mail, pieceLength } = this.#around
    const sending = new Sending(to, piece, this.#look)
    this.#sendings.set(this.#key(to, piece), sending)
    sending.transfer = links.start(this.#from.up, to.down, pieceLength, () => this.#done(sending))
    mail.carry(this.#from, to, () => this.#begun(sending))
  }

  /** False when the piece was not on its way. */
  cancel(to: SimHost, piece: number): boolean {
    const sending = this.#sendings.get(this.#key(to, piece))
    if (sending === undefined) return false
    this.#stop(sending)
    return true
  }

  /** The connection is gone. */
  drop(to: SimHost): void {
    for (const sending of this.#sendings.values()) if (sending.to === to) this.#stop(sending)
  }

  #key(to: SimHost, piece: number): number {
    return to.index * this.#around.pieces + piece
  }

  #stop(sending: Sending): void {
    const bytes = this.#around.links.stop(sending.transfer as Transfer)
    this.#forget(sending, bytes)
    this.#around.tally.duplicateBytes += bytes
  }

  #forget(sending: Sending, bytes: number): void {
    this.sentBytes += bytes
    this.#from.trade.accounts?.answered(sending.to.id, sending.piece, bytes)
    this.#sendings.delete(this.#key(sending.to, sending.piece))
  }

  #done(sending: Sending): void {
    const { to, piece } = sending
    this.#forget(sending, this.#around.pieceLength)
    this.out.add(piece)
    this.#from.tell({ type: 'served', peer: to.id, piece })
    this.#around.mail.carry(this.#from, to, () => to.trade.arrived(this.#from, piece))
  }

  #begun(sending: Sending): void {
    if (!sending.transfer?.isOver) this.#tellProgress(sending, this.#moved(sending))
  }

  /** A sign of life for the receiver, as long as bytes come. */
  readonly #look = (sending: Sending): void => {
    if (sending.transfer?.isOver) return
    const moved = this.#moved(sending)
    if (moved > sending.told && this.#from.acts) this.#tellProgress(sending, moved)
    else this.#around.lookLater(sending)
  }

  #tellProgress(sending: Sending, moved: number): void {
    const bytes = moved - sending.told
    sending.told = moved
    this.#around.lookLater(sending)
    if (this.#from.acts) this.#from.tell({ type: 'sent', peer: sending.to.id })
    sending.to.tell({ type: 'progress', peer: this.#from.id, piece: sending.piece, bytes })
  }

  /** Whole bytes, without counting more than came. */
  #moved(sending: Sending): number {
    return Math.floor(this.#around.links.moved(sending.transfer as Transfer))
  }
}
