// Decides whom to serve next: the least loaded first, as many as fill our line; a seed sends each piece once before any twice.
import type { SwarmPolicy } from './events.ts'

export interface Upload {
  peer: string
  piece: number
}

/** Neighbours besides the asking one that could serve a piece. */
export type OthersHave = (piece: number, asking: string) => number

interface Copies {
  /** How often the piece was sent or is being sent. */
  sent: number
  active: number
  lastDone: number
}

const NEVER_SENT: Readonly<Copies> = { sent: 0, active: 0, lastDone: -Infinity }

export class Uploads {
  readonly #policy: SwarmPolicy
  readonly #isSeed: boolean
  /** Requests by neighbour, in the order in which they came. */
  readonly #waiting = new Map<string, Set<number>>()
  #waitingCount = 0
  /** With the time when each began. */
  readonly #active = new Map<string, Map<number, number>>()
  /** Milliseconds that the last piece took until the neighbour had it. */
  readonly #took = new Map<string, number>()
  #activeCount = 0
  readonly #copies = new Map<number, Copies>()
  /** Pieces under way to a neighbour from everybody, as it last said. */
  readonly #loads = new Map<string, number>()
  /** When the next request that is kept back is due; nothing can be chosen before unless something changes. */
  #nextDue = Infinity
  #hasChanged = false
  /** Sum of the receivers' appetites; undefined: to be summed up anew. */
  #appetite: number | undefined
  /** Pieces that the host's budget lets us send at the same time. */
  #allowed = Infinity
  #wantsMore = false

  constructor(policy: SwarmPolicy, isSeed: boolean) {
    this.#policy = policy
    this.#isSeed = isSeed
  }

  get waiting(): number {
    return this.#waitingCount
  }

  /** Pieces that we are sending. */
  get active(): number {
    return this.#activeCount
  }

  /** Whether nothing but the host's budget keeps us from sending more. */
  get wantsMore(): boolean {
    return this.#wantsMore
  }

