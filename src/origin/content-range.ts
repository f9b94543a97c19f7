// Parses Content-Length and Content-Range strictly.
import { lies } from './failures.ts'
import { type AnswerHeaders, field } from './fields.ts'

/** Bytes of the answer's body as announced; undefined for a body that ends when it ends (chunked, or no length at all). */
export function contentLength(headers: AnswerHeaders, url: string): number | undefined {
  if (headers['content-length'] === undefined || headers['transfer-encoding'] !== undefined) return undefined
  const length = size(field(headers, 'content-length'))
  if (length === undefined) throw lies(url, 'sent a malformed Content-Length')
  return length
}

export interface ContentRange {
  /** Half open; undefined for `bytes *` with a total, which an answer 416 has. */
  range: { start: number; end: number } | undefined
  /** Bytes of the whole content; undefined when the origin does not know (`/*`). */
  total: number | undefined
}

const SYNTAX = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/i

/** Parses Content-Range (RFC 9110 §14.4). Rejects with `origin-lies` what is missing, malformed or impossible. */
export function contentRange(headers: AnswerHeaders, url: string): ContentRange {
  const parsed = parse(field(headers, 'content-range')?.trim() ?? '')
  if (parsed === undefined) throw lies(url, 'sent no proper Content-Range')
  return parsed
}

function parse(text: string): ContentRange | undefined {
  const match = SYNTAX.exec(text)
  if (match === null) return undefined
  const [, first, last, whole] = match
  const total = size(whole)
  if (total === undefined && whole !== '*') return undefined
  if (first === undefined) return total === undefined ? undefined : { range: undefined, total }
  const start = size(first)
  const final = size(last)
  if (start === undefined || final === undefined || start > final) return undefined
  if (total !== undefined && final >= total) return undefined
  return { range: { start, end: final + 1 }, total }
}

/** Sizes beyond 2^53 − 2 cannot be counted exactly here, and no file has them. */
function size(digits: string | undefined): number | undefined {
  if (digits === undefined || !/^\d{1,16}$/.test(digits)) return undefined
  const value = Number(digits)
  return value < Number.MAX_SAFE_INTEGER ? value : undefined
}
