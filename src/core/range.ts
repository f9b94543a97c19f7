// Byte ranges, half open, with both ends known.
import { DragonflyError } from './errors.ts'

/** Bytes `start` (included) to `end` (excluded). */
export interface ByteRange {
  /** First byte, from 0. */
  start: number
  /** The byte after the last one. */
  end: number
}

/**
 * A range as it is asked for. `start` and `end` are bytes from the beginning, `end` excluded; without `end` it goes to the
 * content's end, and an `end` beyond that means the same. `last`: so many bytes at the end, or all when there are fewer.
 */
export type RangeSpec =
  | {
      /** First byte, from 0. */
      start: number
      /** The byte after the last one. */
      end?: number | undefined
    }
  | {
      /** How many bytes at the end, 1 or more. */
      last: number
    }

/** Enough for every file, and exact as a number. */
const MAX_DIGITS = 15
const SYNTAX = new RegExp(`^(?:(\\d{1,${MAX_DIGITS}})-(\\d{1,${MAX_DIGITS}})?|-(\\d{1,${MAX_DIGITS}}))$`)
const HINT = 'write 0-499 for the first 500 bytes, 500- for all after them, -500 for the last 500'

/** Reads a range as curl takes it: `0-499`, `500-`, `-500`. Throws `bad-option`; several ranges are refused, too. */
export function parseRange(text: string): RangeSpec {
  const [, start, final, last] = SYNTAX.exec(text) ?? []
  if (start !== undefined) return checkRange({ start: Number(start), ...(final !== undefined && { end: Number(final) + 1 }) })
  if (last !== undefined) return checkRange({ last: Number(last) })
  if (text.includes(',')) throw badRange('several ranges at once are not supported', 'ask for one range at a time')
  throw badRange(`not a range: ${JSON.stringify(text.slice(0, 50))}`)
}

/** Throws `bad-option` for a range that no content can have. Returns it. */
export function checkRange(range: RangeSpec): RangeSpec {
  if (typeof range !== 'object' || range === null) throw badRange('the range is no object')
  if ('last' in range) {
    if ('start' in range || 'end' in range) throw badRange('a range has either start or last')
    if (!isCount(range.last) || range.last === 0) throw badRange(`the last ${range.last} bytes are no range`)
    return range
  }
  const { start, end } = range
  if (!isCount(start) || !(end === undefined || isCount(end))) throw badRange(`no range from ${start} to ${end}`)
  if (end !== undefined && end <= start) throw badRange('the range ends before it begins')
  return range
}

/** The bytes that a range means in a content of `length` bytes; undefined when there are none: it begins beyond the end. */
export function rangeWithin(range: RangeSpec, length: number): ByteRange | undefined {
  if ('last' in range) return length === 0 ? undefined : { start: Math.max(0, length - range.last), end: length }
  if (range.start >= length) return undefined
  return { start: range.start, end: Math.min(range.end ?? length, length) }
}

/** As in an HTTP header, without `bytes=`. */
export function rangeText(range: RangeSpec): string {
  if ('last' in range) return `-${range.last}`
  return `${range.start}-${range.end === undefined ? '' : range.end - 1}`
}

/** The range begins beyond the end of the content; `length` where it is known. */
export function unsatisfiable(range: RangeSpec, length: number | undefined): DragonflyError {
  const has = length === undefined ? 'it is shorter' : `it has ${length} bytes`
  return new DragonflyError('range-unsatisfiable', `the content has no bytes ${rangeText(range)}: ${has}`, {
    hint: 'ask for a range that begins before its end',
  })
}

function isCount(n: unknown): n is number {
  return Number.isSafeInteger(n) && (n as number) >= 0 && (n as number) < 10 ** MAX_DIGITS + 1
}

function badRange(message: string, hint = HINT): DragonflyError {
  return new DragonflyError('bad-option', message, { hint })
}
