// Signs URLs of Google Cloud Storage with the key of a service account (V4): for reading one object, and for nothing else.
import { createHash, createHmac, createSign } from 'node:crypto'
import { encodePart } from './source.ts'

export interface ServiceKey {
  email: string
  pem: string
}

const ALGORITHM = 'GOOG4-RSA-SHA256'
/** What a signature puts into a URL. */
export const GS_FILTER: readonly string[] = [
  'X-Goog-Algorithm',
  'X-Goog-Credential',
  'X-Goog-Date',
  'X-Goog-Expires',
  'X-Goog-Signature',
  'X-Goog-SignedHeaders',
]

export function signGs(plain: string, { email, pem }: ServiceKey, since: Date, lifeMs: number): string {
  const url = new URL(plain)
  const date = since.toISOString().replace(/[:-]|\.\d{3}/g, '')
  const scope = `${date.slice(0, 8)}/auto/storage/goog4_request`
  const query: [string, string][] = [
    ...url.searchParams,
    ['X-Goog-Algorithm', ALGORITHM],
    ['X-Goog-Credential', `${email}/${scope}`],
    ['X-Goog-Date', date],
    ['X-Goog-Expires', String(Math.ceil(lifeMs / 1000))],
    ['X-Goog-SignedHeaders', 'host'],
  ]
  const encoded = query.map(pair => pair.map(encodePart).join('=')).toSorted()
  const canonical = ['GET', url.pathname, encoded.join('&'), `host:${url.host}`, '', 'host', 'UNSIGNED-PAYLOAD'].join('\n')
  const hash = createHash('sha256').update(canonical).digest('hex')
  const signature = createSign('RSA-SHA256').update([ALGORITHM, date, scope, hash].join('\n')).sign(pem, 'hex')
  return `${url.origin}${url.pathname}?${encoded.join('&')}&X-Goog-Signature=${signature}`
}

/** Equal for equal keys; tells nothing of them. */
export function gsScope({ email, pem }: ServiceKey): string {
  return createHmac('sha256', pem).update(`dragonfly/gs/1\0${email}`).digest('base64url')
}
