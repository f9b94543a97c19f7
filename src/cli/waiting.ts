// Downloads that wait for their turn: large ones first, and small ones beside them, so that the whole ends early.

/** One lane of so many is for small ones: their time is that of asking, that of large ones is that of the line. */
const LANES_PER_SMALL = 4

interface Sized {
  /** Bytes; undefined: nobody knows, and it comes in the order in which it was given. */
  length?: number
}

export class Waiting<T extends Sized> {
  /** The largest first, from #from on; what came since is behind. */
  #sorted: T[] = []
  #from = 0
  #fresh: T[] = []
  #isOver = false
  #change = Promise.withResolvers<void>()

  get size(): number {
    return this.#sorted.length - this.#from + this.#fresh.length
  }

  add(item: T): void {
    this.#fresh.push(item)
    this.#changed()
  }

  /** Nothing comes any more. */
  end(): void {
    this.#isOver = true
    this.#changed()
  }

  /** Nothing is handed out any more. */
  clear(): void {
    this.#sorted = []
    this.#fresh = []
    this.#from = 0
    this.end()
  }

  /** Resolves when fewer wait. */
  async below(size: number): Promise<void> {
    while (this.size >= size && !this.#isOver) await this.#change.promise
  }

  /** For a lane of small ones the smallest, else the largest. Undefined: there is none, and none will come. */
  async take(isForSmall: boolean): Promise<T | undefined> {
    while (this.size === 0) {
      if (this.#isOver) return undefined
      await this.#change.promise
    }
    this.#sort()
    const isSmallest = isForSmall && this.#sorted.at(-1)?.length !== undefined
    const item = isSmallest ? this.#sorted.pop() : this.#sorted[this.#from++]
    this.#changed()
    return item
  }

  #sort(): void {
    if (this.#fresh.length === 0) return
    // stable: equal ones stay in their order; those of unknown length behind
    this.#sorted = [...this.#sorted.slice(this.#from), ...this.#fresh].sort((a, b) => (b.length ?? -1) - (a.length ?? -1))
    this.#fresh = []
    this.#from = 0
  }

  #changed(): void {
    this.#change.resolve()
    this.#change = Promise.withResolvers<void>()
  }
}

/** Of so many lanes, those for small ones. */
export function smallLanes(lanes: number): number {
  return Math.floor(lanes / LANES_PER_SMALL)
}
