// Reads the version that an answer shows, and builds conditions for the next request.
import type { Validators } from '../core/version.ts'
import { type AnswerHeaders, field } from './fields.ts'

/** A field of a request: name, value. */
export type Condition = readonly [name: string, value: string]

/** Only what can be sent back in a request without harm counts as a validator. */
const SENDABLE = /^[\x20-\x7e\x80-\xff]+$/

/** A Last-Modified that is nearer to the answer's date may be that of two states (RFC 9110 §8.8.2.2). */
const STRONG_DATE_AGE_MS = 60_000

/** The validators of an answer that shows (part of) a content of `length` bytes. `at`: when it came, for one without Date. */
export function validatorsOf(headers: AnswerHeaders, length: number | undefined, at: number): Validators {
  const lastModified = sendable(field(headers, 'last-modified'))
  const said = Date.parse(field(headers, 'date') ?? '')
  const age = (Number.isNaN(said) ? at : said) - Date.parse(lastModified ?? '')
  const coding = codingOf(headers)
  return {
    etag: sendable(field(headers, 'etag')),
    lastModified,
    length,
    // an unreadable date is no date
    ...(lastModified !== undefined && !(age >= STRONG_DATE_AGE_MS) && { isDateWeak: true }),
    ...(coding !== undefined && { coding }),
  }
}

/** Content-Encoding in a normal form; undefined without. A field that contradicts itself is a coding of its own. */
export function codingOf(headers: AnswerHeaders): string | undefined {
  const given = headers['content-encoding']
  const names = (Array.isArray(given) ? given.join(',') : (given ?? ''))
    .toLowerCase()
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '' && name !== 'identity')
  return names.length === 0 ? undefined : names.join(',').replace(/[^\x21-\x7e]/g, '?')
}

/** If-Range for a version by its name (RFC 9110 §13.1.5): a strong ETag, or its date. None if the name holds a digest. */
export function ifRange(version: string): Condition[] {
  const etag = /^etag ("[^"]*")(?: \+\S+)?$/.exec(version)?.[1]
  if (etag !== undefined) return SENDABLE.test(etag) ? [['if-range', etag]] : []
  const date = /^modified (.+) \d+(?: \+\S+)?$/s.exec(version)?.[1]
  return date !== undefined && SENDABLE.test(date) ? [['if-range', date]] : []
}

/** Bytes of the whole content, where the version's name tells. */
export function lengthInName(version: string): number | undefined {
  const digits = /^(?:modified|weak) .* (\d{1,16})(?: \+\S+)?$/s.exec(version)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** The Content-Encoding that a version's name holds; undefined without. */
export function codingInName(version: string | undefined): string | undefined {
  return /^(?:etag "[^"]*"|(?:modified|weak) .* \d{1,16}) \+(\S+)$/.exec(version ?? '')?.[1]
}

/** If-None-Match, else If-Modified-Since; none without validators. */
export function ifChanged({ etag, lastModified }: Validators): Condition[] {
  if (etag !== undefined && SENDABLE.test(etag)) return [['if-none-match', etag]]
  if (lastModified !== undefined && SENDABLE.test(lastModified)) return [['if-modified-since', lastModified]]
  return []
}

function sendable(value: string | undefined): string | undefined {
  return value !== undefined && SENDABLE.test(value) ? value : undefined
}
