// How long an origin's error may be repeated in its place (RFC 9111).
import CachePolicy from 'http-cache-semantics'
import { type AnswerHeaders, field } from './fields.ts'

/** Milliseconds from now; undefined when the origin says nothing about it. For the same request with the same headers. */
export function lifeOf(status: number, headers: AnswerHeaders): number | undefined {
  if (field(headers, 'cache-control') === undefined && field(headers, 'expires') === undefined) return undefined
  const policy = new CachePolicy({ url: '/', method: 'GET', headers: {} }, { status, headers: { ...headers } }, { shared: false })
  // HTTP counts whole seconds: the milliseconds that passed in here are none of them
  return policy.storable() ? Math.ceil(policy.timeToLive() / 1000) * 1000 : 0
}
