// How much those whom we serve can take together, measured in lines, and when that is enough to fill ours.
import type { SwarmPolicy } from './events.ts'
import { inTime, type Upload } from './laggards.ts'

export class Appetite {
  readonly #policy: SwarmPolicy
  readonly #active: ReadonlyMap<string, ReadonlyMap<number, Upload>>
  /** Pieces under way to a neighbour from everybody, as it last said. */
  readonly #loads = new Map<string, number>()
  /** undefined: to be summed up anew. */
  #sum: number | undefined
  #done = 0

  /** `active`: all uploads that are under way; filled by its owner. */
  constructor(policy: SwarmPolicy, active: ReadonlyMap<string, ReadonlyMap<number, Upload>>) {
    this.#policy = policy
    this.#active = active
  }

  /** Pieces under way to a neighbour, from us and from others. */
  load(peer: string): number {
    return this.#loads.get(peer) ?? 0
  }

  /** False when nothing has changed. */
  loaded(peer: string, load: number): boolean {
    if (this.#loads.get(peer) === load) return false
    this.#loads.set(peer, load)
    this.changed()
    return true
  }

  /** An upload began or ended, or does not count any more. */
  changed(): void {
    this.#sum = undefined
  }

  /** A neighbour has confirmed a piece. */
  done(): void {
    this.#done++
  }

  left(peer: string): void {
    this.#loads.delete(peer)
    this.changed()
  }

  /**
   * Whether another piece would only slow down those under way. One piece fills the line of a receiver that gets nothing
   * else, a tenth of it when ten pieces are under way to it: what our uploads can take together is bounded.
   * So a young swarm passes few pieces on fast, and a busy one keeps every line full. Where other contents of the host
   * send, too, this one has its part of that, from 0 to 1.
   */
  isSated(part: number): boolean {
    const { appetite, firstAppetite, appetiteUploads } = this.#policy
    this.#sum ??= this.#summed()
    return this.#sum >= part * Math.min(appetite, firstAppetite + this.#done / appetiteUploads)
  }

  #summed(): number {
    let sum = 0
    for (const [peer, uploads] of this.#active) {
      const pieces = inTime(uploads)
      if (pieces > 0) sum += pieces / Math.max(pieces, this.load(peer))
    }
    return sum
  }
}
