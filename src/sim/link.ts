// Links and the transfers that share them, max-min fair, as many TCP connections do on average.
import type { World } from './world.ts'

/** One direction of a host's line. */
export class Link {
  /** Bytes per millisecond. */
  readonly rate: number
  readonly transfers = new Set<Transfer>()
  /** Bytes per millisecond that nobody uses right now. */
  free: number
  /** While rates settle: what is left to share, and among how many. */
  capacity = 0
  waiting = 0
  #round = 0

  constructor(rate: number) {
    this.rate = rate
    this.free = rate
  }

  /** Counts one more transfer in this round of settling. */
  enter(open: Link[], round: number): void {
    if (this.#round !== round) {
      this.#round = round
      this.capacity = this.rate
      this.waiting = 0
      open.push(this)
    }
    this.waiting++
  }
}

/** Bytes under way from an uplink to a downlink. */
export interface Transfer {
  readonly up: Link
  readonly down: Link
  readonly bytes: number
  /** Bytes still to go, as of `since`. */
  left: number
  rate: number
  since: number
  /** When somebody looks whether it is done; Infinity: nobody does. */
  lookAt: number
  /** Last round of settling that gave it a rate. */
  round: number
  onDone: () => void
}

/** Transfers take up free capacity at once, and share anew so many milliseconds after a change, as congestion control does. */
const SETTLE_MS = 5
/** Less than this is rounding. */
const EPSILON_BYTES = 1e-6

/** All links of a world. Rates are max-min fair: nobody could get more without taking from one who has no more. */
export class Links {
  readonly #world: World
  readonly #transfers = new Set<Transfer>()
  #isSettling = false
  #round = 0

  constructor(world: World) {
    this.#world = world
  }

  start(up: Link, down: Link, bytes: number, onDone: () => void): Transfer {
    const transfer: Transfer = {
      up,
      down,
      bytes,
      left: bytes,
      rate: 0,
      since: this.#world.now,
      lookAt: Infinity,
      round: 0,
      onDone,
    }
    for (const set of [this.#transfers, up.transfers, down.transfers]) set.add(transfer)
    this.#setRate(transfer, Math.max(0, Math.min(up.free, down.free)))
    this.#settleSoon()
    return transfer
  }

  /** Ends a transfer early; answers with the bytes that went over the line. */
  stop(transfer: Transfer): number {
    if (!this.#transfers.has(transfer)) return transfer.bytes
    this.#advance(transfer)
    this.#remove(transfer)
    return transfer.bytes - transfer.left
  }

  #remove(transfer: Transfer): void {
    for (const set of [this.#transfers, transfer.up.transfers, transfer.down.transfers]) set.delete(transfer)
    transfer.up.free += transfer.rate
    transfer.down.free += transfer.rate
    this.#settleSoon()
  }

  #setRate(transfer: Transfer, rate: number): void {
    this.#advance(transfer)
    transfer.up.free += transfer.rate - rate
    transfer.down.free += transfer.rate - rate
    transfer.rate = rate
    const due = transfer.since + transfer.left / rate
    if (due < transfer.lookAt) this.#lookAt(transfer, due)
  }

  #advance(transfer: Transfer): void {
    const { now } = this.#world
    transfer.left = Math.max(0, transfer.left - transfer.rate * (now - transfer.since))
    transfer.since = now
  }

  #lookAt(transfer: Transfer, time: number): void {
    transfer.lookAt = time
    this.#world.at(time, () => {
      if (transfer.lookAt !== time || !this.#transfers.has(transfer)) return
      this.#advance(transfer)
      const rest = transfer.left / transfer.rate
      // A rest that the clock cannot express any more is no rest.
      if (transfer.left > EPSILON_BYTES && this.#world.now + rest > this.#world.now) {
        transfer.lookAt = Infinity
        if (transfer.rate > 0) this.#lookAt(transfer, this.#world.now + rest)
        return
      }
      this.#remove(transfer)
      transfer.onDone()
    })
  }

  #settleSoon(): void {
    if (this.#isSettling) return
    this.#isSettling = true
    this.#world.after(SETTLE_MS, () => {
      this.#isSettling = false
      this.#settle()
    })
  }

  /** Progressive filling: the tightest link gives each of its transfers an equal share, then the next one. */
  #settle(): void {
    const round = ++this.#round
    const open: Link[] = []
    for (const { up, down } of this.#transfers) {
      up.enter(open, round)
      down.enter(open, round)
    }
    for (let link = takeTightest(open); link !== undefined; link = takeTightest(open)) {
      const share = Math.max(0, link.capacity / link.waiting)
      for (const transfer of link.transfers) {
        if (transfer.round === round) continue
        transfer.round = round
        const other = transfer.up === link ? transfer.down : transfer.up
        other.capacity -= share
        other.waiting--
        this.#setRate(transfer, share)
      }
    }
  }
}

/** Takes the link with the smallest share per waiting transfer out of the list, and those on which nobody waits. */
function takeTightest(open: Link[]): Link | undefined {
  let best = -1
  let lowest = Infinity
  for (let i = open.length - 1; i >= 0; i--) {
    const { capacity, waiting } = open[i] as Link
    if (waiting === 0) {
      // The last link, already looked at, takes the place.
      const last = open.pop() as Link
      if (i < open.length) open[i] = last
      if (best === open.length) best = i
      continue
    }
    if (capacity / waiting >= lowest) continue
    lowest = capacity / waiting
    best = i
  }
  if (best === -1) return undefined
  const link = open[best] as Link
  const last = open.pop() as Link
  if (best < open.length) open[best] = last
  return link
}
