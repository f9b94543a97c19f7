// Rate limits of a host (up, down, total), shared by its contents. Told the time.
import { type Priority, WEIGHTS } from './weights.ts'

export type Direction = 'up' | 'down'

/** Bytes a second for all contents together; undefined: no limit. `total`: both directions together. */
export interface RateLimits {
  up?: number | undefined
  down?: number | undefined
  total?: number | undefined
}

/** So many bytes may be moved now. */
export interface Leave<K> {
  content: K
  direction: Direction
  bytes: number
}

/** What may be saved up while nobody moves anything, milliseconds of the rate. */
const BURST_MS = 100
/** The same while somebody waits: whoever is woken late by a busy machine makes up for it. */
const LATE_MS = 1000
const DIRECTIONS: readonly Direction[] = ['down', 'up']

/**
 * A bucket that is in debt lets nothing pass: a request of any size goes as one, and the next one waits for it. So the
 * rate holds over time, and a piece that is larger than the burst is not stuck.
 */
class Bucket {
  /** Bytes a millisecond; Infinity: no limit. */
  readonly #rate: number
  #saved: number
  #at: number

  constructor(bytesPerSecond: number | undefined, now: number) {
    this.#rate = bytesPerSecond === undefined ? Infinity : bytesPerSecond / 1000
    this.#saved = this.#rate === Infinity ? Infinity : this.#rate * BURST_MS
    this.#at = now
  }

