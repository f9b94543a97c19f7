// What is worth a try with an older version of a content.
import type { Manifest } from '../../core/manifest.ts'
import { MIN_LISTED_BYTES } from '../context/chunk-lists.ts'

/** Pieces that are skipped where nothing is found. */
const MAX_STRIDE = 32
/** So many misses in a row at each stride. */
const MISSES_PER_STRIDE = 4
/** Of a content of the same length, so small a part has changed at its place, and nothing has moved. */
const CHANGED_IN_PLACE = 1 / 8

/** First bytes of files that are one compressed stream: from the first change on all of it is another one. */
const STREAMS: readonly (readonly number[])[] = [
  [0x1f, 0x8b], // gzip
  [0x28, 0xb5, 0x2f, 0xfd], // zstd
  [0xfd, 0x37, 0x7a, 0x58, 0x5a], // xz
  [0x42, 0x5a, 0x68], // bzip2
  [0x04, 0x22, 0x4d, 0x18], // lz4
]

/** Whether bytes that begin so are one compressed stream. An archive whose files are compressed one by one is none. */
export function isOneStream(first: Uint8Array): boolean {
  return STREAMS.some(magic => magic.every((byte, i) => first[i] === byte))
}

/** Pieces to go on by after so many misses in a row: of what is other bytes altogether, few pieces are read. */
export function strideAfter(misses: number): number {
  return Math.min(MAX_STRIDE, Math.max(1, Math.floor(misses / MISSES_PER_STRIDE)))
}

/** Whether a list of chunks is worth asking for, after so many pieces were not found at their place. */
export function mayHaveMoved(manifest: Manifest | undefined, oldSize: number, misses: number): boolean {
  const length = manifest?.seal?.length
  if (manifest === undefined || length === undefined || length < MIN_LISTED_BYTES || misses === 0) return false
  return length !== oldSize || misses > manifest.count * CHANGED_IN_PLACE
}
