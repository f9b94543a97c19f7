// Reads bytes from their beginning and cuts them into chunks.
import { setImmediate } from 'node:timers/promises'
import { chunkDigest, cutAt, longestChunk } from '../core/chunks.ts'

/** Bytes read at a time: then others have their turn (2.5 ms a MiB). */
const STEP = 1024 * 1024

export interface ScannedChunk {
  offset: number
  /** Bytes. */
  length: number
  /** See `chunkDigest`. */
  digest: Uint8Array
}

/** Fills some of `into` with what lies at `offset`; resolves to the bytes read, 0 at the end. */
export type ReadAt = (offset: number, into: Uint8Array) => Promise<number>

/** Chunks in order. Rejects with what `read` says. */
export async function* scanChunks(read: ReadAt, average: number): AsyncGenerator<ScannedChunk> {
  const longest = longestChunk(average)
  const buffer = new Uint8Array(STEP + longest)
  let [begin, end, offset, isAtEnd] = [0, 0, 0, false]
  while (!isAtEnd || begin < end) {
    while (!isAtEnd && end < buffer.length) {
      const got = await read(offset + end - begin, buffer.subarray(end))
      isAtEnd = got === 0
      end += got
    }
    await setImmediate()
    while (end - begin >= longest || (isAtEnd && begin < end)) {
      const length = cutAt(buffer, begin, end, average)
      yield { offset, length, digest: chunkDigest(buffer.subarray(begin, begin + length)) }
      begin += length
      offset += length
    }
    buffer.copyWithin(0, begin, end)
    end -= begin
    begin = 0
  }
}
