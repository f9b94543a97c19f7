// Byte ranges in one form: half open, both ends known.

/** Bytes `start` (included) to `end` (excluded). */
export interface ByteRange {
  start: number
  end: number
}
