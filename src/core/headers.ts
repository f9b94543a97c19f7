// Request headers for the origin: parsing, limits, and which of them make a download private.
import { DragonflyError } from './errors.ts'

/** Name in lower case, value as given. Order is kept; a name may come more than once. */
export type HeaderList = ReadonlyArray<readonly [name: string, value: string]>

export const MAX_HEADERS = 64
export const MAX_HEADER_BYTES = 16 * 1024

const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are exactly the bytes that RFC 9110 forbids in a value, and what is no byte
const BAD_VALUE = /[\u0000-\u0008\u000a-\u001f\u007f\u0100-\uffff]/

/** Headers that we set ourselves, that speak of a body, or that belong to one hop (RFC 9110 §7.6.1), as all of `proxy-` do. */
const OURS = new Set([
  'accept-encoding',
  'alt-used',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'expect',
  'host',
  'http2-settings',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'keep-alive',
  'max-forwards',
  'range',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
])

/** What some origins take for the method of a request; ours is GET. */
const METHODS = new Set(['x-http-method', 'x-http-method-override', 'x-method-override'])

/**
 * Headers that are no part of a task. A seed never sends them on: an origin that answers them with other bytes would decide
 * with one asker's header what all others get. Every other header makes a download private to its like.
 */
const NEUTRAL = new Set(['user-agent', 'referer', 'origin', 'cache-control', 'pragma', 'dnt', 'traceparent', 'tracestate'])

/** Headers that choose among the contents of a URL and open no door. */
const NEGOTIATION = new Set(['accept', 'accept-language'])

/** Parses `Name: value` as curl's -H takes it. Rejects with `bad-header`, never repeating the value. */
export function parseHeader(text: string): readonly [string, string] {
  const colon = text.indexOf(':')
  const name = text.slice(0, Math.max(0, colon)).trim().toLowerCase()
  const value = text.slice(colon + 1).trim()
  if (colon < 1 || !TOKEN.test(name)) {
    throw new DragonflyError('bad-header', 'a header has no valid name', { hint: "write it as -H 'Name: value'" })
  }
  checkHeader(name, value)
  return [name, value]
}

/** Checks a whole list, from the command line, the library or another peer. */
export function checkHeaders(headers: HeaderList): HeaderList {
  if (headers.length > MAX_HEADERS) throw new DragonflyError('bad-header', `more than ${MAX_HEADERS} headers`)
  let bytes = 0
  const checked = headers.map(([name, value]) => {
    const lower = name.toLowerCase()
    checkHeader(lower, value)
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value)
    return [lower, value] as const
  })
  if (bytes > MAX_HEADER_BYTES) throw new DragonflyError('bad-header', `headers longer than ${MAX_HEADER_BYTES} bytes`)
  return checked
}

function checkHeader(name: string, value: string): void {
  if (!TOKEN.test(name)) throw new DragonflyError('bad-header', 'a header has no valid name')
  if (BAD_VALUE.test(value)) throw new DragonflyError('bad-header', `header ${name} has a forbidden character in its value`)
  if (METHODS.has(name)) throw new DragonflyError('bad-header', `header ${name} cannot be given: df only reads`)
  if (OURS.has(name) || name.startsWith('proxy-')) {
    throw new DragonflyError('bad-header', `header ${name} cannot be given: df sets it itself`, {
      hint: `leave out -H '${name}: …'`,
    })
  }
}

/** The headers that may carry a secret or change the bytes, in a canonical order. */
export function privateHeaders(headers: HeaderList): HeaderList {
  return [...withoutNeutral(headers)].toSorted((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]))
}

/** Without the headers that are no part of a task: what may be sent to an origin when it is read for others. */
export function withoutNeutral(headers: HeaderList): HeaderList {
  return headers.filter(([name]) => !NEUTRAL.has(name))
}

/** Whether any of them may be a credential. */
export function hasCredentials(headers: HeaderList): boolean {
  return headers.some(([name]) => !NEUTRAL.has(name) && !NEGOTIATION.has(name))
}

/** Of the private headers those that choose among representations and open no door (RFC 9110 §12.5). */
export function choiceHeaders(headers: HeaderList): HeaderList {
  return headers.filter(([name]) => name === 'accept' || name.startsWith('accept-'))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
