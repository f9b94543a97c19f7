// HTTP caching (RFC 9111, RFC 5861): how long an answer may be used without asking again. Told the time.
import CachePolicy from 'http-cache-semantics'
import type { CachedAnswer, Freshness } from '../core/freshness.ts'
import { type HeaderList, hasCredentials } from '../core/headers.ts'
import type { CachedHeaders } from './cached-headers.ts'

/** Who asks for a content, and what this host makes of freshness. */
export interface Asker {
  /** As given for the origin. */
  headers: HeaderList
  /** Fresh for so many milliseconds, whatever the origin says; undefined: as it says. */
  expire: number | undefined
}

/** `fresh`: to be used as it is; `usable`: to be used while the origin is asked; `ask`: the origin comes first. */
export type Verdict = 'fresh' | 'usable' | 'ask'

/**
 * No heuristic freshness (RFC 9111 §4.2.2): who fetches packages expects the new one. `immutable` only tells that a fresh
 * answer need not be asked about (RFC 8246), it gives no lifetime.
 */
const OPTIONS = { shared: true, cacheHeuristic: 0, immutableMinTimeToLive: 0 }

/** What is known after an answer. A 304 (RFC 9111 §4.3.4) changes what it names; its age is its own. */
export function freshnessOf(cachedHeaders: CachedHeaders, before: Freshness | undefined): Freshness {
  const last = cachedHeaders.answers.at(-1) as CachedAnswer
  const old = before?.answers.at(-1)
  const answer = last.status === 304 ? validated(last, old) : last
  return {
    at: cachedHeaders.at,
    answers: [...cachedHeaders.answers.slice(0, -1), answer],
  }
}

/** A version that the origin has no more: whoever finds it later has to ask. */
export const OUTDATED: Freshness = { at: 0, answers: [] }

function validated(last: CachedAnswer, old: CachedAnswer | undefined): CachedAnswer {
  const { age: _age, date: _date, ...kept } = old?.fields ?? {}
  return { status: old?.status ?? 200, fields: { ...kept, ...last.fields } }
}

/** Whether the content may be used for this asker at `now`, milliseconds since 1970. A clock that went back: ask. */
export function verdict(known: Freshness | undefined, asker: Asker, now: number): Verdict {
  if (known === undefined || known.answers.length === 0 || now < known.at) return 'ask'
  if (variesAlways(known) || wantsNews(asker.headers)) return 'ask'
  if (asker.expire !== undefined) return now - known.at < asker.expire ? 'fresh' : 'ask'
  const verdicts = known.answers.map(answer => verdictOn(answer, known.at, asker, now))
  return verdicts.includes('ask') ? 'ask' : verdicts.includes('usable') ? 'usable' : 'fresh'
}

/**
 * Whether the content may differ from one request to the next (RFC 9111 §4.1). Headers that are part of the task are equal for all
 * its askers, and others are not sent, so that only `*` remains.
 */
function variesAlways({ answers }: Freshness): boolean {
  return namesIn(answers.at(-1)?.fields.vary).includes('*')
}

/** Whether the request itself says `no-cache` (RFC 9111 §5.2.1.4). */
export function wantsNews(headers: HeaderList): boolean {
  return headers.some(([name, value]) => (name === 'cache-control' || name === 'pragma') && has(value, 'no-cache'))
}

/**
 * Whether a stale content is better than an error while the origin is in trouble (RFC 5861 §4): for as long as
 * `stale-if-error` says, without it at any age, never where the origin forbids stale answers (RFC 9111 §4.2.4).
 */
export function mayServeInTrouble(known: Freshness | undefined, asker: Asker, now: number): boolean {
  const answer = known?.answers.at(-1)
  if (known === undefined || answer === undefined) return true
  if (variesAlways(known)) return false
  if (asker.expire !== undefined && asker.expire > 0) return true
  const control = answer.fields['cache-control'] ?? ''
  if (forbidsStale(control)) return false
  const limit = /(?:^|,)\s*stale-if-error\s*=\s*"?(\d+)/.exec(control)?.[1]
  if (limit === undefined) return !has(control, 's-maxage')
  if (now < known.at) return false
  const policy = policyOf(answer, known.at, asker, now)
  return policy.age() < policy.maxAge() + Number(limit)
}

