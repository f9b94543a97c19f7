// Where the pieces of one content came from, and who sends how much, for a live status. Pure; it lives while somebody asks.
import type { SwarmAction, SwarmEvent } from '../../swarm/events.ts'
import type { Counts } from '../session/swarm-driver.ts'
import type { SwarmObserver } from '../session/swarm-observer.ts'

/** Where a piece came from, as a number; 0: nobody has seen it come. */
export const SOURCE = { unseen: 0, origin: 1, seed: 2, peer: 3, store: 4 } as const
export type Source = (typeof SOURCE)[keyof typeof SOURCE]
/** Nobody has asked for so long, ms: it stops looking. A page that is loaded again asks sooner. */
const FORGOTTEN_MS = 30_000
/** Neighbours whose bytes are counted; there are 16 at a time. */
const MAX_PEERS = 64
/** The origin's name among the neighbours. */
const ORIGIN = 'origin'

/** Payload bytes of one neighbour. */
export interface Traffic {
  received: number
  sent: number
}

interface Counted extends Traffic {
  /** Bytes of pieces under way that were counted as they came. */
  begun: Map<number, number>
}

/** What it needs of its active task. */
export interface AccountOwner {
  readonly counts: Readonly<Counts>
  readonly observers: Set<SwarmObserver>
  readonly roles: { isSeed(peer: string): boolean }
  /** Bytes of a piece. */
  sizeOf(piece: number): number
}

export class PieceAccount implements SwarmObserver {
  readonly #owner: AccountOwner
  #sources = new Uint8Array(256)
  /** Who is asked for a piece, the latest. */
  readonly #asked = new Map<number, string>()
  readonly #traffic = new Map<string, Counted>()
  /** Payload bytes that went to neighbours, those that have left too. */
  sent = 0
  /** Where the pieces came from that were here before it looked: known when all of them came from one place. */
  readonly #before: Source
  #resumed: number
  #lookedAt: number

  /** Looks from now on. `at`: milliseconds, as `told` has them. */
  constructor(owner: AccountOwner, at: number) {
    this.#owner = owner
    this.#resumed = owner.counts.resumed
    this.#before = onlySource(owner.counts)
    this.#lookedAt = at
    owner.observers.add(this)
  }

  /** Whether it still looks. */
  get isLive(): boolean {
    return this.#owner.observers.has(this)
  }

  /** Somebody asks. */
  lookedAt(at: number): void {
    this.#lookedAt = at
  }

  sourceOf(piece: number): Source {
    return (this.#sources[piece] as Source | undefined) || this.#before
  }

  /** Pieces that are under way, and who was asked. */
  get asked(): ReadonlyMap<number, string> {
    return this.#asked
  }

  /** Neighbour, or `origin` → its bytes. */
  get traffic(): ReadonlyMap<string, Readonly<Traffic>> {
    return this.#traffic
  }

  told(event: SwarmEvent, at: number, actions: readonly SwarmAction[]): void {
    if (at - this.#lookedAt > FORGOTTEN_MS) return void this.#owner.observers.delete(this)
    this.#hear(event)
    for (const action of actions) {
      if (action.type === 'ask') this.#asked.set(action.piece, action.peer)
      else if (action.type === 'cancel') this.#ended(action.peer, action.piece)
    }
  }

  read(bytes: number): void {
    this.#trafficOf(ORIGIN).received += bytes
  }

  readRange(bytes: number): void {
    this.read(bytes)
  }

  #hear(event: SwarmEvent): void {
    switch (event.type) {
      case 'progress':
        return this.#progress(this.#trafficOf(event.peer), event.piece, event.bytes)
      case 'received':
        // what `progress` did not tell of: of a piece that is read from the origin all of it
        this.#received(this.#trafficOf(event.peer), event.piece, event.bytes)
        this.#put(event.piece, this.#kindOf(event.peer))
        return this.#ended(event.peer, event.piece)
      case 'stored':
        this.#put(event.piece, this.#owner.counts.resumed > this.#resumed ? SOURCE.store : SOURCE.origin)
        this.#resumed = this.#owner.counts.resumed
        return void this.#asked.delete(event.piece)
      case 'corrupt':
      case 'refused':
        return this.#ended(event.peer, event.piece)
      case 'served':
        return this.#served(event.peer, this.#owner.sizeOf(event.piece))
      case 'left':
        return this.#left(event.peer)
      default:
    }
  }

  #progress(from: Counted, piece: number, bytes: number): void {
    from.received += bytes
    from.begun.set(piece, (from.begun.get(piece) ?? 0) + bytes)
  }

  #received(from: Counted, piece: number, bytes: number): void {
    from.received += Math.max(0, bytes - (from.begun.get(piece) ?? 0))
  }

  #served(peer: string, bytes: number): void {
    this.sent += bytes
    this.#trafficOf(peer).sent += bytes
  }

  #left(peer: string): void {
    for (const [piece, who] of this.#asked) if (who === peer) this.#asked.delete(piece)
    if (peer !== ORIGIN) this.#traffic.delete(peer)
  }

  #ended(peer: string, piece: number): void {
    this.#traffic.get(peer)?.begun.delete(piece)
    if (this.#asked.get(piece) === peer) this.#asked.delete(piece)
  }

  #kindOf(peer: string): Source {
    return peer === ORIGIN ? SOURCE.origin : this.#owner.roles.isSeed(peer) ? SOURCE.seed : SOURCE.peer
  }

  /** The first one counts: what comes twice is not stored again. */
  #put(piece: number, source: Source): void {
    if (piece >= this.#sources.length) {
      const larger = new Uint8Array(2 * (piece + 1))
      larger.set(this.#sources)
      this.#sources = larger
    }
    if (this.#sources[piece] === SOURCE.unseen) this.#sources[piece] = source
  }

  #trafficOf(peer: string): Counted {
    const known = this.#traffic.get(peer)
    if (known !== undefined) return known
    const fresh = { received: 0, sent: 0, begun: new Map<number, number>() }
    if (this.#traffic.size >= MAX_PEERS) return fresh
    this.#traffic.set(peer, fresh)
    return fresh
  }
}

function onlySource({ fromOrigin, fromSeeds, fromPeers, resumed }: Readonly<Counts>): Source {
  const sources = [
    [SOURCE.origin, fromOrigin],
    [SOURCE.seed, fromSeeds],
    [SOURCE.peer, fromPeers],
    [SOURCE.store, resumed],
  ] as const
  const [only, ...others] = sources.filter(([, bytes]) => bytes > 0)
  return only === undefined || others.length > 0 ? SOURCE.unseen : only[0]
}
