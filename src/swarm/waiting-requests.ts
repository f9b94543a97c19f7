// Requests that wait to be served, by neighbour, with their limits.
import type { SwarmPolicy } from './events.ts'

export class WaitingRequests {
  readonly #policy: SwarmPolicy
  /** In the order in which they came; of each piece, when. */
  readonly #byPeer = new Map<string, Map<number, number>>()
  #size = 0

  constructor(policy: SwarmPolicy) {
    this.#policy = policy
  }

  get size(): number {
    return this.#size
  }

  get byPeer(): ReadonlyMap<string, ReadonlyMap<number, number>> {
    return this.#byPeer
  }

  has(peer: string, piece: number): boolean {
    return this.#byPeer.get(peer)?.has(piece) === true
  }

  /** False when there is no room. The request must not wait already. */
  add(peer: string, piece: number, now: number): boolean {
    const ofPeer = this.#byPeer.get(peer)
    if (this.#size >= this.#policy.maxQueue || (ofPeer?.size ?? 0) >= this.#policy.maxQueuePerPeer) return false
    if (ofPeer === undefined) this.#byPeer.set(peer, new Map([[piece, now]]))
    else ofPeer.set(piece, now)
    this.#size++
    return true
  }

  delete(peer: string, piece: number): boolean {
    const ofPeer = this.#byPeer.get(peer)
    if (ofPeer?.delete(piece) !== true) return false
    if (ofPeer.size === 0) this.#byPeer.delete(peer)
    this.#size--
    return true
  }

  deleteAll(peer: string): void {
    this.#size -= this.#byPeer.get(peer)?.size ?? 0
    this.#byPeer.delete(peer)
  }

  /** Throws when the count has drifted; for tests. */
  check(): void {
    let size = 0
    for (const pieces of this.#byPeer.values()) size += pieces.size
    if (size !== this.#size) throw new Error(`uploads: ${size} waiting, counted ${this.#size}`)
  }
}
