// Requests of one download: open ones, what each delivered, and how it ended.
import type { SwarmAction, SwarmEvent } from '../../swarm/events.ts'
import type { Requests } from '../api/explanation.ts'

/** One piece asked of one neighbour. */
export interface Request {
  askedAt: number
  /** What came of the piece so far. */
  bytes: number
  /** Bytes may be on their way still. */
  isWithdrawn: boolean
}

export class RequestLog {
  /** When the first piece was asked for; undefined: none was. */
  firstAt: number | undefined
  /** Pieces that came when they were here already. */
  duplicates = 0
  /** By piece and then by neighbour. */
  readonly #open = new Map<number, Map<string, Request>>()
  readonly #counts = { asked: 0, hedged: 0, moved: 0, snubbed: 0, refused: 0 }

  get(peer: string, piece: number): Request | undefined {
    return this.#open.get(piece)?.get(peer)
  }

  /** To be told before its answer. */
  event(event: SwarmEvent, t: number): void {
    switch (event.type) {
      case 'progress':
        return this.#progress(event.peer, event.piece, event.bytes, t)
      case 'refused':
        this.#counts.refused++
        return this.#end(event.peer, event.piece)
      case 'received':
      case 'corrupt':
        return this.#end(event.peer, event.piece)
      case 'left':
        for (const piece of [...this.#open.keys()]) this.#end(event.peer, piece)
        return
      default:
    }
  }

  /** One of the answer's actions; `isHere`: whether we have that piece. */
  action(action: SwarmAction, cause: SwarmEvent, t: number, isHere: boolean): void {
    if (action.type === 'ask') return this.#ask(action.peer, action.piece, t)
    const request = action.type === 'cancel' ? this.get(action.peer, action.piece) : undefined
    if (request === undefined) return
    request.isWithdrawn = true
    // who is relieved of a request is so when somebody else says that he has the piece
    if (!isHere) this.#counts[cause.type === 'have' ? 'moved' : 'snubbed']++
  }

  totals(wastedBytes: number): Requests {
    return { ...this.#counts, duplicates: this.duplicates, wastedBytes }
  }

  #ask(peer: string, piece: number, t: number): void {
    this.firstAt ??= t
    this.#counts.asked++
    const ofPiece = this.#open.get(piece) ?? new Map<string, Request>()
    if ([...ofPiece].some(([other, request]) => other !== peer && !request.isWithdrawn)) this.#counts.hedged++
    this.#open.set(piece, ofPiece.set(peer, { askedAt: t, bytes: 0, isWithdrawn: false }))
  }

  /** What was asked for before this log began is known from its first frame on. */
  #progress(peer: string, piece: number, bytes: number, t: number): void {
    const ofPiece = this.#open.get(piece) ?? new Map<string, Request>()
    const request = ofPiece.get(peer) ?? { askedAt: t, bytes: 0, isWithdrawn: false }
    request.bytes += bytes
    this.#open.set(piece, ofPiece.set(peer, request))
  }

  #end(peer: string, piece: number): void {
    const ofPiece = this.#open.get(piece)
    if (ofPiece?.delete(peer) === true && ofPiece.size === 0) this.#open.delete(piece)
  }
}
