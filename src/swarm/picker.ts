// The piece picker: missing pieces, open requests and availability.
import { Bitfield } from '../core/bitfield.ts'
import type { PieceRun } from './events.ts'

/** How many random candidates are compared for rarity: cheap, and near to true rarest-first. */
const SAMPLES = 4
/** How many pieces `find` looks at, at most. */
const MAX_LOOKS = 256

/**
 * What the picker knows of every piece: do we have it, is it wanted, is it `open` (wanted, missing and asked of nobody), how
 * many peers that are no seeds have it. Each of these has one writer here; `check` re-derives them.
 */
export class Picker {
  readonly have = new Bitfield()
  readonly #open = new Bitfield()
  /** Wanted pieces of the manifest; undefined: all. */
  #wanted: Bitfield | undefined
  #wantedRuns: readonly PieceRun[] | undefined
  /** Wanted pieces that we have; only counted while some are not wanted. */
  #wantedHere = 0
  readonly #asked = new Map<number, number>()
  #availability: number[] = []
  readonly #random: () => number
  /** Of the last `gather`: what was open, by words, and how much up to each word. */
  #words = new Int32Array(0)
  #sums = new Int32Array(0)

  constructor(random: () => number) {
    this.#random = random
  }

  get count(): number {
    return this.have.size
  }

  /** Wanted pieces of the manifest that are not here. */
  get missing(): number {
    return this.#wanted === undefined ? this.have.size - this.have.count : this.#wanted.count - this.#wantedHere
  }

  /** The piece before which all wanted ones lie; undefined: all are wanted, however many there will be. */
  get wantedEnd(): number | undefined {
    return this.#wantedRuns?.reduce((end, run) => Math.max(end, run.end), 0)
  }

  isWanted(piece: number): boolean {
    return this.#wanted === undefined ? piece < this.count : this.#wanted.has(piece)
  }

  get hasOpen(): boolean {
    return this.#open.count > 0
  }

  grow(count: number): void {
    const before = this.have.size
    this.have.grow(count)
    this.#open.grow(count)
    this.#growWanted(before)
    for (let i = before; i < count; i++) {
      if (this.isWanted(i)) this.#open.add(i)
      this.#availability[i] ??= 0
    }
  }

  /** Only these are open from now on; undefined: all. What is asked for stays so. */
  want(runs: readonly PieceRun[] | undefined): void {
    this.#wantedRuns = runs
    this.#wanted = runs === undefined ? undefined : new Bitfield()
    this.#wantedHere = 0
    this.#growWanted(0)
    for (let piece = 0; piece < this.count; piece++) {
      if (this.isWanted(piece) && !this.have.has(piece) && this.requests(piece) === 0) this.#open.add(piece)
      else this.#open.delete(piece)
    }
  }