/** Whether more than the askers of this moment may have it. A request with credentials has a task, hence a copy, of its own. */
export function mayKeep(known: Freshness | undefined, asker: Asker): boolean {
  if (asker.expire !== undefined && asker.expire > 0) return true
  const control = known?.answers.at(-1)?.fields['cache-control'] ?? ''
  return !has(control, 'no-store') && (hasCredentials(asker.headers) || !has(control, 'private'))
}

/** Whether a word of the origin is to be written down: it says something else, or the same so much later. */
export function isNews(kept: Freshness | undefined, said: Freshness): boolean {
  if (kept === undefined || kept.answers.length === 0 || said.answers.length === 0) return kept?.at !== said.at
  if (timeless(kept) !== timeless(said)) return true
  return said.at < kept.at || said.at - kept.at >= KEEP_EACH_MS || born(said) < born(kept) - 1000
}

/** What a later process finds may be so much older than what was known. Milliseconds. */
const KEEP_EACH_MS = 60_000

function timeless({ answers }: Freshness): string {
  return JSON.stringify(
    answers.map(({ status, fields: { age: _age, date: _date, expires, ...rest } }) => [
      status,
      rest,
      expires && lifetime(expires, _date),
    ]),
  )
}

function lifetime(expires: string, date: string | undefined): number {
  return Math.max(0, Date.parse(expires) - Date.parse(date ?? expires)) || 0
}

function born({ at, answers }: Freshness): number {
  return at - Number(answers.at(-1)?.fields.age ?? 0) * 1000
}

function verdictOn(answer: CachedAnswer, at: number, asker: Asker, now: number): Verdict {
  const policy = policyOf(answer, at, asker, now)
  const { response, revalidation } = policy.evaluateRequest({ headers: requestFields(asker.headers) })
  if (response === undefined) return 'ask'
  if (revalidation === undefined) return 'fresh'
  return policy.storable() && !forbidsStale(answer.fields['cache-control'] ?? '') ? 'usable' : 'ask'
}

/**
 * The library asks about every answer that says `must-revalidate`, which forbids stale ones only (RFC 9111 §5.2.2.2), so
 * that it is not told. Vary is decided by `variesAlways`.
 */
function policyOf({ status, fields }: CachedAnswer, at: number, asker: Asker, now: number): CachePolicy {
  const { vary: _vary, 'last-modified': _modified, ...rest } = fields
  const control = fields['cache-control'] ?? ''
  const allowed = has(control, 'must-revalidate')
  const headers = { ...rest, 'cache-control': control.replace(/(^|,)\s*must-revalidate\s*(?=,|$)/g, '$1') }
  // RFC 9111 §3.5, for every header that may be a credential
  const request = hasCredentials(asker.headers) && !allowed ? { headers: { authorization: 'yes' } } : { headers: {} }
  const policy = CachePolicy.fromObject({ ...new CachePolicy(request, { status, headers }, OPTIONS).toObject(), t: at })
  return Object.assign(policy, { now: () => now })
}

/** What a request may say to have it fresher; nothing can make it staler. */
function requestFields(headers: HeaderList): Record<string, string> {
  const given = headers.filter(([name]) => name === 'cache-control').map(([, value]) => value.toLowerCase())
  const heeded = given.flatMap(value => value.split(',')).filter(part => /^\s*(max-age|min-fresh)\s*=/.test(part))
  return heeded.length === 0 ? {} : { 'cache-control': heeded.map(part => part.replace(/\s/g, '')).join(', ') }
}

function forbidsStale(control: string): boolean {
  return ['no-store', 'no-cache', 'must-revalidate', 'proxy-revalidate'].some(directive => has(control, directive))
}

function has(control: string, directive: string): boolean {
  return control
    .toLowerCase()
    .split(',')
    .some(part => part.split('=')[0]?.trim() === directive)
}

function namesIn(vary: string | undefined): string[] {
  return (vary ?? '').split(',').map(name => name.trim())
}
