// A ring buffer of events in the order in which they were planned.

export class Lane<T> {
  readonly #arrive: (item: T) => void
  #items: (T | undefined)[] = new Array(64)
  #times = new Float64Array(64)
  #sequences = new Float64Array(64)
  #head = 0
  #size = 0

  constructor(arrive: (item: T) => void) {
    this.#arrive = arrive
  }

  /** When the first comes; Infinity when there is none. */
  get at(): number {
    return this.#size === 0 ? Infinity : (this.#times[this.#head] as number)
  }

  get sequence(): number {
    return this.#sequences[this.#head] as number
  }

  /** `at` and `sequence` never go back. */
  push(item: T, at: number, sequence: number): void {
    if (this.#size === this.#items.length) this.#grow()
    const i = (this.#head + this.#size++) & (this.#items.length - 1)
    this.#items[i] = item
    this.#times[i] = at
    this.#sequences[i] = sequence
  }

  /** Lets the first happen. */
  shift(): void {
    const item = this.#items[this.#head] as T
    this.#items[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#items.length - 1)
    this.#size--
    this.#arrive(item)
  }

  #grow(): void {
    const { length } = this.#items
    const items = new Array<T | undefined>(2 * length)
    const times = new Float64Array(2 * length)
    const sequences = new Float64Array(2 * length)
    for (let i = 0; i < length; i++) {
      const from = (this.#head + i) & (length - 1)
      items[i] = this.#items[from]
      times[i] = this.#times[from] as number
      sequences[i] = this.#sequences[from] as number
    }
    this.#items = items
    this.#times = times
    this.#sequences = sequences
    this.#head = 0
  }
}