  /** When something may pass. */
  opensAt(now: number): number {
    this.#advance(now, LATE_MS)
    if (this.#saved > 0) return now
    // one byte has to be there
    return now + (1 - this.#saved) / this.#rate
  }

  /** Nobody has waited up to now. */
  rested(now: number): void {
    this.#advance(now, BURST_MS)
  }

  take(bytes: number): void {
    this.#saved -= bytes
  }

  #advance(now: number, mostMs: number): void {
    if (this.#rate === Infinity) return
    this.#saved = Math.min(this.#rate * mostMs, this.#saved + this.#rate * (now - this.#at))
    this.#at = now
  }
}

/** How one content takes part. */
export interface Terms {
  /** Default `normal`. */
  priority?: Priority | undefined
  /** Bytes a second that it may receive, inside the limits of the host. Default: no limit of its own. */
  down?: number | undefined
}

interface Line<K> {
  readonly content: K
  weight: number
  /** Sizes of the requests that wait. */
  readonly waiting: number[]
  /** Virtual time at which its next request begins: bytes by weight. */
  start: number
  /** Its own limit; undefined: none. */
  own: Bucket | undefined
}

/** What is moved as one: so much time of the rate, within bounds. Smaller parts cost more, larger ones are less smooth. */
const PART_MS = 10
const MIN_PART_BYTES = 1024
const MAX_PART_BYTES = 256 * 1024
/** What a content may hold under way: so much time of the rate, and two pieces in any case, so that one always waits. */
const WINDOW_MS = 500
const LEAST_PIECES = 2

/** Bytes to move as one at a rate of so many bytes a second. */
export function partBytes(rate: number): number {
  return Math.min(MAX_PART_BYTES, Math.max(MIN_PART_BYTES, Math.floor((rate * PART_MS) / 1000)))
}

/**
 * Pieces that are of any use to have under way at a rate of so many bytes a second: more would only wait, and keep upload
 * slots of others busy.
 */
export function windowPieces(rate: number, pieceLength: number): number {
  return Math.max(LEAST_PIECES, Math.ceil((rate * WINDOW_MS) / 1000 / pieceLength) + 1)
}

/** Start-time fair queueing (Goyal, Vin and Cheng 1996): contents share by weight, and who was idle has saved up nothing. */
export class Rates<K> {
  #buckets: Record<Direction | 'total', Bucket>
  readonly #lines: Record<Direction, Map<K, Line<K>>> = { up: new Map(), down: new Map() }
  readonly #virtual: Record<Direction, number> = { up: 0, down: 0 }
  /** Bytes that went; who was idle begins beside the other. */
  readonly #passed: Record<Direction, number> = { up: 0, down: 0 }

  constructor(limits: RateLimits, now: number) {
    this.#buckets = bucketsOf(limits, now)
  }

  /** Other limits from now on; what waits goes on waiting. */
  limit(limits: RateLimits, now: number): void {
    this.#buckets = bucketsOf(limits, now)
  }

  enter(content: K, terms: Terms = {}, now = 0): void {
    for (const d of DIRECTIONS) this.#lines[d].set(content, { content, weight: 1, waiting: [], start: 0, own: undefined })
    this.set(content, terms, now)
  }

  /** Other terms from now on; what waits goes on waiting. */
  set(content: K, { priority = 'normal', down }: Terms, now: number): void {
    for (const d of DIRECTIONS) {
      const line = this.#line(content, d)
      line.weight = WEIGHTS[priority]
      if (d === 'down') line.own = down === undefined ? undefined : new Bucket(down, now)
    }
  }

  /** What it waited for is forgotten. */
  leave(content: K): void {
    for (const d of DIRECTIONS) this.#lines[d].delete(content)
  }

  /** The content wants to move so many bytes, as one. */
  ask(content: K, direction: Direction, bytes: number, now: number): void {
    const line = this.#line(content, direction)
    this.#rest(line, direction, now)
    if (!this.#isWaiting(direction)) this.#passed[direction] = Math.max(this.#passed.up, this.#passed.down)
    if (line.waiting.length === 0) line.start = Math.max(line.start, this.#virtual[direction])
    line.waiting.push(bytes)
  }

  /** It wants to move its request `at` no more, counted from 0 among those that wait. */
  withdraw(content: K, direction: Direction, at: number): void {
    this.#lines[direction].get(content)?.waiting.splice(at, 1)
  }

  /** What may be moved now, in this order. */
  take(now: number): Leave<K>[] {
    const leaves: Leave<K>[] = []
    for (;;) {
      const open = DIRECTIONS.filter(d => this.#opensAt(d, now) <= now && this.#next(d, now) !== undefined)
      if (open.length === 0) return leaves
      // what both need goes to the one that has had less
      const direction = open.length === 2 && this.#passed.up < this.#passed.down ? 'up' : (open[0] as Direction)
      leaves.push(this.#pass(this.#next(direction, now) as Line<K>, direction))
    }
  }

  /** When `take` will have something; Infinity: nobody waits. */
  nextAt(now: number): number {
    return Math.min(...DIRECTIONS.map(d => Math.max(this.#opensAt(d, now), this.#readyAt(d, now))))
  }

  /** When the first of those that wait may move by its own limit; Infinity: nobody waits. */
  #readyAt(direction: Direction, now: number): number {
    let first = Infinity
    for (const { waiting, own } of this.#lines[direction].values()) {
      if (waiting.length > 0) first = Math.min(first, own?.opensAt(now) ?? now)
    }
    return first
  }

  /** Where nobody has waited until now, no more than a burst is saved up. */
  #rest(line: Line<K>, direction: Direction, now: number): void {
    if (line.waiting.length > 0) return
    line.own?.rested(now)
    if (this.#isWaiting(direction)) return
    this.#buckets[direction].rested(now)
    if (!DIRECTIONS.some(d => this.#isWaiting(d))) this.#buckets.total.rested(now)
  }

  #isWaiting(direction: Direction): boolean {
    for (const { waiting } of this.#lines[direction].values()) if (waiting.length > 0) return true
    return false
  }

  #line(content: K, direction: Direction): Line<K> {
    const line = this.#lines[direction].get(content)
    if (line === undefined) throw new Error('rates: not a member')
    return line
  }

  #opensAt(direction: Direction, now: number): number {
    return Math.max(this.#buckets[direction].opensAt(now), this.#buckets.total.opensAt(now))
  }

  /** Of those that wait and are let by their own limit, the one that has had the least by weight. */
  #next(direction: Direction, now: number): Line<K> | undefined {
    let best: Line<K> | undefined
    for (const line of this.#lines[direction].values()) {
      if (line.waiting.length === 0 || (best !== undefined && line.start >= best.start)) continue
      if (line.own === undefined || line.own.opensAt(now) <= now) best = line
    }
    return best
  }

  #pass(line: Line<K>, direction: Direction): Leave<K> {
    const bytes = line.waiting.shift() as number
    // whom its own limit kept back is owed nothing for it
    line.start = Math.max(line.start, this.#virtual[direction])
    this.#virtual[direction] = line.start
    line.start += bytes / line.weight
    line.own?.take(bytes)
    this.#passed[direction] += bytes
    this.#buckets[direction].take(bytes)
    this.#buckets.total.take(bytes)
    return { content: line.content, direction, bytes }
  }
}

function bucketsOf({ up, down, total }: RateLimits, now: number): Record<Direction | 'total', Bucket> {
  return { up: new Bucket(up, now), down: new Bucket(down, now), total: new Bucket(total, now) }
}