  allow(pieces: number): void {
    if (this.#allowed === pieces) return
    this.#allowed = pieces
    this.#hasChanged = true
  }

  /** How many pieces are under way to a neighbour, from us and from others. */
  loaded(peer: string, load: number): void {
    if (this.#loads.get(peer) === load) return
    this.#loads.set(peer, load)
    this.#appetite = undefined
    this.#hasChanged = true
  }

  /** False when there is no room to wait; true also when the same request waits already. */
  request(peer: string, piece: number): boolean {
    const ofPeer = this.#waiting.get(peer)
    if (ofPeer?.has(piece) === true || this.#active.get(peer)?.has(piece) === true) return true
    if (this.#waitingCount >= this.#policy.maxQueue || (ofPeer?.size ?? 0) >= this.#policy.maxQueuePerPeer) return false
    addTo(this.#waiting, peer, piece)
    this.#waitingCount++
    this.#hasChanged = true
    return true
  }

  cancel(peer: string, piece: number): void {
    if (!deleteFrom(this.#waiting, peer, piece)) return
    this.#waitingCount--
    if (this.#wantsMore) this.#hasChanged = true
  }

  done(peer: string, piece: number, now: number): void {
    const begun = this.#active.get(peer)?.get(piece)
    if (begun === undefined) return
    deleteFrom(this.#active, peer, piece)
    this.#took.set(peer, now - begun)
    this.#activeCount--
    this.#appetite = undefined
    this.#hasChanged = true
    if (!this.#isSeed) return
    const copies = this.#copiesOf(piece)
    copies.active--
    copies.lastDone = now
  }

  left(peer: string, now: number): void {
    this.#waitingCount -= this.#waiting.get(peer)?.size ?? 0
    this.#waiting.delete(peer)
    if (this.#wantsMore) this.#hasChanged = true
    for (const piece of [...(this.#active.get(peer)?.keys() ?? [])]) this.done(peer, piece, now)
    this.#loads.delete(peer)
    this.#took.delete(peer)
    this.#appetite = undefined
  }

  /** The requests to serve now. */
  next(now: number, othersHave: OthersHave): Upload[] {
    const chosen: Upload[] = []
    if (!this.#hasChanged && now < this.#nextDue) return chosen
    this.#hasChanged = false
    this.#nextDue = Infinity
    this.#wantsMore = false
    while (this.#waitingCount > 0 && !this.#isFull) {
      const best = this.#best(now, othersHave)
      if (best === undefined) break
      if (this.#activeCount >= this.#allowed) {
        this.#wantsMore = true
        break
      }
      this.#start(best, now)
      chosen.push(best)
    }
    return chosen
  }

  /** When a request that is kept back may go; Infinity when none is. One that is due waits for a slot, not for a time. */
  get nextWake(): number {
    return this.#isFull ? Infinity : this.#nextDue
  }

  /** Throws when a derived number has drifted; for tests. */
  check(): void {
    const active = sizeOf(this.#active)
    if (active !== this.#activeCount) throw new Error(`uploads: ${active} active, counted ${this.#activeCount}`)
    const waiting = sizeOf(this.#waiting)
    if (waiting !== this.#waitingCount) throw new Error(`uploads: ${waiting} waiting, counted ${this.#waitingCount}`)
    if (!this.#isSeed) return
    let copies = 0
    for (const c of this.#copies.values()) copies += c.active
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
    if (this.#activeCount >= uploadSlots) return true
    this.#appetite ??= this.#sumOfAppetites()
    const part = Math.min(1, Math.max(1, this.#allowed) / uploadSlots)
    return this.#appetite >= appetite * part
  }

  #sumOfAppetites(): number {
    let sum = 0
    for (const [peer, pieces] of this.#active) sum += pieces.size / Math.max(pieces.size, this.#loads.get(peer) ?? 0)
    return sum
  }

  #best(now: number, othersHave: OthersHave): Upload | undefined {
    let best: Upload | undefined
    let lowest = Infinity
    for (const [peer, pieces] of this.#waiting) {
      const active = this.#active.get(peer)?.size ?? 0
      // a second piece to the same neighbour only while it is the only one
      if (active > 0 && (active < this.#activeCount || active >= this.#slotsOf(peer))) continue
      const hunger = active + (this.#loads.get(peer) ?? 0) / MAX_LOAD
      for (const piece of pieces) {
        if (this.#isSeed && !this.#isDue(piece, now, othersHave(piece, peer))) continue
        const price = hunger + (this.#copies.get(piece)?.sent ?? 0) * this.#policy.slotsPerPeer
        if (price < lowest) {
          best = { peer, piece }
          lowest = price
        }
        // only a seed tells one piece from another
        if (!this.#isSeed) break
      }
    }
    return best
  }

  /** What fills the way to a neighbour that is alone: on a fast one a piece is there before the word of it is back. */
  #slotsOf(peer: string): number {
    const { slotsPerPeer, uploadWindowMs, uploadSlots } = this.#policy
    const wanted = Math.ceil(uploadWindowMs / Math.max(1, this.#took.get(peer) ?? uploadWindowMs))
    return Math.min(uploadSlots, Math.max(slotsPerPeer, wanted))
  }

  #isDue(piece: number, now: number, others: number): boolean {
    const due = this.#dueAt(piece, others)
    if (due > now) this.#nextDue = Math.min(this.#nextDue, due)
    return due <= now
  }

  /** A seed waits with a second copy until the first receiver could pass it on; Infinity while the first is on its way. */
  #dueAt(piece: number, others: number): number {
    const { active, lastDone } = this.#copies.get(piece) ?? NEVER_SENT
    if (active > 0) return Infinity
    return lastDone + (others > 0 ? this.#policy.secondCopyMs : this.#policy.firstHaveMs)
  }

  #start({ peer, piece }: Upload, now: number): void {
    this.cancel(peer, piece)
    const ofPeer = this.#active.get(peer)
    if (ofPeer === undefined) this.#active.set(peer, new Map([[piece, now]]))
    else ofPeer.set(piece, now)
    this.#activeCount++
    this.#appetite = undefined
    if (!this.#isSeed) return
    const copies = this.#copiesOf(piece)
    copies.sent++
    copies.active++
  }

  #copiesOf(piece: number): Copies {
    let copies = this.#copies.get(piece)
    if (copies === undefined) {
      copies = { ...NEVER_SENT }
      this.#copies.set(piece, copies)
    }
    return copies
  }
}

/** No neighbour has more under way: it bounds what it asks for. Keeps hunger below one piece of ours. */
const MAX_LOAD = 1 << 20

function addTo(map: Map<string, Set<number>>, peer: string, piece: number): void {
  const set = map.get(peer)
  if (set === undefined) map.set(peer, new Set([piece]))
  else set.add(piece)
}

function deleteFrom(map: Map<string, Set<number> | Map<number, number>>, peer: string, piece: number): boolean {
  const set = map.get(peer)
  if (set?.delete(piece) !== true) return false
  if (set.size === 0) map.delete(peer)
  return true
}

function sizeOf(map: ReadonlyMap<string, { size: number }>): number {
  let size = 0
  for (const set of map.values()) size += set.size
  return size
}
