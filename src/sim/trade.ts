// Messages between simulated neighbours: announcements, requests, pieces.
import type { SwarmAction } from '../swarm/events.ts'
import type { Accounts } from './accounts.ts'
import { Bulletin } from './bulletin.ts'
import type { Dealer, SimHost } from './host.ts'
import { Outbox } from './outbox.ts'
import type { Surroundings } from './surroundings.ts'

export class Trade implements Dealer {
  readonly outbox: Outbox
  /** Only where somebody looks at how links are used. */
  accounts: Accounts | undefined
  readonly #self: SimHost
  readonly #around: Surroundings
  readonly #news: Bulletin
  #newPieces: number[] = []

  constructor(self: SimHost, around: Surroundings) {
    this.#self = self
    this.#around = around
    this.outbox = new Outbox(self, around)
    this.#news = new Bulletin(around.world, around.announceMs, () => this.#tellNews())
  }

  /** Every neighbour is told of the piece. */
  announce(piece: number): void {
    this.#newPieces.push(piece)
    this.#news.note()
  }

  /** Nobody is told of what has not been told yet. */
  forgetNews(): void {
    this.#newPieces = []
    this.#news.forget()
  }

  /** The link has ended. */
  drop(other: SimHost): void {
    this.outbox.drop(other)
    this.accounts?.close(other.id)
  }

  ask(other: SimHost, { piece, load, has }: Extract<SwarmAction, { type: 'ask' }>): void {
    this.accounts?.asked(other.id, piece)
    this.#around.mail.send(this.#self, other, to => to.trade.requested(this.#self, piece, load, has))
  }

  cancel(other: SimHost, piece: number): void {
    this.accounts?.failed(other.id, piece)
    this.#around.mail.send(this.#self, other, to => to.trade.calledBack(this.#self, piece))
  }

  refuse(other: SimHost, { piece, missing }: Extract<SwarmAction, { type: 'refuse' }>): void {
    this.accounts?.answered(other.id, piece, 0)
    this.#around.mail.send(this.#self, other, to => to.trade.refused(this.#self, piece, missing))
  }

  requested(by: SimHost, piece: number, load: number, has: number | undefined): void {
    this.accounts?.wanted(by.id, piece)
    this.#self.tell({ type: 'request', peer: by.id, piece, load, has })
  }

  refused(by: SimHost, piece: number, forever: boolean): void {
    this.accounts?.failed(by.id, piece)
    this.#self.tell({ type: 'refused', peer: by.id, piece, forever })
  }

  calledBack(by: SimHost, piece: number): void {
    this.accounts?.answered(by.id, piece, 0)
    this.#self.tell({ type: 'cancel', peer: by.id, piece })
    if (this.#self.acts && this.outbox.cancel(by, piece)) this.#self.tell({ type: 'served', peer: by.id, piece })
  }

  arrived(from: SimHost, piece: number): void {
    this.#self.hold(from, this.#around.pieceLength, () => this.#passed(from, piece))
  }

  #passed(from: SimHost, piece: number): void {
    const { pieceLength, tally } = this.#around
    this.accounts?.came(from.id, piece, pieceLength)
    if (from.isLiar || this.#self.swarm.have.has(piece)) tally.duplicateBytes += pieceLength
    if (from.isLiar) this.#self.tell({ type: 'corrupt', peer: from.id, piece })
    else this.#self.tell({ type: 'received', peer: from.id, piece, bytes: pieceLength })
  }

  #tellNews(): void {
    const { id, swarm, acts, neighbours } = this.#self
    const news = { type: 'have', peer: id, pieces: this.#newPieces, queue: swarm.queue } as const
    this.#newPieces = []
    if (acts) this.#around.mail.send(this.#self, neighbours, to => to.heardNews(this.#self, news))
  }
}
