// The numbers of links and transfers in flat arrays, for speed.

/** The end of a transfer that is cut off: offers nothing, has nothing. */
export const NOWHERE = 0

export class Table {
  /** By link: what it offers each transfer, and what nobody uses right now; bytes per millisecond. */
  offers = new Float64Array(64)
  frees = new Float64Array(64)
  /** By transfer: bytes per millisecond. */
  rates = new Float64Array(64)
  #links = NOWHERE + 1
  #transfers = 0
  readonly #unused: number[] = []

  /** A number for a new link. */
  addLink(): number {
    if (this.#links === this.offers.length) {
      this.offers = doubled(this.offers)
      this.frees = doubled(this.frees)
    }
    return this.#links++
  }

  /** A number for a new transfer, whose rate is 0. */
  addTransfer(): number {
    const unused = this.#unused.pop()
    if (unused !== undefined) return unused
    if (this.#transfers === this.rates.length) this.rates = doubled(this.rates)
    return this.#transfers++
  }

  /** The number may be given to another transfer. */
  dropTransfer(id: number): void {
    this.rates[id] = 0
    this.#unused.push(id)
  }
}

function doubled(numbers: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * numbers.length)
  larger.set(numbers)
  return larger
}
