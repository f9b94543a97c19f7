// Recomputes max-min fair shares after a change, as far as the change reaches.
import type { Link, Transfer } from './link.ts'
import { fairOffer } from './share.ts'
import type { Table } from './table.ts'

/** A link at the other end takes note of an offer that has changed by more than this share. */
const MATERIAL = 0.03
/** Raising a rate by less than this share is not worth the work. */
const TRIFLE = 0.01

/**
 * Rates are max-min fair: nobody could get more without taking from one who has no more. Only links that something has
 * happened to are settled, and in the next step those at the other ends when that changes their share. What nobody uses
 * goes to whoever can take it, until somebody needs it. At rest every rate is its fair one but for a few per cent.
 */
export class Settling {
  readonly #table: Table
  readonly #setRate: (transfer: Transfer, rate: number) => void
  #dirty: Link[] = []

  constructor(table: Table, setRate: (transfer: Transfer, rate: number) => void) {
    this.#table = table
    this.#setRate = setRate
  }

  get isDone(): boolean {
    return this.#dirty.length === 0
  }

  /** Something has happened to the link. */
  mark(link: Link): void {
    if (link.isDirty) return
    link.isDirty = true
    this.#dirty.push(link)
  }

  /** One step: what is marked meanwhile waits for the next one. */
  settleAll(): void {
    const dirty = this.#dirty
    this.#dirty = []
    for (const link of dirty) {
      link.isDirty = false
      this.settle(link)
    }
  }

  settle(link: Link): void {
    const offer = fairOffer(link.rate, link.ends, this.#table.offers)
    this.#table.offers[link.id] = offer
    if (Math.abs(offer - link.told) > MATERIAL * link.told) this.#tell(link, offer)
    const lack = this.#lack(link, offer)
    if (lack > link.free) this.#makeRoom(link, offer)
    const kept = lack > 0 ? this.#raise(link, offer) : 0
    const spare = link.free - kept
    if (spare > TRIFLE * link.rate) this.#giveAway(link, spare)
  }

  /** What all together would need to have their shares. */
  #lack({ ids, ends }: Link, offer: number): number {
    const { offers, rates } = this.#table
    let lack = 0
    for (let i = 0; i < ids.length; i++) {
      const fair = Math.min(offer, offers[ends[i] as number] as number)
      const rate = rates[ids[i] as number] as number
      if (fair > rate * (1 + TRIFLE)) lack += fair - rate
    }
    return lack
  }

  /** Marks the links at the other ends to which the new offer makes a difference: those that do not offer less anyway. */
  #tell(link: Link, offer: number): void {
    const { offers } = this.#table
    const { ends, transfers } = link
    const matters = Math.min(offer, link.told) / (1 + MATERIAL)
    link.told = offer
    for (let i = 0; i < ends.length; i++) {
      if ((offers[ends[i] as number] as number) > matters) this.mark((transfers[i] as Transfer).beyond(link))
    }
  }

  /** Who has more than its share gives it back when others need it. */
  #makeRoom({ ids, ends, transfers }: Link, offer: number): void {
    const { offers, rates } = this.#table
    for (let i = 0; i < ids.length; i++) {
      const fair = Math.min(offer, offers[ends[i] as number] as number)
      if ((rates[ids[i] as number] as number) > fair) this.#setRate(transfers[i] as Transfer, fair)
    }
  }

  /** Answers with what is kept for those who could not have their share yet: at the other end others have to make room first. */
  #raise(link: Link, offer: number): number {
    const { offers, frees, rates } = this.#table
    const { ids, ends, transfers } = link
    let kept = 0
    for (let i = 0; i < ids.length; i++) {
      const end = ends[i] as number
      const fair = Math.min(offer, offers[end] as number)
      const before = rates[ids[i] as number] as number
      if (fair <= before * (1 + TRIFLE)) continue
      const transfer = transfers[i] as Transfer
      const rate = Math.min(fair, before + Math.max(0, Math.min(link.free, frees[end] as number)))
      if (rate !== before) this.#setRate(transfer, rate)
      if (fair <= rate * (1 + TRIFLE) || (frees[end] as number) >= link.free) continue
      kept += fair - rate
      this.mark(transfer.beyond(link))
    }
    return kept
  }

  #giveAway({ ids, ends, transfers, rate }: Link, spare: number): void {
    const { frees, rates } = this.#table
    let left = spare
    for (let i = 0; i < ids.length && left > TRIFLE * rate; i++) {
      const more = Math.min(left, frees[ends[i] as number] as number)
      if (more <= TRIFLE * rate) continue
      this.#setRate(transfers[i] as Transfer, (rates[ids[i] as number] as number) + more)
      left -= more
    }
  }
}
