// Decides which pieces to request from whom: keeps windows full, moves late requests, and hedges at the end.
import type { SwarmAction, SwarmPolicy } from './events.ts'
import { Latencies } from './latencies.ts'
import type { Neighbour } from './neighbour.ts'
import { leastLoaded } from './neighbour-choice.ts'
import type { OriginNeed } from './origin-need.ts'
import type { Picker } from './picker.ts'

export interface RequestsOptions {
  policy: SwarmPolicy
  /** Bytes of a full piece. */
  pieceLength: number
  /** Numbers in [0, 1). */
  random: () => number
  picker: Picker
  /** Read only; filled by its owner. */
  neighbours: ReadonlyMap<string, Neighbour>
  originNeed: OriginNeed
  intend: (action: SwarmAction) => void
}

/** A request is late when it takes so many times as long as `latePercentile` of the others did; one that comes, twice that. */
const LATE_FACTOR = 1.5
/** A piece comes, not only begins, when so much of it is here by the time that it is late. */
const COMING_PART = 1 / 16
/** How often it is looked for what is overdue, or asked of one that let us down, milliseconds. */
const RESCUE_MS = 250
/** One that takes so many times as long is overdue. */
const OVERDUE_FACTOR = 6

export class Requests {
  readonly #policy: SwarmPolicy
  readonly #pieceLength: number
  readonly #random: () => number
  readonly #picker: Picker
  readonly #neighbours: ReadonlyMap<string, Neighbour>
  readonly #originNeed: OriginNeed
  readonly #intend: (action: SwarmAction) => void
  readonly #latencies = new Latencies()
  #underWay = 0
  /** Where a reader is; undefined: no order. */
  cursor: number | undefined
  /** Pieces that the host's budget lets us ask for. */
  allowed = Infinity
  #wantsMore = false
  #nextRescue = 0

  constructor(options: RequestsOptions) {
    this.#policy = options.policy
    this.#pieceLength = options.pieceLength
    this.#random = options.random
    this.#picker = options.picker
    this.#neighbours = options.neighbours
    this.#originNeed = options.originNeed
    this.#intend = options.intend
  }

  /** Pieces whose first bytes have come, over all neighbours. */
  get underWay(): number {
    return this.#underWay
  }

  /** Whether nothing but the host's budget kept us from asking for more. */
  get wantsMore(): boolean {
    return this.#wantsMore
  }

