// Counts what peers and seeds gave to each content of a host, so that each one knows what came to the others over the same line.

/** A content is told of what came to others at most so often, milliseconds: what `Pace` counts in. */
const TELL_MS = 500

interface Arrived {
  /** Bytes that came to this content. */
  own: number
  /** Bytes that came to the others, as far as it was told or they came before it. */
  told: number
  toldAt: number
}

export class Arrivals<K> {
  #all = 0
  readonly #contents = new Map<K, Arrived>()

  enter(content: K): void {
    this.#contents.set(content, { own: 0, told: this.#all, toldAt: -Infinity })
  }

  leave(content: K): void {
    this.#contents.delete(content)
  }

  came(content: K, bytes: number): void {
    const arrived = this.#contents.get(content)
    if (arrived === undefined) return
    arrived.own += bytes
    this.#all += bytes
  }

  /** Bytes that came to others since this was last answered, if it is time to tell of them; 0: nothing to tell. */
  takeElsewhere(content: K, now: number): number {
    const arrived = this.#contents.get(content)
    if (arrived === undefined || now < arrived.toldAt + TELL_MS) return 0
    const elsewhere = this.#all - arrived.own
    const bytes = elsewhere - arrived.told
    if (bytes === 0) return 0
    arrived.told = elsewhere
    arrived.toldAt = now
    return bytes
  }
}
