// Which version an answer shows, and how to ask for the rest of one, or whether it is still there.
import type { Validators } from '../core/version.ts'
import { type AnswerHeaders, field } from './fields.ts'

/** A field of a request: name, value. */
export type Condition = readonly [name: string, value: string]

/** Only what can be sent back in a request without harm counts as a validator. */
const SENDABLE = /^[\x20-\x7e\x80-\xff]+$/

/** The validators of an answer that shows (part of) a content of `length` bytes. */
export function validatorsOf(headers: AnswerHeaders, length: number | undefined): Validators {
  return { etag: sendable(field(headers, 'etag')), lastModified: sendable(field(headers, 'last-modified')), length }
}

/** If-Range for a version by its name (RFC 9110 §13.1.5): a strong ETag, or its date. None if the name holds a digest. */
export function ifRange(version: string): Condition[] {
  const etag = /^etag (".*)$/s.exec(version)?.[1]
  if (etag !== undefined) return SENDABLE.test(etag) ? [['if-range', etag]] : []
  const date = /^modified (.+) \d+$/s.exec(version)?.[1]
  return date !== undefined && SENDABLE.test(date) ? [['if-range', date]] : []
}

/** Bytes of the whole content, where the version's name tells. */
export function lengthInName(version: string): number | undefined {
  const digits = /^(?:modified|weak) .* (\d{1,16})$/s.exec(version)?.[1]
  return digits === undefined ? undefined : Number(digits)
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
