// Whom to serve next: requests wait in one queue; a seed sends each piece once before any twice.
import type { SwarmPolicy } from './events.ts'

interface Waiting {
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

export class Uploads {
  readonly #policy: SwarmPolicy
  readonly #isSeed: boolean
  #queue: Waiting[] = []
  #active = new Map<string, Set<number>>()
  #activeCount = 0
  #copies = new Map<number, Copies>()

  constructor(policy: SwarmPolicy, isSeed: boolean) {
    this.#policy = policy
    this.#isSeed = isSeed
  }

  get waiting(): number {
    return this.#queue.length
  }

  /** False when there is no room to wait; true also when the same request waits already. */
  request(peer: string, piece: number): boolean {
    let ofPeer = 0
    for (const w of this.#queue) {
      if (w.peer !== peer) continue
      if (w.piece === piece) return true
      ofPeer++
    }
    if (this.#active.get(peer)?.has(piece) === true) return true
    if (this.#queue.length >= this.#policy.maxQueue || ofPeer >= this.#policy.maxQueuePerPeer) return false
    this.#queue.push({ peer, piece })
    return true
  }

  cancel(peer: string, piece: number): void {
    this.#queue = this.#queue.filter(w => w.peer !== peer || w.piece !== piece)
  }

  done(peer: string, piece: number, now: number): void {
    if (this.#active.get(peer)?.delete(piece) !== true) return
    this.#activeCount--
    const copies = this.#copiesOf(piece)
    copies.active--
    copies.lastDone = now
  }

  left(peer: string, now: number): void {
    this.#queue = this.#queue.filter(w => w.peer !== peer)
    for (const piece of [...(this.#active.get(peer) ?? [])]) this.done(peer, piece, now)
    this.#active.delete(peer)
  }

  /** The requests to serve now. */
  next(now: number, othersHave: OthersHave): Waiting[] {
    const chosen: Waiting[] = []
    while (this.#activeCount < this.#policy.uploadSlots) {
      const best = this.#best(now, othersHave)
      if (best === -1) break
      const [request] = this.#queue.splice(best, 1) as [Waiting]
      this.#start(request)
      chosen.push(request)
    }
    return chosen
  }

  /** When a request that is kept back may go; Infinity when none is. One that is due waits for a slot, not for a time. */
  nextWake(now: number, othersHave: OthersHave): number {
    let at = Infinity
    for (const { peer, piece } of this.#queue) {
      const due = this.#dueAt(piece, othersHave(piece, peer))
      if (due > now) at = Math.min(at, due)
    }
    return at
  }

  /** Throws when a derived number has drifted; for tests. */
  check(): void {
    let active = 0
    for (const pieces of this.#active.values()) active += pieces.size
    if (active !== this.#activeCount) throw new Error(`uploads: ${active} active, counted ${this.#activeCount}`)
    let copies = 0
    for (const c of this.#copies.values()) copies += c.active
    if (copies !== active) throw new Error(`uploads: ${active} active, copies say ${copies}`)
  }

  /** Who has nothing under way goes first, so that a piece leaves fast to many and not slowly to one. */
  #best(now: number, othersHave: OthersHave): number {
    let best = -1
    let lowest = Infinity
    for (const [i, { peer, piece }] of this.#queue.entries()) {
      const active = this.#active.get(peer)?.size ?? 0
      if (active >= this.#policy.slotsPerPeer) continue
      if (now < this.#dueAt(piece, othersHave(piece, peer))) continue
      const sent = this.#isSeed ? (this.#copies.get(piece)?.sent ?? 0) : 0
      const price = sent * this.#policy.slotsPerPeer + active
      if (price >= lowest) continue
      best = i
      lowest = price
      if (price === 0) break
    }
    return best
  }

  /** A seed waits with a second copy until the first receiver could pass it on; Infinity while the first is on its way. */
  #dueAt(piece: number, others: number): number {
    const copies = this.#isSeed ? this.#copies.get(piece) : undefined
    if (copies === undefined) return -Infinity
    if (copies.active > 0) return Infinity
    return copies.lastDone + (others > 0 ? this.#policy.secondCopyMs : this.#policy.firstHaveMs)
  }

  #start({ peer, piece }: Waiting): void {
    let ofPeer = this.#active.get(peer)
    if (ofPeer === undefined) {
      ofPeer = new Set()
      this.#active.set(peer, ofPeer)
    }
    ofPeer.add(piece)
    this.#activeCount++
    const copies = this.#copiesOf(piece)
    copies.sent++
    copies.active++
  }

  #copiesOf(piece: number): Copies {
    let copies = this.#copies.get(piece)
    if (copies === undefined) {
      copies = { sent: 0, active: 0, lastDone: -Infinity }
      this.#copies.set(piece, copies)
    }
    return copies
  }
}
