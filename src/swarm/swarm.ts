// The decider of one content's swarm: events in, actions out; no clock, no payload, no promises.
import type { Bitfield } from '../core/bitfield.ts'
import { MAX_PIECES } from '../core/piece.ts'
import type { Usage } from './budget.ts'
import type { NeighbourKind, SwarmAction, SwarmEvent, SwarmPolicy } from './events.ts'
import { Neighbour } from './neighbour.ts'
import { OriginNeed } from './origin-need.ts'
import { Picker } from './picker.ts'
import { policyFor } from './policy-for.ts'
import { Requests } from './requests.ts'
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

export class Swarm {
  readonly #policy: SwarmPolicy
  readonly #picker: Picker
  readonly #uploads: Uploads
  readonly #neighbours = new Map<string, Neighbour>()
  readonly #banned = new Set<string>()
  readonly #originNeed: OriginNeed
  readonly #requests: Requests
  #sealed = false
  #origin: Neighbour | undefined
  #actions: SwarmAction[] = []

  constructor({ self, isSeed, pieceLength, random, policy: wanted }: SwarmOptions) {
    const policy = policyFor(pieceLength, wanted)
    const neighbours = this.#neighbours
    const picker = new Picker(random)
    const originNeed = new OriginNeed({ self, policy, picker, neighbours })
    const intend = (action: SwarmAction) => this.#actions.push(action)
    this.#policy = policy
    this.#picker = picker
    this.#uploads = new Uploads(policy, isSeed, pieceLength)
    this.#originNeed = originNeed
    this.#requests = new Requests({ policy, pieceLength, random, picker, neighbours, originNeed, intend })
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
    return this.#requests.underWay
  }

  /** Whether every wanted piece is here, and the manifest will name no other. */
  get isComplete(): boolean {
    const end = this.#picker.wantedEnd
    return this.#picker.missing === 0 && (this.#sealed || (end !== undefined && end <= this.#picker.count))
  }

  /** Whether the whole content is here, whatever is wanted of it. */
  get isWhole(): boolean {
    return this.#sealed && this.have.isFull
  }

  /** Wanted pieces that the manifest knows and that are not here. */
  get missing(): number {
    return this.#picker.missing
  }

  /** What it holds of the host's budget, and whether it would take more. */
  get usage(): Usage {
    return {
      asked: this.#picker.askedCount,
      wantsToAsk: this.#requests.wantsMore,
      uploads: this.#uploads.slots,
      wantsToSend: this.#uploads.wantsMore,
    }
  }

  isBanned(peer: string): boolean {
    return this.#banned.has(peer)
  }

