// Virtual time: a queue of happenings ordered by (time, sequence), and the clock that it moves.

interface Happening {
  /** Milliseconds. */
  at: number
  sequence: number
  run: () => void
}

export class World {
  #now = 0
  #sequence = 0
  #handled = 0
  /** A binary heap: the earliest comes first, and of two at the same instant the one that was planned first. */
  #heap: Happening[] = []

  /** Virtual milliseconds since the start. */
  get now(): number {
    return this.#now
  }

  /** Happenings so far. */
  get handled(): number {
    return this.#handled
  }

  after(ms: number, run: () => void): void {
    this.at(this.#now + Math.max(0, ms), run)
  }

  /** Plans a happening; one in the past happens now. */
  at(time: number, run: () => void): void {
    this.#push({ at: Math.max(time, this.#now), sequence: this.#sequence++, run })
  }

  /** Lets things happen until `isOver`, until nothing is planned any more, or until the clock passes `limitMs`. */
  run(isOver: () => boolean, limitMs: number): void {
    while (!isOver()) {
      const next = this.#heap[0]
      if (next === undefined || next.at > limitMs) return
      this.#pop()
      this.#now = next.at
      this.#handled++
      next.run()
    }
  }

  #push(happening: Happening): void {
    let i = this.#heap.length
    this.#heap.push(happening)
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!isEarlier(happening, this.#heap[parent] as Happening)) break
      this.#heap[i] = this.#heap[parent] as Happening
      i = parent
    }
    this.#heap[i] = happening
  }

  #pop(): void {
    const last = this.#heap.pop() as Happening
    const size = this.#heap.length
    if (size === 0) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= size) break
      if (child + 1 < size && isEarlier(this.#heap[child + 1] as Happening, this.#heap[child] as Happening)) child++
      if (!isEarlier(this.#heap[child] as Happening, last)) break
      this.#heap[i] = this.#heap[child] as Happening
      i = child
    }
    this.#heap[i] = last
  }
}

function isEarlier(a: Happening, b: Happening): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence)
}
