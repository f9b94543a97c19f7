// What a request asks of a content: all of it, a part, or nothing because nothing changed.
import fresh from 'fresh'
import { parseRange, type RangeSpec, rangeWithin } from '../../core/range.ts'
import type { StreamHead } from '../../node/api/content-head.ts'

/** Header fields of a request, names in lower case. */
export type Fields = Readonly<Record<string, string | string[] | undefined>>

export type Answer =
  | { type: 'whole' }
  /** `end` excluded. */
  | { type: 'part'; start: number; end: number }
  | { type: 'not-modified' }
  | { type: 'unsatisfiable' }
  /** Only the origin can answer this. */
  | { type: 'origin' }

type Known = Pick<StreamHead, 'etag' | 'lastModified' | 'length'>

/** In the order of RFC 9110 §13.2.2. */
export function answerTo(fields: Fields, head: Known): Answer {
  if (isForOrigin(fields)) return { type: 'origin' }
  const validators = {
    ...(head.etag !== undefined && { etag: head.etag }),
    ...(head.lastModified !== undefined && { 'last-modified': head.lastModified }),
  }
  if (isConditional(fields) && fresh(fields, validators)) return { type: 'not-modified' }
  const { range } = fields
  if (range === undefined || head.length === undefined || !mayBePart(fields['if-range'], head)) return { type: 'whole' }
  const spec = rangeOf(range)
  if (spec === undefined) return { type: 'origin' }
  const part = rangeWithin(spec, head.length)
  return part === undefined ? { type: 'unsatisfiable' } : { type: 'part', ...part }
}

/** Whether only the origin can answer it, whatever the content is. */
export function isForOrigin(fields: Fields): boolean {
  if (fields['if-match'] !== undefined || fields['if-unmodified-since'] !== undefined) return true
  return fields.range !== undefined && rangeOf(fields.range) === undefined
}

/** What to ask the swarm for, before it is known whether `If-Range` holds. Undefined: the whole. */
export function rangeAsked({ range }: Fields): RangeSpec | undefined {
  return range === undefined ? undefined : rangeOf(range)
}

/** Whether it may need no bytes. */
export function isConditional(fields: Fields): boolean {
  return fields['if-none-match'] !== undefined || fields['if-modified-since'] !== undefined
}

/** If-Range: the strong ETag, or the exact date (RFC 9110 §13.1.5). */
function mayBePart(condition: string | string[] | undefined, { etag, lastModified }: Known): boolean {
  if (condition === undefined) return true
  return condition === lastModified || (condition === etag && etag.startsWith('"'))
}

/** Undefined: several ranges, another unit, or no range at all. */
function rangeOf(field: string | string[]): RangeSpec | undefined {
  const [, text] = /^bytes=\s*(.+)$/i.exec(String(field).trim()) ?? []
  if (text === undefined) return undefined
  try {
    return parseRange(text)
  } catch {
    return undefined
  }
}
