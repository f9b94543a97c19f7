// What of an origin's answer is refused on purpose, and why: the reference is written from this table, and the tests try each row.
import type { ErrorCode } from '../core/error-codes.ts'

export interface Refusal {
  what: string
  code: ErrorCode
  why: string
}

export const REFUSALS = [
  {
    what: 'more bytes than announced, except a line end',
    code: 'origin-lies',
    why: 'Nobody knows whether the length or the body is right, and a wrong file with exit code 0 must not happen.',
  },
  {
    what: 'different Content-Lengths in one answer',
    code: 'origin-lies',
    why: 'For the same reason.',
  },
  {
    what: 'a part of the file as 206 without a requested range',
    code: 'origin-lies',
    why: 'The rest would be missing.',
  },
  {
    what: 'a header line without a colon',
    code: 'origin-error',
    why: 'It may be a part of the body, or of another answer; curl refuses it as well.',
  },
  {
    what: 'NUL in a field',
    code: 'origin-error',
    why: 'Programs disagree about where such a field ends; curl refuses it as well.',
  },
  {
    what: 'headers beyond 256 KiB',
    code: 'origin-error',
    why: 'A limit on memory; curl has one of 300 KiB.',
  },
  {
    what: 'an IPv6 zone in a URL: `http://[fe80::1%25eth0]/`',
    code: 'bad-url',
    why: "The browsers' URL standard, which names contents for all hosts, has none: a zone means something on one host only.",
  },
] as const satisfies readonly Refusal[]