  /** No peer has anything that we could ask for: what is open is at seeds and at the origin only. */
  readonly isStarved = (): boolean => {
    const limit = this.#limit()
    for (const { kind, have } of this.#neighbours.values()) {
      if (kind === 'peer' && this.#picker.hasOpenOf(have, limit)) return false
    }
    return true
  }

  /** Whether something moves: bytes of a piece that is overdue come too slowly to count. */
  progressed(n: Neighbour, piece: number, bytes: number, now: number): boolean {
    const { isAlive, hasBegun } = n.progressed(piece, bytes, this.#pieceLength, now)
    if (hasBegun) this.#underWay++
    const asked = n.asked.get(piece)
    return isAlive && (asked === undefined || !this.#isOverdue(asked.at, now))
  }

  answered(n: Neighbour, piece: number, bytes: number, now: number): void {
    const asked = n.asked.get(piece)
    if (asked !== undefined) {
      this.#latencies.add(now - asked.at)
      this.release(n, piece)
    }
    n.delivered(asked, bytes, now)
  }

  /** The request, if there is one, is over without an answer that helps. */
  release(n: Neighbour, piece: number): void {
    const asked = n.asked.get(piece)
    if (asked === undefined) return
    if (asked.begun !== undefined) this.#underWay--
    n.asked.delete(piece)
    this.#picker.released(piece)
  }

  releaseAll(n: Neighbour): void {
    for (const piece of [...n.asked.keys()]) this.release(n, piece)
  }

  /** The piece is wanted no more. Whoever is overdue with it has let us down. */
  callBack(piece: number, now: number): void {
    for (const n of this.#neighbours.values()) {
      const asked = n.asked.get(piece)
      if (asked === undefined) continue
      this.#withdraw(n, piece)
      if (n.kind === 'peer' && this.#isOverdue(asked.at, now)) this.#intend(n.backOff(this.#policy, now, 'late'))
    }
  }

  /** Calls back what is asked for and not wanted any more. */
  callBackUnwanted(now: number): void {
    for (const piece of this.#picker.askedInVain) this.callBack(piece, now)
  }

  /** A peer has got what we wait for at a seed: ask the peer, and leave the seed to those who have no choice. */
  relieveSeed(n: Neighbour, piece: number, now: number): void {
    if (this.#picker.requests(piece) === 0 || n.kind !== 'peer' || n.isQuiet(now) || !this.#hasRoom(n)) return
    for (const other of this.#neighbours.values()) {
      const asked = other.kind === 'seed' ? other.asked.get(piece) : undefined
      if (asked === undefined || asked.begun !== undefined) continue
      this.#withdraw(other, piece)
      this.#ask(n, piece, now)
      return
    }
  }

  /** Whoever was silent for too long is asked no more for a while; what was asked of it goes elsewhere. */
  snub(now: number): void {
    if (this.#picker.askedCount === 0) return
    for (const n of this.#neighbours.values()) {
      // cheap first: it is looked at after every event
      if (n.asked.size === 0 || now - n.heardAt < this.#policy.snubMs || now - n.heardAt < (this.#lateMs ?? 0)) continue
      for (const piece of [...n.asked.keys()]) this.#withdraw(n, piece)
      this.#intend(n.backOff(this.#policy, now, 'silent'))
    }
  }

  fill(now: number): void {
    this.#wantsMore = false
    if (!this.#picker.hasOpen) return
    const most = Math.max(this.#policy.minWindow, this.#policy.maxAskedBytes / this.#pieceLength)
    if (this.#picker.askedCount >= most) return
    const limit = this.#limit()
    const able: Neighbour[] = []
    for (const n of this.#neighbours.values()) if (this.#mayAsk(n, now)) able.push(n)
    while (able.length > 0 && this.#picker.askedCount < most) {
      const i = leastLoaded(able, this.#loadOf, this.#random)
      const n = able[i] as Neighbour
      const piece = this.#pick(n, limit, now)
      if (piece === undefined) {
        able.splice(i, 1)
        continue
      }
      if (this.#picker.askedCount >= this.allowed) {
        this.#wantsMore = true
        return
      }
      this.#ask(n, piece, now)
      if (!this.#mayAsk(n, now)) able.splice(i, 1)
    }
  }

  /** What was asked of a peer that let us down is asked of one that has nothing to do for us: at the end it would be waited for. */
  #relieveDoubtful(now: number): void {
    const all = [...this.#neighbours.values()]
    for (const doubtful of all.filter(n => n.isDoubtful)) {
      for (const [piece, { begun }] of [...doubtful.asked]) {
        if (begun !== undefined || this.#picker.requests(piece) > 1) continue
        const idle = all.find(
          n => n.kind === 'peer' && !n.isDoubtful && n.asked.size === 0 && n.have.has(piece) && this.#isUsable(n, now),
        )
        if (idle === undefined) continue
        this.#withdraw(doubtful, piece)
        this.#ask(idle, piece, now)
      }
    }
  }

  /** The last pieces, and the one that a reader waits for, are asked for a second time when they are late. */
  hedge(now: number): void {
    this.#rescue(now)
    if (this.#picker.askedCount === 0 || (this.#picker.hasOpen && this.cursor === undefined)) return
    // a second copy would only take its part of a rate that we limit ourselves
    if (this.#originNeed.isHeld(now, 2 * this.#policy.hedgeMs)) return
    const late = Math.max(this.#policy.hedgeMs, this.#lateMs ?? 2 * this.#policy.hedgeMs)
    const next = this.cursor === undefined ? undefined : this.#picker.firstMissing(this.cursor)
    for (const n of this.#neighbours.values()) {
      for (const [piece, { at, bytes }] of n.asked) {
        if (this.#isOverdue(at, now)) continue
        const isComing = bytes >= COMING_PART * this.#pieceLength
        if (now - at < (isComing ? 2 * late : late) || this.#picker.requests(piece) > 1) continue
        if (this.#picker.hasOpen && piece !== next) continue
        const other = this.#secondHolder(piece, n, now)
        if (other !== undefined) this.#ask(other, piece, now)
      }
    }
  }

  /** What is overdue is asked for elsewhere, too, as often as it is overdue: of those first who have shown that they give. */
  #rescue(now: number): void {
    if (now < this.#nextRescue || this.#picker.askedCount === 0) return
    this.#nextRescue = now + RESCUE_MS
    this.#relieveDoubtful(now)
    const inTime = new Set<number>()
    const overdue = new Map<number, Neighbour>()
    for (const n of this.#neighbours.values()) {
      for (const [piece, { at }] of n.asked) {
        if (this.#isOverdue(at, now)) overdue.set(piece, n)
        else inTime.add(piece)
      }
    }
    for (const [piece, n] of overdue) {
      if (inTime.has(piece)) continue
      const other = this.#secondHolder(piece, n, now)
      if (other !== undefined) this.#ask(other, piece, now)
    }
  }

  #isOverdue(at: number, now: number): boolean {
    if (now - at < this.#policy.snubMs) return false
    const usual = this.#latencies.percentile(0.5)
    return now - at >= (usual === undefined ? this.#pieceLength / this.#policy.leastRate : OVERDUE_FACTOR * usual)
  }

  /** Throws when a derived number has drifted; for tests. */
  check(): void {
    const requests = new Map<number, number>()
    let underWay = 0
    for (const { asked } of this.#neighbours.values()) {
      for (const { begun } of asked.values()) if (begun !== undefined) underWay++
      for (const piece of asked.keys()) requests.set(piece, (requests.get(piece) ?? 0) + 1)
    }
    if (underWay !== this.#underWay) throw new Error(`requests: ${underWay} under way, counted ${this.#underWay}`)
    for (let piece = 0; piece < this.#picker.count; piece++) {
      const counted = this.#picker.requests(piece)
      if (counted !== (requests.get(piece) ?? 0)) throw new Error(`requests: piece ${piece} has ${counted}`)
      if (counted > 0 && !this.#picker.isWanted(piece)) throw new Error(`requests: piece ${piece} is asked for and not wanted`)
      if (counted > 0 && this.#picker.have.has(piece)) throw new Error(`requests: piece ${piece} is here and asked for`)
    }
  }

  #pick(n: Neighbour, limit: number, now: number): number | undefined {
    const isOurs = n.kind === 'origin' ? this.#originNeed.turn(now) : undefined
    return isOurs === undefined ? this.#picker.pick(n.have, limit) : this.#picker.find(n.have, limit, isOurs)
  }

  #limit(): number {
    return this.cursor === undefined ? this.#picker.count : this.#picker.streamLimit(this.cursor, this.#policy.streamWindow)
  }

  #mayAsk(n: Neighbour, now: number): boolean {
    return this.#hasRoom(n) && this.#isUsable(n, now)
  }

  #isUsable(n: Neighbour, now: number): boolean {
    const [oldest] = n.asked.values()
    if (n.isQuiet(now) || n.have.count === 0 || (oldest !== undefined && this.#isOverdue(oldest.at, now))) return false
    return n.kind !== 'origin' || this.#originNeed.allows(n.asked.size)
  }

  #hasRoom(n: Neighbour): boolean {
    return n.asked.size < n.window(this.#policy, this.#pieceLength)
  }

  readonly #loadOf = (n: Neighbour) => n.rank * 1000 + n.load(this.#policy, this.#pieceLength)

  /** Milliseconds after which a request is late, as far as is known from others. */
  get #lateMs(): number | undefined {
    const usual = this.#latencies.percentile(this.#policy.latePercentile)
    return usual === undefined ? undefined : LATE_FACTOR * usual
  }

  /** Where there are some who have shown that they give, one of them or nobody yet: they will be free before others show anything. */
  #secondHolder(piece: number, first: Neighbour, now: number): Neighbour | undefined {
    const mayGive = (n: Neighbour) => n !== first && !n.asked.has(piece) && n.have.has(piece) && this.#isUsable(n, now)
    const holders = [...this.#neighbours.values()].filter(mayGive)
    const known = holders.filter(n => n.rate > 0 || n.kind !== 'peer')
    const able = (known.length > 0 ? known : holders).filter(n => this.#hasRoom(n))
    return able.length === 0 ? undefined : able[leastLoaded(able, this.#loadOf, this.#random)]
  }

  #ask(n: Neighbour, piece: number, now: number): void {
    n.ask(piece, now)
    this.#picker.asked(piece)
    this.#intend({ type: 'ask', peer: n.id, piece, load: this.#underWay, has: this.#picker.have.count })
  }

  #withdraw(n: Neighbour, piece: number): void {
    this.release(n, piece)
    this.#intend({ type: 'cancel', peer: n.id, piece })
  }
}
