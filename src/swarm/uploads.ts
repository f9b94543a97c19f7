// Decides whom to serve next: the least loaded first, as many as fill our line; a seed sends each piece once before any twice.
import { Appetites } from './appetites.ts'
import { Backlogs } from './backlogs.ts'
import { Copies } from './copies.ts'
import type { SwarmPolicy } from './events.ts'
import { Flows } from './flows.ts'
import { inTime, Laggards, type Upload } from './laggards.ts'
import { LateLane } from './late-lane.ts'
import { WaitingRequests } from './waiting-requests.ts'

export interface Chosen {
  peer: string
  piece: number
}

/** Neighbours besides the asking one that could serve a piece. */
export type OthersHave = (piece: number, asking: string) => number

export class Uploads {
  readonly #policy: SwarmPolicy
  readonly #waiting: WaitingRequests
  /** All that are under way. */
  readonly #active = new Map<string, Map<number, Upload>>()
  readonly #laggards: Laggards
  readonly #lateLane: LateLane
  readonly #flows: Flows
  /** Those that are not late, and the slots that they take together. */
  #activeCount = 0
  #slots = 0
  /** When the next of them may be. */
  #nextLate = Infinity
  /** Of a seed only. */
  readonly #copies: Copies | undefined
  readonly #backlogs: Backlogs
  readonly #appetites = new Appetites()
  /** When the next request that is kept back is due; nothing can be chosen before unless something changes. */
  #nextDue = Infinity
  #hasChanged = false
  /** Slots that the host's budget gives us. */
  #allowed = Infinity
  #wantsMore = false

