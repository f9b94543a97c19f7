// Counts the bytes of a link in both directions, its open requests, and requests that led to nothing.

/** Payload bytes over any number of links. */
export interface LinkTotals {
  bytesReceived: number
  bytesSent: number
}

export class LinkUsage {
  /** Payload bytes that came, and that went, since the link began. */
  bytesReceived = 0
  bytesSent = 0
  /** Our requests that were called back or refused since the last byte came. */
  fruitless = 0
  readonly #asked = new Set<number>()
  readonly #wanted = new Set<number>()

  readonly #totals: LinkTotals | undefined

  /** `totals` count what passes here, too. */
  constructor(totals?: LinkTotals) {
    this.#totals = totals
  }

  /** Whether a request runs in either direction. */
  get isBusy(): boolean {
    return this.#asked.size + this.#wanted.size > 0
  }

  /** We ask. */
  asked(piece: number): void {
    this.#asked.add(piece)
  }

  came(bytes: number): void {
    this.bytesReceived += bytes
    if (this.#totals !== undefined) this.#totals.bytesReceived += bytes
    this.fruitless = 0
  }

  /** What we asked for is here. */
  done(piece: number): void {
    this.#asked.delete(piece)
  }

  /** What we asked for will not come. */
  failed(piece: number): void {
    if (this.#asked.delete(piece)) this.fruitless++
  }

  /** The other side asks. */
  wanted(piece: number): void {
    this.#wanted.add(piece)
  }

  /** It was answered: with bytes, or with none. */
  answered(piece: number, bytes: number): void {
    this.#wanted.delete(piece)
    this.bytesSent += bytes
    if (this.#totals !== undefined) this.#totals.bytesSent += bytes
  }
}
