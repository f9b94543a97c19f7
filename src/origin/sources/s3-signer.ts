// Signs requests for one object (SigV4): for reading it, and for nothing else.
import { createHmac } from 'node:crypto'
import aws4 from 'aws4'
import type { Credentials, Keys } from './aws-credentials.ts'
import { hostOf, type S3Object, type S3Place } from './s3-address.ts'

/** What a signature puts into a URL, and what asks for the checksum of the whole. */
export const FILTER: readonly string[] = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-Security-Token',
  'X-Amz-Signature',
  'X-Amz-SignedHeaders',
  'x-amz-checksum-mode',
]

/** Of a signature in a URL, for who cannot sign anew. Milliseconds. */
export const SIGNATURE_MS = 3_600_000
/** So long one signature is used: a seed that is asked by many with the same credentials asks the store once for all of them. */
const WINDOW_MS = 300_000

/**
 * Signed URLs rather than headers: whoever is handed one, a seed that was named, can read this object for a while and do nothing else,
 * and a range needs no signature of its own.
 */
export class Signer {
  readonly #place: S3Place
  readonly #object: S3Object
  readonly #credentials: Credentials
  readonly #lifeMs: number
  #last: { window: number; key: string; url: string } | undefined

  readonly #clock: () => number

  /** `clock`: milliseconds since 1970. */
  constructor(place: S3Place, object: S3Object, credentials: Credentials, lifeMs: number, clock = () => Date.now()) {
    this.#place = place
    this.#object = object
    this.#credentials = credentials
    this.#lifeMs = lifeMs
    this.#clock = clock
  }

  /** Good from now on for the whole life of a signature. */
  url(): string {
    const window = Math.floor(this.#clock() / WINDOW_MS)
    const keys = this.#credentials.now()
    if (this.#last?.window === window && this.#last.key === keys.accessKeyId) return this.#last.url
    const url = new URL(hostOf(this.#place, this.#object))
    url.search += `${url.search === '' ? '?' : '&'}x-amz-checksum-mode=ENABLED`
    const time = { at: window * WINDOW_MS, lifeMs: this.#lifeMs + WINDOW_MS }
    this.#last = { window, key: keys.accessKeyId, url: signedUrl(url, this.#place.region, keys, time) }
    return this.#last.url
  }

  /** Equal for equal credentials; tells nothing of them. */
  scope(): string {
    const { accessKeyId, secretAccessKey } = this.#credentials.now()
    return createHmac('sha256', secretAccessKey).update(`dragonfly/s3/1\0${accessKeyId}`).digest('base64url')
  }
}

/** Good for one request that is made at once. */
export function signedNow(url: string, region: string, credentials: Credentials, method: 'GET' | 'HEAD' = 'GET'): string {
  return signedUrl(new URL(url), region, credentials.now(), { at: Date.now(), lifeMs: WINDOW_MS, method })
}

interface SignatureTerms {
  /** It is good from then on: milliseconds since 1970. */
  at: number
  lifeMs: number
  method?: 'GET' | 'HEAD'
}

function signedUrl(url: URL, region: string, keys: Keys, { at, lifeMs, method = 'GET' }: SignatureTerms): string {
  const query = new URLSearchParams({
    'X-Amz-Date': new Date(at).toISOString().replace(/[:-]|\.\d{3}/g, ''),
    'X-Amz-Expires': String(Math.ceil(lifeMs / 1000)),
  })
  const { accessKeyId, secretAccessKey, sessionToken } = keys
  const path = `${url.pathname}${url.search === '' ? '?' : `${url.search}&`}${query}`
  const asked = { service: 's3', region, host: url.host, path, method, signQuery: true }
  const signed = aws4.sign(asked, { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) })
  return `${url.origin}${signed.path}`
}
