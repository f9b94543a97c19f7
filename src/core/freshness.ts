// The caching fields of an origin's answers that decide how long a version may be used without asking again.

/** Answers on the way to a content: 10 redirects and the content's own. */
export const MAX_CACHED_ANSWERS = 11
/** Fields that are noted of one answer. */
export const MAX_CACHED_FIELDS = 8
/** Bytes of a noted value. */
export const MAX_CACHED_VALUE_BYTES = 1024

/** The part of an answer that HTTP caching looks at, in a normal form (origin/cached-headers.ts). Never a cookie or a credential. */
export interface CachedAnswer {
  status: number
  /** Names in lower case. */
  fields: Readonly<Record<string, string>>
}

/** The origin's last word on a version. */
export interface Freshness {
  /** When the origin was asked, milliseconds since 1970 by this host's clock. 0: it has another version since, ask. */
  at: number
  /** Redirects in their order, then the content's own answer. */
  answers: readonly CachedAnswer[]
}