  /** True when the piece was missing. */
  got(piece: number): boolean {
    if (!this.have.add(piece)) return false
    this.#open.delete(piece)
    if (this.#wanted?.has(piece) === true) this.#wantedHere++
    return true
  }

  asked(piece: number): void {
    this.#asked.set(piece, (this.#asked.get(piece) ?? 0) + 1)
    this.#open.delete(piece)
  }

  /** One request for the piece has ended, well or not. */
  released(piece: number): void {
    const left = (this.#asked.get(piece) ?? 0) - 1
    if (left > 0) {
      this.#asked.set(piece, left)
      return
    }
    this.#asked.delete(piece)
    if (!this.have.has(piece) && this.isWanted(piece)) this.#open.add(piece)
  }

  /** Pieces that are asked for somewhere. */
  get askedCount(): number {
    return this.#asked.size
  }

  /** Those of them that are not wanted. */
  get askedInVain(): number[] {
    return [...this.#asked.keys()].filter(piece => !this.isWanted(piece))
  }

  requests(piece: number): number {
    return this.#asked.get(piece) ?? 0
  }

  available(piece: number, change: 1 | -1): void {
    this.#availability[piece] = (this.#availability[piece] ?? 0) + change
  }

  availability(piece: number): number {
    return this.#availability[piece] ?? 0
  }

  /** Whether any of these pieces is wanted and missing. */
  lacksAnyOf(pieces: Bitfield): boolean {
    for (let w = 0; w << 5 < this.count; w++) {
      const wanted = this.#wanted === undefined ? -1 : (this.#wanted.words[w] ?? 0)
      if (((pieces.words[w] ?? 0) & wanted & ~(this.have.words[w] ?? 0)) !== 0) return true
    }
    return false
  }

  /** The first wanted piece from `from` on that is missing; `count` when there is none. */
  firstMissing(from: number): number {
    let piece = this.have.firstMissing(from)
    while (piece < this.count && !this.isWanted(piece)) piece = this.have.firstMissing(piece + 1)
    return piece
  }

  /** Whether any of these pieces, below `limit`, is missing and asked of nobody. */
  hasOpenOf(pieces: Bitfield, limit: number): boolean {
    for (let w = 0; w << 5 < limit; w++) if (this.#word(pieces, limit, w) !== 0) return true
    return false
  }

  /** A random one of the open pieces in `from`, the rarer ones first; below `limit` only. */
  pick(from: Bitfield, limit: number): number | undefined {
    const total = this.#gather(from, limit)
    let best: number | undefined
    for (let i = 0; i < Math.min(SAMPLES, total); i++) {
      const piece = this.#gathered(Math.floor(this.#random() * total))
      if (best === undefined || this.availability(piece) < this.availability(best)) best = piece
    }
    return best
  }

  /** The first open piece in `from` after a random one, around the end, that fits; below `limit` only. */
  find(from: Bitfield, limit: number, fits: (piece: number) => boolean): number | undefined {
    const total = this.#countOpen(from, limit)
    const first = Math.floor(this.#random() * total)
    for (let i = 0; i < Math.min(total, MAX_LOOKS); i++) {
      const piece = this.#nthOpen(from, limit, (first + i) % total)
      if (fits(piece)) return piece
    }
    return undefined
  }

  /** Where a stream that reads from `cursor` stops picking: `window` missing pieces on. */
  streamLimit(cursor: number, window: number): number {
    let limit = this.firstMissing(cursor)
    for (let found = 1; found < window && limit < this.count; found++) limit = this.firstMissing(limit + 1)
    return Math.min(this.count, limit + 1)
  }

  /** Throws when open, asked, wanted and have do not fit together; for tests. */
  check(): void {
    let missing = 0
    for (let piece = 0; piece < this.count; piece++) {
      const runs = this.#wantedRuns
      const wanted = runs === undefined || runs.some(({ first, end }) => first <= piece && piece < end)
      if (wanted !== this.isWanted(piece)) throw new Error(`picker: piece ${piece} wanted is ${!wanted}`)
      if (wanted && !this.have.has(piece)) missing++
      const open = wanted && !this.have.has(piece) && this.requests(piece) === 0
      if (open !== this.#open.has(piece)) throw new Error(`picker: piece ${piece} open is ${!open}`)
    }
    if (missing !== this.missing) throw new Error(`picker: ${missing} missing, counted ${this.missing}`)
  }

  /** Throws when how many have each piece has drifted from what the peers have; for tests. */
  checkAvailability(haves: readonly Bitfield[]): void {
    for (let piece = 0; piece < this.count; piece++) {
      const known = this.availability(piece)
      const count = haves.filter(have => have.has(piece)).length
      if (known !== count) throw new Error(`picker: ${count} have piece ${piece}, counted ${known}`)
    }
  }

  /** Marks what is wanted of the pieces from `before` on, which the manifest has named since. */
  #growWanted(before: number): void {
    const wanted = this.#wanted
    if (wanted === undefined) return
    wanted.grow(this.count)
    for (const { first, end } of this.#wantedRuns ?? []) {
      for (let piece = Math.max(first, before); piece < Math.min(end, this.count); piece++) {
        if (wanted.add(piece) && this.have.has(piece)) this.#wantedHere++
      }
    }
  }

  /** Looks once at all that is open in `from`, so that several can be drawn; answers how many there are. */
  #gather(from: Bitfield, limit: number): number {
    const used = (limit + 31) >>> 5
    if (this.#words.length < used) {
      this.#words = new Int32Array(used)
      this.#sums = new Int32Array(used)
    }
    let total = 0
    for (let w = 0; w < used; w++) {
      const word = this.#word(from, limit, w)
      total += popCount(word)
      this.#words[w] = word
      this.#sums[w] = total
    }
    return total
  }

  /** The nth, from 0, of those that were gathered. */
  #gathered(n: number): number {
    let w = 0
    while ((this.#sums[w] as number) <= n) w++
    return nthBit(this.#words[w] as number, n - (this.#sums[w - 1] ?? 0)) + (w << 5)
  }

  #countOpen(from: Bitfield, limit: number): number {
    let total = 0
    for (let w = 0; w << 5 < limit; w++) total += popCount(this.#word(from, limit, w))
    return total
  }

  #nthOpen(from: Bitfield, limit: number, n: number): number {
    let left = n
    for (let w = 0; ; w++) {
      const word = this.#word(from, limit, w)
      const here = popCount(word)
      if (left >= here) {
        left -= here
        continue
      }
      return (w << 5) + nthBit(word, left)
    }
  }

  #word(from: Bitfield, limit: number, w: number): number {
    const word = (this.#open.words[w] ?? 0) & (from.words[w] ?? 0)
    const end = limit - (w << 5)
    return end >= 32 ? word : word & ((1 << end) - 1)
  }
}

/** Position of the nth set bit, from 0, of a word that has so many. */
function nthBit(word: number, n: number): number {
  let rest = word
  for (let left = n; left > 0; left--) rest &= rest - 1
  return 31 - Math.clz32(rest & -rest)
}

/** Bits set in a 32-bit word (Hacker's Delight, figure 5-2). */
function popCount(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555)
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333)
  return (((n + (n >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24
}
