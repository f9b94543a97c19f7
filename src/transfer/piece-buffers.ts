// A pool of piece buffers; fresh megabytes cost page faults and garbage collection.

/** Free buffers kept; more than that many pieces are seldom under way in one content. */
const MAX_FREE = 4

export class PieceBuffers {
  readonly #length: number
  readonly #free: ArrayBuffer[] = []

  /** `length`: bytes of a full piece. */
  constructor(length: number) {
    this.#length = length
  }

  /** Memory for a piece of up to a full length. What is in it is left over from before. */
  take(bytes: number): Uint8Array {
    if (bytes > this.#length) return new Uint8Array(bytes)
    const buffer = this.#free.pop() ?? new ArrayBuffer(this.#length)
    return new Uint8Array(buffer, 0, bytes)
  }

  /** Nobody reads or writes `bytes` any more. Anything that did not come from here is left to the collector. */
  give(bytes: Uint8Array): void {
    const { buffer } = bytes
    const isOurs = buffer instanceof ArrayBuffer && buffer.byteLength === this.#length && !this.#free.includes(buffer)
    if (isOurs && this.#free.length < MAX_FREE) this.#free.push(buffer)
  }
}