  /** Tells one fact that became known at `now`; answers with what to do, in order. `now` never goes back. */
  handle(event: SwarmEvent, now: number): SwarmAction[] {
    this.#actions = []
    if (event.type === 'allowance') return this.#allow(event.asked, event.uploads)
    this.#originNeed.begin(now)
    this.#take(event, now)
    if (event.type === 'elsewhere') return this.#actions
    this.#requests.snub(now)
    if (this.#origin !== undefined) this.#originNeed.look(now)
    this.#requests.fill(now)
    if (this.#origin !== undefined && this.#originNeed.isTempting(this.#requests.isStarved, now)) this.#requests.fill(now)
    this.#requests.hedge(now)
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
    this.#requests.check()
    this.#uploads.check()
    const neighbours = [...this.#neighbours.values()]
    this.#picker.checkAvailability(neighbours.filter(({ kind }) => kind === 'peer').map(({ have }) => have))
    for (const { id } of neighbours) if (this.#banned.has(id)) throw new Error(`swarm: banned ${id} is a neighbour`)
  }

  #allow(asked: number, uploads: number): SwarmAction[] {
    this.#requests.allowed = asked
    this.#uploads.allow(uploads)
    return this.#actions
  }

  #take(event: Exclude<SwarmEvent, { type: 'allowance' }>, now: number): void {
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
        return this.#request(event.peer, event.piece, event, now)
      case 'cancel':
        return this.#uploads.cancel(event.peer, event.piece)
      case 'placed':
        return this.#placed(event.peer, event.place, event.roundTrip)
      case 'sent':
        return this.#uploads.moved(event.peer, now)
      case 'served':
        return this.#uploads.done(event.peer, event.piece, now)
      case 'stored':
        return this.#stored(event.piece, now)
      case 'wanted':
        this.#picker.want(event.pieces)
        return this.#requests.callBackUnwanted(now)
      case 'cursor':
        this.#requests.cursor = event.piece
        return
      case 'elsewhere':
      case 'origin-rate':
      case 'patience':
        return this.#originNeed.told(event, now)
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
    event: Extract<SwarmEvent, { type: 'bitfield' | 'have' | 'progress' | 'held' | 'received' | 'corrupt' | 'refused' }>,
    now: number,
  ): void {
    switch (event.type) {
      case 'bitfield':
        n.queue = event.queue
        return this.#learnAll(n, event.have)
      case 'have':
        n.queue = event.queue
        return this.#learn(n, event.pieces, now)
      case 'progress':
        if (this.#requests.progressed(n, event.piece, event.bytes, now)) this.#originNeed.moved(now)
        return
      case 'held':
        this.#originNeed.held(now)
        return n.held(event.ms, now)
      case 'received':
        return this.#received(n, event.piece, event.bytes, now)
      case 'corrupt':
        this.#leave(n.id, now)
        return this.#shutOut(n.id, event.piece)
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
    this.#requests.releaseAll(n)
    if (n.kind === 'peer') for (const piece of n.have) this.#picker.available(piece, -1)
    this.#neighbours.delete(id)
    if (n === this.#origin) this.#origin = undefined
    this.#uploads.left(id, now)
  }

  #learn(n: Neighbour, pieces: readonly number[], now: number): void {
    for (const piece of pieces) {
      if (!(piece >= 0 && piece < MAX_PIECES && Number.isInteger(piece))) continue
      n.have.grow(piece + 1)
      if (!n.have.add(piece)) continue
      if (n.kind === 'peer') this.#picker.available(piece, 1)
      this.#requests.relieveSeed(n, piece, now)
    }
  }

  #learnAll(n: Neighbour, pieces: Bitfield): void {
    const fresh = n.have.addAll(pieces, MAX_PIECES).toArray()
    if (n.kind === 'peer') for (const piece of fresh) this.#picker.available(piece, 1)
  }

  #received(n: Neighbour, piece: number, bytes: number, now: number): void {
    this.#requests.answered(n, piece, bytes, now)
    if (n.kind === 'origin') this.#originNeed.gave(bytes, n.asked.size)
    else this.#originNeed.delivered(bytes, now)
    this.#stored(piece, now)
  }

  #stored(piece: number, now: number): void {
    this.#originNeed.moved(now)
    this.#picker.grow(piece + 1)
    this.#requests.callBack(piece, now)
    if (this.#picker.got(piece)) this.#actions.push({ type: 'announce', piece })
  }

  #refused(n: Neighbour, piece: number, forever: boolean, now: number): void {
    this.#requests.release(n, piece)
    if (!forever) return void this.#actions.push(n.backOff(this.#policy, now, 'busy'))
    if (n.have.delete(piece) && n.kind === 'peer') this.#picker.available(piece, -1)
  }

  #shutOut(peer: string, piece: number): void {
    this.#banned.add(peer)
    this.#actions.push({ type: 'ban', peer, piece })
  }

  #placed(peer: string, place: number, roundTrip: number | undefined): void {
    const neighbour = this.#neighbours.get(peer)
    if (neighbour === undefined) return
    if (roundTrip !== undefined) neighbour.roundTrip = Math.min(neighbour.roundTrip ?? Infinity, roundTrip)
    this.#uploads.placed(peer, place, roundTrip)
  }

  #request(peer: string, piece: number, { load, has }: Extract<SwarmEvent, { type: 'request' }>, now: number): void {
    if (!this.#neighbours.has(peer)) return
    this.#uploads.loaded(peer, load, has)
    const missing = !this.have.has(piece)
    if (missing || !this.#uploads.request(peer, piece, now)) this.#actions.push({ type: 'refuse', peer, piece, missing })
  }

  #serve(now: number): void {
    for (const { peer, piece } of this.#uploads.next(now, this.#othersHave)) this.#actions.push({ type: 'serve', peer, piece })
    for (const peer of this.#uploads.takeDropped()) this.#actions.push({ type: 'drop', peer })
  }

  readonly #othersHave = (piece: number, asking: string): number => {
    const all = this.#picker.availability(piece)
    return this.#neighbours.get(asking)?.have.has(piece) === true ? all - 1 : all
  }
}
