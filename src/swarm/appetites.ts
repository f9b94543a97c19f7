// How much of a line the receivers of our uploads can take, by what is under way to them from everybody.
import { inTime, type Upload } from './laggards.ts'

export class Appetites {
  /** Pieces under way to a neighbour from everybody, as it last said. */
  readonly #loads = new Map<string, number>()
  /** undefined: to be summed up anew. */
  #sum: number | undefined

  /** False when it is what was known. */
  told(peer: string, load: number): boolean {
    if (this.#loads.get(peer) === load) return false
    this.#loads.set(peer, load)
    this.#sum = undefined
    return true
  }

  left(peer: string): void {
    this.#loads.delete(peer)
    this.#sum = undefined
  }

  /** Other uploads are under way. */
  changed(): void {
    this.#sum = undefined
  }

  load(peer: string): number {
    return this.#loads.get(peer) ?? 0
  }

  /** In lines: one piece fills the line of a receiver that gets nothing else. */
  sum(active: ReadonlyMap<string, ReadonlyMap<number, Upload>>): number {
    if (this.#sum !== undefined) return this.#sum
    let sum = 0
    for (const [peer, uploads] of active) {
      const pieces = inTime(uploads)
      if (pieces > 0) sum += pieces / Math.max(pieces, this.load(peer))
    }
    this.#sum = sum
    return sum
  }
}
