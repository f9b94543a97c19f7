// One store of S3 for who passes requests on to it: without credentials first, then signed with those of this host.
import { Readable } from 'node:stream'
import { LRUCache } from 'lru-cache'
import { pairsOf } from '../raw-headers.ts'
import type { Upstream } from '../upstream.ts'
import type { Credentials } from './aws-credentials.ts'
import { s3Settings } from './aws-settings.ts'
import { bucketUrl, hostOf, type S3Object, type S3Place } from './s3-address.ts'
import { saidIn } from './s3-refusals.ts'
import { FILTER, SIGNATURE_MS, Signer, signedNow } from './s3-signer.ts'
import { encodePart, encodePath, type SourceRequest } from './source.ts'

/** Whose rights count: those of this host's AWS credentials, or nobody's. */
export type S3Rights = 'host' | 'anonymous'

/** What is asked of the store. */
export interface S3Ask {
  method: 'GET' | 'HEAD'
  /** Undefined: the list of buckets. */
  bucket: string | undefined
  /** As it is, not as URLs write it. Undefined: the bucket itself. */
  key: string | undefined
  query: readonly (readonly [string, string])[]
  /** Names and values in turn. None may begin with `x-amz-`: it is not signed. */
  headers: readonly string[]
  /** Whether the store is to say the checksums that it has. */
  hasChecksums?: boolean
}

export interface S3Reply {
  status: number
  /** Names and values in turn, as they came. */
  headers: readonly string[]
  body: Readable
  /** The text of a refusal, as far as it was read. */
  text: string | undefined
  place: S3Place
  /** That the request was signed with. */
  credentials: Credentials | undefined
}

