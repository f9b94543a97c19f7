// The decider: one content's swarm as this node sees it. Facts in, intentions out; no clock, no payload, no promises.
import type { Bitfield } from '../core/bitfield.ts'
import { MAX_PIECES } from '../core/piece.ts'
import { DEFAULT_POLICY, type NeighbourKind, type SwarmAction, type SwarmEvent, type SwarmPolicy } from './events.ts'
import { Latencies } from './latencies.ts'
import { Neighbour } from './neighbour.ts'
import { OriginTrial } from './origin-trial.ts'
import { Pace } from './pace.ts'
import { Picker } from './picker.ts'
import { Turns } from './turns.ts'
import { Uploads } from './uploads.ts'

export interface SwarmOptions {
  /** This node's name among its neighbours. */
  self: string
  /** Whether this node is a seed: it sends every piece once before any twice. */
  isSeed: boolean
  /** Bytes of a full piece. */
  pieceLength: number
  /** Numbers in [0, 1). */
  random: () => number
  policy?: Partial<SwarmPolicy>
}

/** How often a swarm that waits for something wants to look around. */
const TICK_MS = 250
/** A request is late when it takes so many times as long as `latePercentile` of the others did; one that has begun, twice that. */
const LATE_FACTOR = 1.5
/** Peers first, seeds when peers cannot, the origin when nobody can. */
const RANK: Record<NeighbourKind, number> = { peer: 0, seed: 1, origin: 2 }

export class Swarm {
  readonly #policy: SwarmPolicy
  readonly #pieceLength: number
  readonly #random: () => number
  readonly #picker: Picker
  readonly #uploads: Uploads
  readonly #neighbours = new Map<string, Neighbour>()
  readonly #banned = new Set<string>()
  readonly #latencies = new Latencies()
  readonly #pace = new Pace()
  readonly #turns: Turns
  /** Pieces whose first bytes have come, over all neighbours. */
  #underWay = 0
  #sealed = false
  #cursor: number | undefined
  #lastProgress: number | undefined
  #origin: Neighbour | undefined
  /** The swarm was silent for too long, and has not given anything since. */
  #isSilent = false
  /** The origin is so much faster that we, one of few, read it. */
  #isHasty = false
  readonly #trial: OriginTrial
  #actions: SwarmAction[] = []

  constructor(options: SwarmOptions) {
    const policy = { ...DEFAULT_POLICY, ...options.policy }
    const slotsByBytes = Math.max(2, Math.floor(policy.maxUploadBytes / options.pieceLength))
    this.#policy = { ...policy, uploadSlots: Math.min(policy.uploadSlots, slotsByBytes) }
    this.#pieceLength = options.pieceLength
    this.#random = options.random
    this.#picker = new Picker(options.random)
    this.#uploads = new Uploads(this.#policy, options.isSeed)
    this.#turns = new Turns(options.self, policy.turnMs)
    this.#trial = new OriginTrial(this.#policy, this.#turns)
  }

  /** Pieces that we have; not to be changed. */
  get have(): Bitfield {
    return this.#picker.have
  }

  /** Pieces that others wait for here. */
  get queue(): number {
    return this.#uploads.waiting
  }

  /** Pieces under way to us. */
  get load(): number {
    return this.#underWay
  }

  get isComplete(): boolean {
    return this.#sealed && this.#picker.missing === 0
  }

  isBanned(peer: string): boolean {
    return this.#banned.has(peer)
  }

  /** Tells one fact that became known at `now`; answers with what to do, in order. `now` never goes back. */
  handle(event: SwarmEvent, now: number): SwarmAction[] {
    this.#lastProgress ??= now
    this.#actions = []
    this.#take(event, now)
    this.#snub(now)
    this.#openOrigin(now)
    this.#fill(now)
    this.#tryOrigin(now)
    this.#hedge(now)
    this.#serve(now)
    return this.#actions
  }

