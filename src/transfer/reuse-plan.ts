// Which pieces of a content can be built of which bytes of an older version, by the list of its chunks. Decides; reads nothing.
import type { ListedChunk } from '../core/chunk-list.ts'

/** Bytes of the older version, from `at` on. */
export interface OldRange {
  at: number
  /** Bytes. */
  length: number
}

export class ReusePlan {
  readonly #chunks: readonly ListedChunk[]
  /** Chunks that were not found yet, by their digests: a content may have one several times. */
  readonly #sought = new Map<string, number[]>()
  /** Where each chunk lies in the older version; -1: it was not found. */
  readonly #places: Float64Array

  constructor(chunks: readonly ListedChunk[]) {
    this.#chunks = chunks
    this.#places = new Float64Array(chunks.length).fill(-1)
    for (const [i, { key }] of chunks.entries()) {
      const same = this.#sought.get(key)
      if (same === undefined) this.#sought.set(key, [i])
      else same.push(i)
    }
  }

  /** A chunk of the older version. Returns whether it is one of the content's that was not found before. */
  found(key: string, at: number, length: number): boolean {
    const same = this.#sought.get(key)
    // who lists another length lies: nothing is to be read beyond the chunk
    if (same === undefined || this.#chunks[same[0] as number]?.length !== length) return false
    for (const i of same) if (this.#chunks[i]?.length === length) this.#places[i] = at
    this.#sought.delete(key)
    return true
  }

  /** What bytes `start` to `end` of the content are made of, in order; undefined when not all of them were found. */
  rangesOf(start: number, end: number): OldRange[] | undefined {
    const ranges: OldRange[] = []
    for (let i = this.#chunkAt(start); i < this.#chunks.length; i++) {
      const chunk = this.#chunks[i] as ListedChunk
      if (chunk.offset >= end) break
      const place = this.#places[i] as number
      if (place < 0) return undefined
      const skipped = Math.max(0, start - chunk.offset)
      const length = Math.min(end, chunk.offset + chunk.length) - chunk.offset - skipped
      const last = ranges.at(-1)
      if (last !== undefined && last.at + last.length === place) last.length += length
      else ranges.push({ at: place + skipped, length })
    }
    return ranges
  }

  /** Index of the chunk in which a byte lies. */
  #chunkAt(byte: number): number {
    let [low, high] = [0, this.#chunks.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((this.#chunks[middle] as ListedChunk).offset <= byte) low = middle
      else high = middle - 1
    }
    return low
  }
}
