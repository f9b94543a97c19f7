// One direction of a host's line, and a transfer between two lines.
import { Alarm } from './alarm.ts'
import type { Meter } from './meter.ts'
import { NOWHERE, type Table } from './table.ts'

/** Stands for "no limit", bytes per millisecond: large enough, and still a number one can calculate with. */
const LIMITLESS = 1e12

export class Link {
  readonly id: number
  /** Bytes per millisecond. */
  rate: number
  /** The transfers, their numbers, and the numbers of the links at their other ends: place by place. */
  readonly transfers: Transfer[] = []
  readonly ids: number[] = []
  readonly ends: number[] = []
  /** The offer that the links at the other ends have taken note of. */
  told: number
  /** Its offer has to be looked at in the next settling. */
  isDirty = false
  /** Bytes pass between links of the same side only: see `Fault`, partition. */
  side = 0
  readonly meter: Meter | undefined
  readonly #table: Table

  /** `rate` may be Infinity. */
  constructor(table: Table, rate: number, meter?: Meter) {
    this.id = table.addLink()
    this.rate = Math.min(rate, LIMITLESS)
    this.told = this.rate
    this.meter = meter
    this.#table = table
    table.offers[this.id] = this.rate
    table.frees[this.id] = this.rate
  }

  get isLimitless(): boolean {
    return this.rate === LIMITLESS
  }

  /** Bytes per millisecond that nobody uses right now. */
  get free(): number {
    return this.#table.frees[this.id] as number
  }

  set free(rate: number) {
    this.#table.frees[this.id] = rate
  }

  /** Takes the transfer in; answers with its place. */
  enter(transfer: Transfer, other: Link): number {
    this.ids.push(transfer.id)
    this.ends.push(this.side === other.side ? other.id : NOWHERE)
    return this.transfers.push(transfer) - 1
  }

  /** Lets the transfer at this place go; answers with the one that has its place now. */
  leave(place: number): Transfer {
    const last = this.transfers.pop() as Transfer
    const id = this.ids.pop() as number
    const end = this.ends.pop() as number
    if (place === this.transfers.length) return last
    this.transfers[place] = last
    this.ids[place] = id
    this.ends[place] = end
    return last
  }
}

/** Who looks after transfers. */
export interface TransferOwner {
  /** The transfer may be over now. */
  due(transfer: Transfer): void
}

/** Bytes under way from an uplink to a downlink. */
export class Transfer extends Alarm {
  readonly id: number
  readonly up: Link
  readonly down: Link
  readonly bytes: number
  readonly onDone: () => void
  /** Bytes still to go, as of `since`. */
  left: number
  since = 0
  readonly #owner: TransferOwner
  /** Where in the links' lists it is; -1: over. */
  #upPlace = -1
  #downPlace = -1

  constructor(owner: TransferOwner, { id, up, down }: { id: number; up: Link; down: Link }, bytes: number, onDone: () => void) {
    super()
    this.id = id
    this.up = up
    this.down = down
    this.bytes = bytes
    this.left = bytes
    this.onDone = onDone
    this.#owner = owner
    this.#upPlace = up.enter(this, down)
    this.#downPlace = down.enter(this, up)
  }

  get isOver(): boolean {
    return this.#upPlace === -1
  }

  /** The ends are on unlike sides: nothing passes. */
  get isStalled(): boolean {
    return this.up.side !== this.down.side
  }

  /** The link at the other end. */
  beyond(link: Link): Link {
    return this.up === link ? this.down : this.up
  }

  /** The sides have changed. */
  reconnect(): void {
    this.up.ends[this.#upPlace] = this.isStalled ? NOWHERE : this.down.id
    this.down.ends[this.#downPlace] = this.isStalled ? NOWHERE : this.up.id
  }

  ring(): void {
    this.#owner.due(this)
  }

  leave(): void {
    this.up.leave(this.#upPlace).#upPlace = this.#upPlace
    this.down.leave(this.#downPlace).#downPlace = this.#downPlace
    this.#upPlace = -1
    this.#downPlace = -1
  }
}
