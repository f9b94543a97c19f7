// Samples of a download's progress, thinned out evenly so that memory is bounded.

/** Points that are remembered; then every second one is forgotten, now and from then on. */
const MAX_POINTS = 2048

/** Bytes since the start: useful ones, and all that came over the line. */
export interface Point {
  /** Milliseconds from the start. */
  at: number
  useful: number
  line: number
  /** Milliseconds of all neighbours together. */
  neighbourMs: number
}

export class Points {
  /** Of every `#stride`-th call the point; the newest one is `#last`. */
  #kept: Point[] = []
  #stride = 1
  #calls = 0
  #last: Point | undefined

  add(point: Point): void {
    this.#last = point
    if (this.#calls++ % this.#stride !== 0) return
    this.#kept.push(point)
    if (this.#kept.length < MAX_POINTS) return
    this.#kept = this.#kept.filter((_, i) => i % 2 === 0)
    this.#stride *= 2
  }

  get first(): Point | undefined {
    return this.#kept[0]
  }

  get last(): Point | undefined {
    return this.#last
  }

  /** The first point with this share of all useful bytes, 0 to 1; undefined when there are none. */
  reaching(share: number): Point | undefined {
    const wanted = share * (this.#last?.useful ?? 0)
    return this.#kept.find(point => point.useful >= wanted) ?? this.#last
  }
}
