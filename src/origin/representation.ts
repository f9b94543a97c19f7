// Compares two answers: only the same representation of a content (RFC 9110 §8) may be joined.
import { type AnswerHeaders, field } from './fields.ts'
import { codingOf } from './validators.ts'

/** The fields that name a representation, as one answer has them; its complete length is in its validators. */
export interface Representation {
  /** Content-Encoding; undefined without. */
  coding: string | undefined
  /** Content-Type in lower case, without white space. */
  type: string | undefined
  etag: string | undefined
  lastModified: string | undefined
}

export function representationOf(headers: AnswerHeaders): Representation {
  return {
    coding: codingOf(headers),
    type: field(headers, 'content-type')?.toLowerCase().replace(/\s/g, ''),
    etag: field(headers, 'etag'),
    lastModified: field(headers, 'last-modified'),
  }
}

/**
 * Whether a range with `next` may follow bytes with `first`. A range need not repeat what If-Range has named (RFC 9110
 * §15.3.7), except for its coding: an answer without Content-Encoding is the content itself.
 */
export function mayFollow(first: Representation, next: Representation): boolean {
  const isSame = (name: 'type' | 'etag' | 'lastModified'): boolean => next[name] === undefined || first[name] === next[name]
  return first.coding === next.coding && isSame('type') && isSame('etag') && isSame('lastModified')
}
