// All lines of a world and the transfers on them.
import { Link, Transfer } from './link.ts'
import type { Meter } from './meter.ts'
import { Settling } from './settling.ts'
import { Table } from './table.ts'
import type { World } from './world.ts'

/** Transfers take up free capacity at once, and share anew so many milliseconds after a change: congestion control takes a round trip. */
const SETTLE_MS = 10
/** Less than this is rounding. */
const EPSILON_BYTES = 1e-6

/** Lines are shared max-min fairly, as many TCP connections do on average: see `Settling`. */
export class Links {
  readonly #world: World
  readonly #table = new Table()
  readonly #settling: Settling
  #isSettling = false

  constructor(world: World) {
    this.#world = world
    this.#settling = new Settling(this.#table, (transfer, rate) => this.#setRate(transfer, rate))
  }

  /** A new link of so many bytes per millisecond; Infinity: without a limit. */
  link(rate: number, meter?: Meter): Link {
    return new Link(this.#table, rate, meter)
  }

  start(up: Link, down: Link, bytes: number, onDone: () => void): Transfer {
    const transfer = new Transfer(this, { id: this.#table.addTransfer(), up, down }, bytes, onDone)
    transfer.since = this.#world.now
    if (!transfer.isStalled) this.#setRate(transfer, Math.max(0, Math.min(up.free, down.free)))
    this.#mark(up)
    this.#mark(down)
    return transfer
  }

  /** Ends a transfer early; answers with the bytes that went over the line. */
  stop(transfer: Transfer): number {
    if (transfer.isOver) return transfer.bytes
    const moved = this.moved(transfer)
    this.#remove(transfer)
    return moved
  }

  /** Bytes of the transfer that went over the line until now. */
  moved(transfer: Transfer): number {
    if (!transfer.isOver) this.#advance(transfer)
    return transfer.bytes - transfer.left
  }

  rateOf(transfer: Transfer): number {
    return transfer.isOver ? 0 : (this.#table.rates[transfer.id] as number)
  }

  /** Counts the link's capacity in its meter from now on, or no more. A link without limit is not counted. */
  meter(link: Link, isIn: boolean): void {
    if (!link.isLimitless) link.meter?.grow(isIn ? link.rate : -link.rate, this.#world.now)
  }

  /** The link has another rate from now on, bytes per millisecond. Its meter has to be told by `meter`. */
  setLine(link: Link, rate: number): void {
    link.free += rate - link.rate
    link.rate = rate
    this.#settling.settle(link)
    this.#settleSoon()
  }

  /** The link is on another side from now on: transfers from or to other sides stall, others go on again. */
  setSide(link: Link, side: number): void {
    link.side = side
    this.#mark(link)
    for (const transfer of link.transfers) {
      transfer.reconnect()
      if (transfer.isStalled) this.#setRate(transfer, 0)
      this.#mark(transfer.beyond(link))
    }
  }

  /** For the transfer alone: it says that it may be over. */
  due(transfer: Transfer): void {
    this.#advance(transfer)
    const { now } = this.#world
    const rest = transfer.left / this.rateOf(transfer)
    // A rest that the clock cannot express any more is no rest.
    if (transfer.left > EPSILON_BYTES && now + rest > now) return this.#world.set(transfer, now + rest)
    transfer.left = 0
    this.#remove(transfer)
    transfer.onDone()
  }

  #remove(transfer: Transfer): void {
    this.#setRate(transfer, 0)
    transfer.leave()
    this.#table.dropTransfer(transfer.id)
    this.#mark(transfer.up)
    this.#mark(transfer.down)
  }

  #setRate(transfer: Transfer, rate: number): void {
    this.#advance(transfer)
    const { up, down, since } = transfer
    const more = rate - (this.#table.rates[transfer.id] as number)
    up.free -= more
    down.free -= more
    up.meter?.use(more, since)
    down.meter?.use(more, since)
    this.#table.rates[transfer.id] = rate
    if (rate === 0) return this.#world.clear(transfer)
    const due = since + transfer.left / rate
    // When it becomes later it will be noticed then.
    if (due < transfer.at) this.#world.set(transfer, due)
  }

  #advance(transfer: Transfer): void {
    const { now } = this.#world
    if (transfer.since === now) return
    const rate = this.#table.rates[transfer.id] as number
    transfer.left = Math.max(0, transfer.left - rate * (now - transfer.since))
    transfer.since = now
  }

  #mark(link: Link): void {
    this.#settling.mark(link)
    this.#settleSoon()
  }

  #settleSoon(): void {
    if (this.#isSettling || this.#settling.isDone) return
    this.#isSettling = true
    this.#world.after(SETTLE_MS, () => {
      this.#isSettling = false
      this.#settling.settleAll()
      this.#settleSoon()
    })
  }
}
