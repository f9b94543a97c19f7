// Amounts over time in a bounded number of buckets.

/** A quarter of a second; twice that whenever the buckets would be too many. */
const FIRST_WIDTH_MS = 250
/** Five minutes of quarter seconds. */
const MAX_BUCKETS = 1200

export class RateSeries<Track extends string> {
  #width = FIRST_WIDTH_MS
  #count = 0
  readonly #tracks: Map<Track, number[]>

  constructor(...tracks: Track[]) {
    this.#tracks = new Map(tracks.map(track => [track, []]))
  }

  /** Milliseconds of one bucket. */
  get width(): number {
    return this.#width
  }

  /** Amounts by bucket, from time 0 to the last bucket of any track. */
  track(track: Track): number[] {
    const row = this.#row(track)
    return Array.from({ length: this.#count }, (_, i) => row[i] ?? 0)
  }

  /** Adds an amount that came evenly between two times; milliseconds from the start. */
  add(track: Track, amount: number, from: number, to: number): void {
    while (to >= this.#width * MAX_BUCKETS) this.#halve()
    const row = this.#row(track)
    const start = Math.min(from, to)
    const last = start < to ? Math.ceil(to / this.#width) - 1 : Math.floor(to / this.#width)
    this.#count = Math.max(this.#count, last + 1)
    while (row.length <= last) row.push(0)
    let left = amount
    for (let i = Math.floor(start / this.#width); i < last; i++) {
      const share = (amount * ((i + 1) * this.#width - Math.max(start, i * this.#width))) / (to - start)
      row[i] = (row[i] as number) + share
      left -= share
    }
    row[last] = (row[last] as number) + left
  }

  /** The most a second of these tracks together, kept up for `ms` (at least one bucket). */
  best(ms: number, ...tracks: Track[]): number {
    const rows = tracks.map(track => this.#row(track))
    const amount = (i: number) => rows.reduce((sum, row) => sum + (row[i] ?? 0), 0)
    const wide = Math.max(1, Math.ceil(ms / this.#width))
    let inside = 0
    let most = 0
    for (let i = 0; i < this.#count; i++) {
      inside += amount(i) - (i < wide ? 0 : amount(i - wide))
      most = Math.max(most, inside)
    }
    return (most * 1000) / (wide * this.#width)
  }

  #row(track: Track): number[] {
    return this.#tracks.get(track) as number[]
  }

  #halve(): void {
    for (const [track, row] of this.#tracks) {
      const halved: number[] = []
      for (let i = 0; i < row.length; i += 2) halved.push((row[i] as number) + (row[i + 1] ?? 0))
      this.#tracks.set(track, halved)
    }
    this.#count = Math.ceil(this.#count / 2)
    this.#width *= 2
  }
}
