// Byte ranges in one form: half open, both ends known.

/** Bytes `start` (included) to `end` (excluded). */
export interface ByteRange {
  start: number
  end: number
}

/** Where piece `index` lies in a content of `length` bytes. */
export function pieceRange(index: number, pieceLength: number, length: number): ByteRange {
  const start = index * pieceLength
  return { start, end: Math.min(start + pieceLength, length) }
}
