// A task: what is asked for. Its id is the DHT key, its secret the proof of having been asked for it.
import { createHmac, scryptSync } from 'node:crypto'
import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { DragonflyError } from './errors.ts'
import { checkHeaders, type HeaderList, privateHeaders } from './headers.ts'
import { sha256 } from './piece.ts'

export const MAX_URL_BYTES = 8 * 1024
export const MAX_TAG_BYTES = 256
export const MAX_FILTERS = 64
const SHA2_256 = 0x12
/** scrypt cost (RFC 7914): about 30 ms and 16 MiB, so that a task id in the DHT is no quick oracle for a password. */
const SCRYPT = { N: 16384, r: 8, p: 1 }

/** What a person asks for. */
export interface TaskRequest {
  /** http: or https:. `user:password@` becomes an Authorization header. */
  url: string
  /** For the origin only. Default none. */
  headers?: HeaderList
  /** Query parameters that do not change the content, dropped from the identity. Default none. */
  filter?: readonly string[]
  /** Tells apart contents that share a URL. Default none. */
  tag?: string
}

export interface Task {
  /** CIDv1 (dag-cbor, sha2-256) of the canonical encoding, as a string. */
  id: string
  /** 32 bytes that only who knows URL, tag and credentials can derive; never leaves the process. */
  secret: Uint8Array
  /** What the origin is asked for: the URL without user, password and fragment. */
  url: string
  headers: HeaderList
  filter: readonly string[]
  tag: string | undefined
  /** Whether the request carried anything that may be a credential. Such a content is never announced by its root. */
  isPrivate: boolean
}

/** Normalises at the door. Rejects with `bad-url`, `bad-scheme`, `bad-header` or `bad-option`. */
export function makeTask(request: TaskRequest): Task {
  const url = parseUrl(request.url)
  const headers = [...checkHeaders(request.headers ?? [])]
  if (url.username !== '' || url.password !== '') {
    if (headers.some(([name]) => name === 'authorization')) {
      throw new DragonflyError('bad-header', 'credentials both in the URL and in an Authorization header', {
        hint: 'give one of them',
      })
    }
    const userPass = `${decode(url.username)}:${decode(url.password)}`
    headers.push(['authorization', `Basic ${Buffer.from(userPass).toString('base64')}`])
    url.username = ''
    url.password = ''
  }
  url.hash = ''
  const filter = checkFilter(request.filter ?? [])
  const tag = request.tag === '' ? undefined : request.tag
  if (tag !== undefined && Buffer.byteLength(tag) > MAX_TAG_BYTES) {
    throw new DragonflyError('bad-option', `tag longer than ${MAX_TAG_BYTES} bytes`)
  }
  const scope = privateHeaders(headers)
  const canonical = dagCbor.encode({
    v: 1,
    url: identityUrl(url, filter),
    tag: tag ?? null,
    scope: scope.length === 0 ? null : scopeKey(url.origin, scope),
  })
  return {
    id: CID.createV1(dagCbor.code, Digest.create(SHA2_256, sha256(canonical))).toString(),
    secret: sha256(Buffer.concat([Buffer.from('dragonfly/task-secret/1\0'), canonical])),
    url: url.href,
    headers,
    filter,
    tag,
    isPrivate: scope.length > 0,
  }
}

/**
 * Proof that `from` was asked for this task, made for `to` alone. Both ids are authenticated by the connection, so a
 * proof seen by one peer is of no use at another.
 */
export function makeProof(secret: Uint8Array, from: string, to: string): Uint8Array {
  return createHmac('sha256', secret).update(`dragonfly/proof/1\0${from}\0${to}`).digest()
}

function parseUrl(text: string): URL {
  if (Buffer.byteLength(text) > MAX_URL_BYTES) throw new DragonflyError('bad-url', `URL longer than ${MAX_URL_BYTES} bytes`)
  const url = URL.parse(text)
  if (url === null) {
    throw new DragonflyError('bad-url', `not a URL: ${JSON.stringify(withoutSecrets(text.replace(/^.*@/s, '…@')))}`, {
      hint: 'write it whole, as in https://example.org/file.iso',
    })
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new DragonflyError('bad-scheme', `cannot fetch ${url.protocol}//…`, { hint: 'use an http:// or https:// URL' })
  }
  return url
}

/** For messages: no user, no password, no query, no more than 200 characters. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/\/\/[^/?#]*@/, '//')
    .replace(/[?#].*$/s, '')
    .slice(0, 200)
}

/** What a person is shown for a task: `withoutSecrets`, and whether there was a query, which a private task does not even say. */
export function shownUrl({ url, isPrivate }: Pick<Task, 'url' | 'isPrivate'>): string {
  return isPrivate || !url.includes('?') ? withoutSecrets(url) : `${withoutSecrets(url)}?…`
}

function checkFilter(names: readonly string[]): string[] {
  if (names.length > MAX_FILTERS) throw new DragonflyError('bad-option', `more than ${MAX_FILTERS} filtered parameters`)
  return [...new Set(names.map(n => n.trim()).filter(n => n !== ''))].toSorted()
}

/** The URL as identity: filtered parameters gone, the others untouched and in their order. */
function identityUrl(url: URL, filter: readonly string[]): string {
  if (filter.length === 0 || url.search === '') return url.href
  const drop = new Set(filter)
  const kept = url.search
    .slice(1)
    .split('&')
    .filter(pair => !drop.has(decode((pair.split('=')[0] ?? '').replaceAll('+', ' '))))
  const copy = new URL(url.href)
  copy.search = kept.length === 0 ? '' : `?${kept.join('&')}`
  return copy.href
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function scopeKey(origin: string, scope: HeaderList): Uint8Array {
  return Uint8Array.from(scryptSync(dagCbor.encode(scope), `dragonfly/scope/1\0${origin}`, 32, SCRYPT))
}