  constructor(policy: SwarmPolicy, isSeed: boolean, pieceLength: number) {
    this.#policy = policy
    this.#copies = isSeed ? new Copies(policy) : undefined
    this.#waiting = new WaitingRequests(policy)
    this.#flows = new Flows(policy)
    this.#backlogs = new Backlogs(policy, this.#flows)
    this.#laggards = new Laggards(policy, pieceLength)
    this.#lateLane = new LateLane(policy, pieceLength)
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** Slots that what we are sending takes, some of them in part; what is late does not count. */
  get slots(): number {
    return this.#slots
  }

  /** Whether nothing but the host's budget keeps us from sending more. */
  get wantsMore(): boolean {
    return this.#wantsMore
  }

  allow(slots: number): void {
    if (this.#allowed === slots) return
    this.#allowed = slots
    this.#hasChanged = true
  }

  /** `roundTrip`: milliseconds; undefined: not measured yet. */
  placed(peer: string, place: number, roundTrip: number | undefined): void {
    this.#laggards.placed(peer, place)
    if (roundTrip !== undefined) this.#flows.roundTrip(peer, roundTrip)
  }

  /** How many pieces are under way to a neighbour, from us and from others, and how many it has; undefined: it does not say. */
  loaded(peer: string, load: number, has: number | undefined): void {
    if (has !== undefined) this.#backlogs.told(peer, has)
    if (this.#appetites.told(peer, load)) this.#hasChanged = true
  }

  /** False when there is no room; true also when it waits already. For what is being sent it is a new one: the reader threw away what came. */
  request(peer: string, piece: number, now: number): boolean {
    if (this.#waiting.has(peer, piece)) return true
    if (!this.#waiting.add(peer, piece, now)) return false
    this.#hasChanged = true
    return true
  }

  cancel(peer: string, piece: number): void {
    if (this.#waiting.delete(peer, piece) && this.#wantsMore) this.#hasChanged = true
  }

  /** The neighbour has taken some bytes of what we send to it. */
  moved(peer: string, now: number): void {
    for (const upload of this.#active.get(peer)?.values() ?? []) upload.movedAt = now
  }

  done(peer: string, piece: number, now: number): void {
    const upload = this.#end(peer, piece, now)
    if (upload === undefined) return
    this.#flows.done(peer, upload.underWay, now - upload.begun)
    this.#laggards.ended(peer, upload, now)
  }

  left(peer: string, now: number): void {
    this.#waiting.deleteAll(peer)
    if (this.#wantsMore) this.#hasChanged = true
    this.#laggards.left(peer)
    this.#lateLane.left(peer)
    for (const [piece, { movedAt }] of [...(this.#active.get(peer) ?? [])]) {
      this.#end(peer, piece, now)
      if (now - movedAt >= this.#policy.stallMs / 2) this.#laggards.fellBehind(peer, now)
    }
    this.#appetites.left(peer)
    this.#backlogs.left(peer)
    this.#flows.left(peer)
  }

  /** Neighbours whose links are to be ended: they read nothing, and others who are slow wait for their places. */
  takeDropped(): readonly string[] {
    return this.#lateLane.takeDropped()
  }

  /** The requests to serve now. */
  next(now: number, othersHave: OthersHave): Chosen[] {
    const chosen: Chosen[] = []
    this.#setLateAside(now)
    if (!this.#hasChanged && now < Math.min(this.#nextDue, this.#lateLane.nextWake)) return chosen
    this.#hasChanged = false
    this.#nextDue = Infinity
    this.#wantsMore = false
    const isLate = (peer: string) => this.#laggards.isLate(peer)
    if (this.#laggards.areAny) {
      for (const late of this.#lateLane.next(now, this.#waiting.byPeer, this.#active, isLate)) {
        this.#start(late, now, true)
        chosen.push(late)
      }
    }
    if (this.#copies === undefined) this.#backlogs.survey(this.#active, this.#waiting.byPeer, now)
    while (this.#waiting.size > 0 && !this.#isFull) {
      const best = this.#best(now, othersHave)
      if (best === undefined) break
      const slots = this.#slots + this.#flows.slotsOf(best.peer, inTime(this.#active.get(best.peer)) === this.#activeCount)
      if (slots > this.#policy.uploadSlots) break
      if (slots > this.#allowed) {
        this.#wantsMore = true
        break
      }
      this.#start(best, now, false)
      chosen.push(best)
    }
    return chosen
  }

  /** When a request that is kept back may go; Infinity when none is. One that is due waits for a slot, not for a time. */
  get nextWake(): number {
    if (this.#waiting.size === 0) return Infinity
    return Math.min(this.#isFull ? Infinity : this.#nextDue, this.#nextLate, this.#lateLane.nextWake)
  }

  /** Throws when a derived number has drifted; for tests. */
  check(): void {
    let active = 0
    let slots = 0
    for (const uploads of this.#active.values()) {
      active += inTime(uploads)
      for (const upload of uploads.values()) if (!upload.isLate) slots += upload.slots
    }
    if (active !== this.#activeCount) throw new Error(`uploads: ${active} active, counted ${this.#activeCount}`)
    if (slots !== this.#slots) throw new Error(`uploads: ${slots} slots, counted ${this.#slots}`)
    this.#waiting.check()
    const copies = this.#copies?.active ?? active
    if (copies !== active) throw new Error(`uploads: ${active} active, copies say ${copies}`)
  }

  /**
   * Whether another piece would only slow down those under way. One piece fills the line of a receiver that gets nothing
   * else, a tenth of it when ten pieces are under way to it: what our uploads can take together, in lines, is bounded.
   * So a young swarm passes few pieces on fast, and a busy one keeps every line full. Where other contents of the host
   * send, too, this one has its part of that.
   */
  get #isFull(): boolean {
    const { uploadSlots, appetite } = this.#policy
    if (this.#slots >= uploadSlots) return true
    const part = Math.min(1, Math.max(1, this.#allowed) / uploadSlots)
    return this.#appetites.sum(this.#active) >= appetite * part
  }

  /** What is late counts for nothing from now on. */
  #setLateAside(now: number): void {
    if (now < this.#nextLate) return
    this.#nextLate = Infinity
    for (const [peer, uploads] of this.#active) {
      for (const [piece, upload] of uploads) {
        if (upload.isLate) continue
        const lateAt = this.#laggards.lateAt(upload)
        if (now < lateAt) this.#nextLate = Math.min(this.#nextLate, lateAt)
        else this.#setAside(peer, piece, upload, now)
      }
    }
  }

  #setAside(peer: string, piece: number, upload: Upload, now: number): void {
    upload.isLate = true
    this.#laggards.fellBehind(peer, now)
    this.#activeCount--
    this.#slots -= upload.slots
    this.#appetites.changed()
    this.#hasChanged = true
    this.#copies?.setAside(piece)
  }

  #best(now: number, othersHave: OthersHave): Chosen | undefined {
    let best: Chosen | undefined
    let lowest = Infinity
    const copies = this.#copies
    const suspects = this.#laggards.suspects(this.#active, now)
    for (const [peer, pieces] of this.#waiting.byPeer) {
      if (this.#laggards.isLate(peer)) continue
      const active = inTime(this.#active.get(peer))
      const rank = suspects === undefined ? 0 : this.#laggards.rank(peer, suspects, now)
      if (rank === undefined || (active > 0 && active >= this.#backlogs.places(peer, active === this.#activeCount))) continue
      const hunger = rank * RANK + active + this.#appetites.load(peer) / MAX_LOAD
      for (const [piece, askedAt] of pieces) {
        if (this.#active.get(peer)?.has(piece) === true) continue
        const reliefAt = this.#activeCount === 0 ? askedAt + this.#policy.reliefMs : Infinity
        if (copies !== undefined && !this.#isDue(copies.dueAt(piece, othersHave(piece, peer), reliefAt), now)) continue
        const price = hunger + (copies?.sent(piece) ?? 0) * this.#policy.slotsPerPeer
        if (price < lowest) {
          best = { peer, piece }
          lowest = price
        }
        // only a seed tells one piece from another
        if (copies === undefined) break
      }
    }
    return best
  }

  #isDue(due: number, now: number): boolean {
    if (due > now) this.#nextDue = Math.min(this.#nextDue, due)
    return due <= now
  }

  #start({ peer, piece }: Chosen, now: number, isLate: boolean): void {
    this.cancel(peer, piece)
    const ofPeer = this.#active.get(peer)
    const upload = {
      begun: now,
      movedAt: now,
      isLate,
      underWay: inTime(ofPeer) + 1,
      slots: this.#flows.slotsOf(peer, inTime(ofPeer) === this.#activeCount),
    }
    if (ofPeer === undefined) this.#active.set(peer, new Map([[piece, upload]]))
    else ofPeer.set(piece, upload)
    if (isLate) return
    this.#activeCount++
    this.#slots += upload.slots
    this.#appetites.changed()
    this.#nextLate = Math.min(this.#nextLate, this.#laggards.lateAt(upload))
    this.#copies?.began(piece)
  }

  #end(peer: string, piece: number, now: number): Upload | undefined {
    const ofPeer = this.#active.get(peer)
    const upload = ofPeer?.get(piece)
    if (upload === undefined) return undefined
    ofPeer?.delete(piece)
    if (ofPeer?.size === 0) this.#active.delete(peer)
    this.#hasChanged = true
    if (upload.isLate) return upload
    this.#activeCount--
    this.#slots -= upload.slots
    this.#appetites.changed()
    this.#copies?.ended(piece, now)
    return upload
  }
}

/** No neighbour has more under way: it bounds what it asks for. Keeps hunger below one piece of ours. */
const MAX_LOAD = 1 << 20

/** Beyond every price among those of the same rank. */
const RANK = 1e9