  /** When to send `wake` if nothing else happens; Infinity: no need. */
  nextWake(now: number): number {
    const waits = this.#picker.missing > 0
    return Math.min(waits ? now + TICK_MS : Infinity, this.#uploads.nextWake)
  }

  /** Throws when a derived number has drifted; tests call it after every event. */
  check(): void {
    this.#picker.check()
    this.#uploads.check()
    const available = new Array<number>(this.#picker.count).fill(0)
    const asked = new Map<number, number>()
    let underWay = 0
    for (const n of this.#neighbours.values()) {
      for (const { begun } of n.asked.values()) if (begun !== undefined) underWay++
      if (n.kind === 'peer') for (const piece of n.have) available[piece] = (available[piece] ?? 0) + 1
      for (const piece of n.asked.keys()) asked.set(piece, (asked.get(piece) ?? 0) + 1)
      if (this.#banned.has(n.id)) throw new Error(`swarm: banned ${n.id} is a neighbour`)
    }
    if (underWay !== this.#underWay) throw new Error(`swarm: ${underWay} under way, counted ${this.#underWay}`)
    for (let piece = 0; piece < this.#picker.count; piece++) {
      const { availability, requests } = {
        availability: this.#picker.availability(piece),
        requests: this.#picker.requests(piece),
      }
      if (availability !== (available[piece] ?? 0)) throw new Error(`swarm: piece ${piece} availability ${availability}`)
      if (requests !== (asked.get(piece) ?? 0)) throw new Error(`swarm: piece ${piece} has ${requests} requests`)
      if (requests > 0 && this.have.has(piece)) throw new Error(`swarm: piece ${piece} is here and asked for`)
    }
  }

  #take(event: SwarmEvent, now: number): void {
    switch (event.type) {
      case 'manifest':
        this.#picker.grow(event.count)
        this.#sealed ||= event.sealed
        return
      case 'joined':
        if (!this.#banned.has(event.peer)) this.#join(event.peer, event.kind)
        return
      case 'left':
        return this.#leave(event.peer, now)
      case 'request':
        return this.#request(event.peer, event.piece, event.load)
      case 'cancel':
        return this.#uploads.cancel(event.peer, event.piece)
      case 'served':
        return this.#uploads.done(event.peer, event.piece, now)
      case 'stored':
        return this.#stored(event.piece, now)
      case 'cursor':
        this.#cursor = event.piece
        return
      case 'origin-rate':
        return this.#trial.told(event.rate, event.peers)
      case 'wake':
        return
      default: {
        const neighbour = this.#neighbours.get(event.peer)
        if (neighbour !== undefined) this.#heard(neighbour, event, now)
        else this.#heardLate(event, now)
      }
    }
  }

  #heard(
    n: Neighbour,
    event: Extract<SwarmEvent, { type: 'bitfield' | 'have' | 'progress' | 'received' | 'corrupt' | 'refused' }>,
    now: number,
  ): void {
    switch (event.type) {
      case 'bitfield':
        n.queue = event.queue
        return this.#learn(n, event.have)
      case 'have':
        n.queue = event.queue
        return this.#learn(n, event.pieces, now)
      case 'progress':
        this.#lastProgress = now
        if (n.progressed(event.piece, now)) this.#underWay++
        return
      case 'received':
        return this.#received(n, event.piece, event.bytes, now)
      case 'corrupt':
        return this.#ban(n, event.piece, now)
      case 'refused':
        return this.#refused(n, event.piece, event.forever, now)
    }
  }

  /** What the neighbour sent before it left counts: bytes are checked and stored after they came. */
  #heardLate(event: SwarmEvent, now: number): void {
    if (event.type === 'received') this.#stored(event.piece, now)
    if (event.type === 'corrupt' && !this.#banned.has(event.peer)) this.#shutOut(event.peer, event.piece)
  }

  #join(id: string, kind: NeighbourKind): void {
    if (this.#neighbours.has(id)) return
    const n = new Neighbour(id, kind)
    this.#neighbours.set(id, n)
    if (kind === 'origin') this.#origin = n
  }

  #leave(id: string, now: number): void {
    const n = this.#neighbours.get(id)
    if (n === undefined) return
    for (const piece of [...n.asked.keys()]) this.#release(n, piece)
    if (n.kind === 'peer') for (const piece of n.have) this.#picker.available(piece, -1)
    this.#neighbours.delete(id)
    if (n === this.#origin) this.#origin = undefined
    this.#uploads.left(id, now)
  }

  #learn(n: Neighbour, pieces: Iterable<number>, now?: number): void {
    for (const piece of pieces) {
      if (!(piece >= 0 && piece < MAX_PIECES && Number.isInteger(piece))) continue
      n.have.grow(piece + 1)
      if (!n.have.add(piece)) continue
      if (n.kind === 'peer') this.#picker.available(piece, 1)
      if (now !== undefined) this.#relieveSeed(n, piece, now)
    }
  }

  /** A peer has got what we wait for at a seed: ask the peer, and leave the seed to those who have no choice. */
  #relieveSeed(n: Neighbour, piece: number, now: number): void {
    if (
      this.#picker.requests(piece) === 0 ||
      n.kind !== 'peer' ||
      n.isQuiet(now) ||
      n.asked.size >= n.window(this.#policy, this.#pieceLength)
    )
      return
    for (const other of this.#neighbours.values()) {
      const asked = other.kind === 'seed' ? other.asked.get(piece) : undefined
      if (asked === undefined || asked.begun !== undefined) continue
      this.#withdraw(other, piece)
      this.#ask(n, piece, now)
      return
    }
  }

  #received(n: Neighbour, piece: number, bytes: number, now: number): void {
    const asked = n.asked.get(piece)
    if (asked !== undefined) {
      this.#latencies.add(now - asked.at)
      this.#release(n, piece)
    }
    n.delivered(asked, bytes, now)
    if (n.kind === 'origin') this.#trial.received(bytes, n.asked.size)
    else {
      this.#pace.add(bytes, now)
      this.#isSilent = false
    }
    this.#stored(piece, now)
  }

  #stored(piece: number, now: number): void {
    this.#lastProgress = now
    this.#picker.grow(piece + 1)
    for (const other of this.#neighbours.values()) if (other.asked.has(piece)) this.#withdraw(other, piece)
    if (this.#picker.got(piece)) this.#actions.push({ type: 'announce', piece })
  }

  #refused(n: Neighbour, piece: number, forever: boolean, now: number): void {
    if (n.asked.has(piece)) this.#release(n, piece)
    if (!forever) return n.backOff(this.#policy, now)
    if (n.have.delete(piece) && n.kind === 'peer') this.#picker.available(piece, -1)
  }

  #ban(n: Neighbour, piece: number, now: number): void {
    this.#leave(n.id, now)
    this.#shutOut(n.id, piece)
  }

  #shutOut(peer: string, piece: number): void {
    this.#banned.add(peer)
    this.#actions.push({ type: 'ban', peer, piece })
  }

