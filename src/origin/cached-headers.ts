// Normalises the caching headers of an answer; malformed or contradicting values never make it fresher.
import { type CachedAnswer, MAX_CACHED_VALUE_BYTES } from '../core/freshness.ts'
import { type AnswerHeaders, typeOf } from './fields.ts'

/** What one request to an origin showed, redirects first. */
export interface CachedHeaders {
  /** When it was sent, milliseconds since 1970: the answer is at least that old. */
  at: number
  answers: readonly CachedAnswer[]
}

/** HTTP-date (RFC 9110 §5.6.7) less asctime's form, which names no zone. */
const HTTP_DATE = /^[a-z]{3,9}, [\w: -]+ GMT$/i

/** `at`: when it was asked for, milliseconds since 1970. */
export function note(status: number, headers: AnswerHeaders, at: number): CachedAnswer {
  const expires = single(headers, 'expires')
  const date = dateOf(single(headers, 'date')?.value)
  const given = single(headers, 'age')
  const control = cacheControl(headers, expires?.isDoubtful === true || isDoubtfulAge(given))
  const vary = list(headers, 'vary')
  const modified = dateOf(single(headers, 'last-modified')?.value)
  const type = status === 200 || status === 203 || status === 206 ? typeOf(headers) : undefined
  const fields = {
    ...(control !== '' && { 'cache-control': control }),
    ...(expires !== undefined && { expires: dateOf(expires.value) === undefined ? '0' : expires.value }),
    ...(date !== undefined && { date: new Date(date).toUTCString() }),
    // no part of freshness: files get it as their time, and who asks the gateway gets both
    ...(modified !== undefined && { 'last-modified': new Date(modified).toUTCString() }),
    ...(type !== undefined && { 'content-type': type }),
    age: String(ageOf(given?.value, date, at)),
    ...(vary !== '' && { vary }),
    // that there is one matters (whose answer is it?), its value is a secret
    ...(headers['set-cookie'] !== undefined && { 'set-cookie': 'yes' }),
  }
  // a part of a content is as fresh as the whole
  return { status: status === 206 ? 200 : status, fields }
}

/** Directives are case-insensitive, and may come in several fields. Without any, `Pragma: no-cache` counts (RFC 9111 §5.4). */
function cacheControl(headers: AnswerHeaders, isDoubtful: boolean): string {
  const given = list(headers, 'cache-control') || (/\bno-cache\b/.test(list(headers, 'pragma')) ? 'no-cache' : '')
  // whatever hides behind such a length
  if (given.length > MAX_CACHED_VALUE_BYTES - 16) return 'no-store'
  return isDoubtful || saysTwice(given, 'max-age') || saysTwice(given, 's-maxage') ? `${given}, no-cache` : given
}

function saysTwice(control: string, directive: string): boolean {
  const values = control.split(',').filter(part => part.trim().split('=')[0]?.trim() === directive)
  return new Set(values.map(value => value.trim())).size > 1
}

/** RFC 9111 §4.2.3: the larger of what caches on the way say and what the dates show. Seconds. */
function ageOf(given: string | undefined, date: number | undefined, at: number): number {
  const apparent = date === undefined ? 0 : Math.floor(Math.max(0, at - date) / 1000)
  return Math.max(apparent, given !== undefined && /^\d{1,15}$/.test(given) ? Number(given) : 0)
}

function isDoubtfulAge(given: ReturnType<typeof single>): boolean {
  return given !== undefined && (given.isDoubtful || !/^\d{1,15}$/.test(given.value))
}

function dateOf(text: string | undefined): number | undefined {
  const ms = text !== undefined && HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}

/** The only value; doubtful when several contradict one another. */
function single(headers: AnswerHeaders, name: string): { value: string; isDoubtful: boolean } | undefined {
  const values = valuesOf(headers, name)
  if (values[0] === undefined) return undefined
  return { value: values[0].trim(), isDoubtful: new Set(values).size > 1 }
}

/** All values as one list in lower case. */
function list(headers: AnswerHeaders, name: string): string {
  return valuesOf(headers, name).join(', ').toLowerCase().trim()
}

function valuesOf(headers: AnswerHeaders, name: string): readonly string[] {
  const value = headers[name]
  return value === undefined ? [] : Array.isArray(value) ? value : [value]
}
