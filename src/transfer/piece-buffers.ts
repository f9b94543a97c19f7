// A pool of piece buffers; fresh megabytes cost page faults and garbage collection, and many of them tear holes into the heap.

/** Free buffers kept of one size; more than that many pieces are seldom under way at once. */
const MAX_FREE = 8
/** Of all sizes together, bytes. */
const MAX_FREE_BYTES = 32 * 1024 * 1024

/** A piece of less than this fraction of a full one is memory of its own, which nobody else gets: thousands of them may be held. */
const SMALL = 4

/** Free buffers by their size, for all contents of the process: a finished one needs none. */
const free = new Map<number, ArrayBuffer[]>()
let freeBytes = 0
/** Those that somebody holds. */
const taken = new WeakSet<ArrayBuffer>()

export class PieceBuffers {
  readonly #length: number

  /** `length`: bytes of a full piece. */
  constructor(length: number) {
    this.#length = length
  }

  /** Memory for a piece of up to a full length. What is in it is left over from before. A small one gets no more than it needs. */
  take(bytes: number): Uint8Array {
    if (bytes > this.#length || bytes < this.#length / SMALL) return new Uint8Array(bytes)
    const buffer = free.get(this.#length)?.pop()
    if (buffer !== undefined) freeBytes -= this.#length
    const memory = buffer ?? new ArrayBuffer(this.#length)
    taken.add(memory)
    return new Uint8Array(memory, 0, bytes)
  }

  /** Nobody reads or writes `bytes` any more. What was given back before, or did not come from here, is left to the collector. */
  give({ buffer }: Uint8Array): void {
    if (!(buffer instanceof ArrayBuffer) || buffer.byteLength !== this.#length || !taken.delete(buffer)) return
    const others = free.get(this.#length) ?? []
    if (others.length >= MAX_FREE || freeBytes + this.#length > MAX_FREE_BYTES) return
    free.set(this.#length, others)
    others.push(buffer)
    freeBytes += this.#length
  }
}