/** Bytes of a refusal's text that are read, and for how long, ms. */
const MAX_TEXT_BYTES = 16 * 1024
const TEXT_MS = 10_000
/** What a store may repeat of a URL that was signed for it. */
const OF_SIGNATURE = /(X-Amz-(?:Signature|Credential|Security-Token)(?:=|%3D))[^&"'<>\s]+/gi
/** Where buckets are, and which objects are not for everybody, is remembered for so many and so long. */
const MAX_REMEMBERED = 4096
const REGION_MS = 3_600_000
const CLOSED_MS = 60_000
/** The credentials of the host are looked for again after so long: files change. */
const CREDENTIALS_MS = 60_000

export class S3Store {
  readonly #upstream: Pick<Upstream, 'send'>
  readonly #rights: S3Rights
  readonly #regions = new LRUCache<string, string>({ max: MAX_REMEMBERED, ttl: REGION_MS })
  readonly #closed = new LRUCache<string, true>({ max: MAX_REMEMBERED, ttl: CLOSED_MS })
  #credentials: { found: Promise<Credentials | undefined>; at: number } | undefined

  constructor(upstream: Pick<Upstream, 'send'>, rights: S3Rights) {
    this.#upstream = upstream
    this.#rights = rights
  }

  /** URL of the store that was named; undefined: Amazon's. Rejects with `bad-option`. */
  async endpoint(): Promise<URL | undefined> {
    const { endpoint } = await s3Settings()
    return endpoint === undefined ? undefined : new URL(endpoint)
  }

  /**
   * The store's answer, refusals too. Rejects with `bad-option`, with `bad-url` for a key that no URL can have, with `origin-forbidden` when the
   * credentials of this host cannot be read, with undici's errors, or the abort.
   */
  async ask(wish: S3Ask, signal: AbortSignal): Promise<S3Reply> {
    const name = `${wish.bucket ?? ''}\n${wish.key ?? ''}`
    const place = await this.#placeOf(wish.bucket)
    const open = this.#closed.has(name) ? undefined : await this.#located(wish, place, undefined, signal)
    if (open !== undefined && (this.#rights === 'anonymous' || ![400, 401, 403].includes(open.status))) return open
    const credentials = await this.#findCredentials()
    if (credentials === undefined) return open ?? (await this.#located(wish, place, undefined, signal))
    open?.body.on('error', () => {}).destroy()
    const reply = await this.#located(wish, open?.place ?? place, credentials, signal)
    if (reply.status < 400) this.#closed.set(name, true)
    return reply
  }

  /** What the node downloads for an object that was shown in this way. Who has not these credentials does not get it. */
  request(object: S3Object, { place, credentials }: Pick<S3Reply, 'place' | 'credentials'>): Omit<SourceRequest, 'shown'> {
    if (credentials === undefined) return { url: hostOf(place, object) }
    const signer = new Signer(place, object, credentials, SIGNATURE_MS)
    const renew = () => signer.url()
    return { url: renew(), filter: FILTER, scope: signer.scope(), renew }
  }

  async #placeOf(bucket: string | undefined): Promise<S3Place> {
    const settings = await s3Settings()
    return { ...settings, region: this.#regions.get(bucket ?? '') ?? settings.region }
  }

  /** In the region that the store names, if it names another one. */
  async #located(wish: S3Ask, place: S3Place, credentials: Credentials | undefined, signal: AbortSignal): Promise<S3Reply> {
    const reply = await this.#send(wish, place, credentials, signal)
    const region = regionIn(reply) ?? (await this.#regionSaid(wish, reply, signal))
    if (wish.bucket === undefined || region === undefined || region === place.region) return reply
    if (reply.status < 300 && place.endpoint !== undefined) return reply
    reply.body.on('error', () => {}).destroy()
    this.#regions.set(wish.bucket, region)
    return await this.#send(wish, { ...place, region }, credentials, signal)
  }

  /** An answer to HEAD has no text: where only a text would name the region, the same is asked with GET. */
  async #regionSaid(wish: S3Ask, { status, place, credentials }: S3Reply, signal: AbortSignal): Promise<string | undefined> {
    if (wish.method !== 'HEAD' || (status !== 301 && status !== 400)) return undefined
    const asked = await this.#send({ ...wish, method: 'GET', headers: ['range', 'bytes=0-0'] }, place, credentials, signal)
    asked.body.on('error', () => {}).destroy()
    return regionIn(asked)
  }

  async #send(wish: S3Ask, place: S3Place, credentials: Credentials | undefined, signal: AbortSignal): Promise<S3Reply> {
    const { method } = wish
    const { url, headers } = credentials === undefined ? openly(wish, place) : signed(wish, place, credentials)
    const answer = await this.#upstream.send({ method, url: new URL(url), headers, signal })
    if (answer.status < 300 || answer.status === 304 || method === 'HEAD')
      return { ...answer, text: undefined, place, credentials }
    const text = withoutKeys(await beginning(answer.body), credentials)
    const isKept = ([name, value]: readonly [string, string]) =>
      !/^(?:content-length|content-encoding)$/i.test(name) && withoutKeys(value, credentials) === value
    const kept = pairsOf(answer.headers).filter(isKept)
    return { status: answer.status, headers: kept.flat(), body: Readable.from([Buffer.from(text)]), text, place, credentials }
  }

  async #findCredentials(): Promise<Credentials | undefined> {
    if (this.#rights === 'anonymous') return undefined
    if (this.#credentials === undefined || performance.now() - this.#credentials.at > CREDENTIALS_MS) {
      // loading it takes 100 ms
      const found = import('./aws-credentials.ts').then(chain => chain.findCredentials())
      this.#credentials = { found, at: performance.now() }
      found.catch(() => {
        this.#credentials = undefined
      })
    }
    return await this.#credentials.found
  }
}

function withoutKeys(text: string, credentials: Credentials | undefined): string {
  if (credentials === undefined) return text
  const { accessKeyId, sessionToken } = credentials.now()
  const names = [accessKeyId, sessionToken].filter(name => name !== undefined && name !== '') as string[]
  return names.reduce((left, name) => left.replaceAll(name, '…'), text.replace(OF_SIGNATURE, '$1…'))
}

function openly(wish: S3Ask, place: S3Place): { url: string; headers: string[] } {
  const mode = wish.hasChecksums === true ? ['x-amz-checksum-mode', 'ENABLED'] : []
  return { url: urlOf(wish, place), headers: [...wish.headers, ...mode] }
}

/** What S3 calls a header is signed as a parameter of the URL. */
function signed(wish: S3Ask, place: S3Place, credentials: Credentials): { url: string; headers: string[] } {
  const mode = wish.hasChecksums === true ? [['x-amz-checksum-mode', 'ENABLED'] as const] : []
  const url = urlOf({ ...wish, query: [...wish.query, ...mode] }, place)
  return { url: signedNow(url, place.region, credentials, wish.method), headers: [...wish.headers] }
}

function urlOf({ bucket, key, query }: S3Ask, place: S3Place): string {
  const base = bucket === undefined ? (place.endpoint ?? `https://s3.${place.region}.amazonaws.com`) : bucketUrl(place, bucket)
  const asked = query.map(([name, value]) => `${encodeURIComponent(name)}=${/^\.{1,2}$/.test(value) ? value : encodePart(value)}`)
  return `${base}/${key === undefined ? '' : encodePath(key)}${asked.length === 0 ? '' : `?${asked.join('&')}`}`
}

function regionIn({ headers, text = '', status }: Pick<S3Reply, 'headers' | 'text' | 'status'>): string | undefined {
  const named = pairsOf(headers).find(([name]) => name.toLowerCase() === 'x-amz-bucket-region')?.[1]
  const region = named ?? (status === 301 || status === 400 ? saidIn(text, 'Region') : undefined)
  return region !== undefined && /^[a-z0-9-]{1,32}$/.test(region) ? region : undefined
}

/** What breaks off says as much as it says. */
async function beginning(body: Readable): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  const timer = setTimeout(() => body.destroy(), TEXT_MS)
  try {
    for await (const part of body as AsyncIterable<Buffer>) {
      parts.push(part)
      bytes += part.length
      if (bytes >= MAX_TEXT_BYTES) break
    }
  } catch {}
  clearTimeout(timer)
  return Buffer.concat(parts).toString('utf8').slice(0, MAX_TEXT_BYTES)
}