  #request(peer: string, piece: number, load: number): void {
    if (!this.#neighbours.has(peer)) return
    this.#uploads.loaded(peer, load)
    const missing = !this.have.has(piece)
    if (missing || !this.#uploads.request(peer, piece)) this.#actions.push({ type: 'refuse', peer, piece, missing })
  }

  /** Whoever was silent for too long is asked no more for a while; what was asked of it goes elsewhere. */
  #snub(now: number): void {
    if (this.#picker.askedCount === 0) return
    for (const n of this.#neighbours.values()) {
      // cheap first: it is looked at after every event
      if (n.asked.size === 0 || now - n.heardAt < this.#policy.snubMs || now - n.heardAt < (this.#lateMs ?? 0)) continue
      for (const piece of [...n.asked.keys()]) this.#withdraw(n, piece)
      n.backOff(this.#policy, now)
    }
  }

  /** The origin is asked for single pieces when nothing moves; once the swarm moves again it is left alone. */
  #openOrigin(now: number): void {
    if (this.#picker.missing === 0 || this.#origin === undefined) return
    this.#isHasty = false
    this.#isSilent ||= this.#overdue(now) >= 0
  }

  /** It is also read by few when it is much faster than the swarm, once all others have been asked for what they can give. */
  #tryOrigin(now: number): void {
    this.#isHasty = this.#origin !== undefined && this.#trial.isOn(this.#pace.rate(now), this.#isStarved, now)
    if (this.#isHasty) this.#fill(now)
  }

  /** For how long the swarm has been silent beyond our patience, milliseconds; negative: it is not yet. */
  #overdue(now: number): number {
    const silence = now - (this.#lastProgress ?? now)
    if (silence < this.#policy.lonelyOriginMs) return -1
    return silence - (this.#isLonely ? this.#policy.lonelyOriginMs : this.#policy.originMs)
  }

  /** Nobody can give what is missing: there is no seed, and no peer that has any of it. */
  get #isLonely(): boolean {
    for (const { kind, have } of this.#neighbours.values()) {
      if (kind === 'seed' || (kind === 'peer' && this.#picker.lacksAnyOf(have))) return false
    }
    return true
  }

  /** No peer has anything that we could ask for: what is open is at seeds and at the origin only. */
  readonly #isStarved = (): boolean => {
    const limit = this.#limit()
    for (const { kind, have } of this.#neighbours.values()) {
      if (kind === 'peer' && this.#picker.hasOpenOf(have, limit)) return false
    }
    return true
  }

  #fill(now: number): void {
    if (!this.#picker.hasOpen) return
    const most = Math.max(this.#policy.minWindow, this.#policy.maxAskedBytes / this.#pieceLength)
    if (this.#picker.askedCount >= most) return
    const limit = this.#limit()
    const able = [...this.#neighbours.values()].filter(n => this.#mayAsk(n, now))
    while (able.length > 0 && this.#picker.askedCount < most) {
      const i = this.#leastLoaded(able)
      const n = able[i] as Neighbour
      const piece = this.#pick(n, limit, now)
      if (piece === undefined) {
        able.splice(i, 1)
        continue
      }
      this.#ask(n, piece, now)
      if (!this.#mayAsk(n, now)) able.splice(i, 1)
    }
  }

  #pick(n: Neighbour, limit: number, now: number): number | undefined {
    if (n.kind !== 'origin' || this.#isHasty) return this.#picker.pick(n.have, limit)
    const waited = this.#overdue(now)
    return this.#picker.find(n.have, limit, piece => this.#turns.isOurs(piece, this.#neighbours.values(), waited))
  }

  #limit(): number {
    return this.#cursor === undefined ? this.#picker.count : this.#picker.streamLimit(this.#cursor, this.#policy.streamWindow)
  }

  #mayAsk(n: Neighbour, now: number): boolean {
    if (n.isQuiet(now) || n.have.count === 0) return false
    if (n.kind === 'origin' && !this.#isSilent) {
      if (!this.#isHasty) return false
      if (!this.#trial.isProven) return n.asked.size < this.#policy.minWindow
    }
    return n.asked.size < n.window(this.#policy, this.#pieceLength)
  }

  #leastLoaded(able: readonly Neighbour[]): number {
    let best = 0
    let lowest = Infinity
    let ties = 0
    for (const [i, n] of able.entries()) {
      const load = RANK[n.kind] * 1000 + n.load(this.#policy, this.#pieceLength)
      if (load < lowest) {
        best = i
        lowest = load
        ties = 1
      } else if (load === lowest && this.#random() * ++ties < 1) best = i
    }
    return best
  }

  /** The last pieces, and the one that a reader waits for, are asked for a second time when they are late. */
  #hedge(now: number): void {
    if (this.#picker.askedCount === 0 || (this.#picker.hasOpen && this.#cursor === undefined)) return
    const late = Math.max(this.#policy.hedgeMs, this.#lateMs ?? 2 * this.#policy.hedgeMs)
    const next = this.#cursor === undefined ? undefined : this.have.firstMissing(this.#cursor)
    for (const n of this.#neighbours.values()) {
      for (const [piece, { at, begun }] of n.asked) {
        if (now - at < (begun === undefined ? late : 2 * late) || this.#picker.requests(piece) > 1) continue
        if (this.#picker.hasOpen && piece !== next) continue
        const other = this.#secondHolder(piece, n, now)
        if (other !== undefined) this.#ask(other, piece, now)
      }
    }
  }

  /** Milliseconds after which a request is late, as far as is known from others. */
  get #lateMs(): number | undefined {
    const usual = this.#latencies.percentile(this.#policy.latePercentile)
    return usual === undefined ? undefined : LATE_FACTOR * usual
  }

  #secondHolder(piece: number, first: Neighbour, now: number): Neighbour | undefined {
    const able = [...this.#neighbours.values()].filter(n => n !== first && n.have.has(piece) && this.#mayAsk(n, now))
    return able.length === 0 ? undefined : able[this.#leastLoaded(able)]
  }

  #serve(now: number): void {
    for (const { peer, piece } of this.#uploads.next(now, this.#othersHave)) this.#actions.push({ type: 'serve', peer, piece })
  }

  readonly #othersHave = (piece: number, asking: string): number => {
    const all = this.#picker.availability(piece)
    return this.#neighbours.get(asking)?.have.has(piece) === true ? all - 1 : all
  }

  #ask(n: Neighbour, piece: number, now: number): void {
    n.ask(piece, now)
    this.#picker.asked(piece)
    this.#actions.push({ type: 'ask', peer: n.id, piece, load: this.#underWay })
  }

  #withdraw(n: Neighbour, piece: number): void {
    this.#release(n, piece)
    this.#actions.push({ type: 'cancel', peer: n.id, piece })
  }

  #release(n: Neighbour, piece: number): void {
    if (n.asked.get(piece)?.begun !== undefined) this.#underWay--
    n.asked.delete(piece)
    this.#picker.released(piece)
  }
}
