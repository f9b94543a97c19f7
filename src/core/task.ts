// A task: URL, tag and credentials in canonical form. Its id is the DHT key; its secret proves that a peer was asked for it.
import { createHmac, randomBytes } from 'node:crypto'
import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { MAX_URL_BYTES, parseUrl, refusedOfIpfs, withoutSecrets } from './asked-url.ts'
import { hex } from './digest.ts'
import { DragonflyError } from './errors.ts'
import { checkHeaders, choiceHeaders, type HeaderList, privateHeaders } from './headers.ts'
import { IPFS_SCHEME } from './ipfs-url.ts'
import { sha256 } from './piece.ts'
import { scopeKey, slowScopeKey } from './scope-key.ts'
import { isSharedUrl, parseSharedUrl, SHARED_SCHEME, sharedUrl } from './shared-url.ts'
import { digestVersion, isOneState } from './version.ts'
import { wirePath } from './wire-path.ts'

export { MAX_URL_BYTES, withoutSecrets } from './asked-url.ts'

export const MAX_TAG_BYTES = 256
export const MAX_FILTERS = 64
const SHA2_256 = 0x12
/** Stands for a filtered query parameter among the private headers; no header has this name. */
const DROPPED = '?'
/** Some keys of AWS come with one, some do not: what they open is the same content. */
const SESSION_TOKEN = 'X-Amz-Security-Token'

/** What a person asks for. */
export interface TaskRequest {
  /** http:, https: or ipfs:, that with the CID of a file. `user:password@` becomes an Authorization header. */
  url: string
  /** For the origin only. Default none. */
  headers?: HeaderList
  /**
   * Query parameters that do not change the content, such as signatures: requests that differ in them share the content, each
   * after the origin has shown the same version (a strong ETag) for its own URL. Default none.
   */
  filter?: readonly string[]
  /** Tells apart contents that share a URL. Default none. */
  tag?: string
  /**
   * sha2-256 that names the content, 32 bytes: the URL only says where it can be read, and its path must end with `/sha256:` and the
   * same digest. Filter and tag do not count. Default: the URL names it.
   */
  digest?: Uint8Array | undefined
  /**
   * Stands for the filtered parameters among the credentials, in the ids of this host only: text that only who has the credentials can
   * derive, and that stays the same when a signature is made anew. Default: the parameters themselves.
   */
  scope?: string | undefined
  /** Gives the URL with a signature that is good now; it differs from `url` in filtered parameters only. Default: `url` stays good. */
  renew?: (() => string) | undefined
  /** Of a content that a digest names: anybody gets such credentials, so it is public. Default false. */
  anonymous?: boolean | undefined
}

export interface Task {
  /** CIDv1 (dag-cbor, sha2-256) of the canonical encoding, as a string. */
  id: string
  /** 32 bytes that only who knows URL, tag and credentials can derive; never leaves the process. */
  secret: Uint8Array
  /**
   * What is asked for, whoever asks: as the id, but without credentials. Says which seed is responsible. Guessable from the
   * URL, so it is told to nobody.
   */
  subject: string
  /** The only version that this task is about; undefined: whichever the origin shows. */
  version: string | undefined
  /** What the origin is asked for: the URL without user, password and fragment. A signed one is signed anew when it has to be. */
  readonly url: string
  headers: HeaderList
  filter: readonly string[]
  tag: string | undefined
  /** sha2-256 that names the content; undefined: the URL does. */
  digest: Uint8Array | undefined
  /** Root that names the content, which has no origin: a CID in base32. Undefined: it has one. */
  readonly root?: string
  /**
   * Whether the request carried anything that may be a credential, a filtered parameter included. Such a content is never
   * announced by its root.
   */
  isPrivate: boolean
  /**
   * Derives id and secret off the main thread, so that reading them takes no time: otherwise the first look costs 30 ms there.
   * Undefined: it takes none in any case.
   */
  derive?: () => Promise<void>
}

/** Normalises at the door. Rejects with `bad-url`, `bad-scheme`, `bad-header` or `bad-option`. */
export function makeTask(request: TaskRequest): Task {
  if (isSharedUrl(request.url)) return rootTask(request)
  const url = parseUrl(request.url)
  const headers = [...checkHeaders(request.headers ?? [])]
  if (url.username !== '' || url.password !== '') {
    if (headers.some(([name]) => name === 'authorization')) {
      throw new DragonflyError('bad-header', 'credentials both in the URL and in an Authorization header', {
        hint: 'give only one of them',
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
  const isIpfs = url.protocol === IPFS_SCHEME
  if (isIpfs && (filter.length > 0 || privateHeaders(headers).length > 0)) throw refusedOfIpfs()
  const sent = { url: isIpfs ? url.href : url.origin + wirePath(request.url, url), headers }
  if (request.digest !== undefined) return digestTask(url, request.digest, sent, request.anonymous !== true)
  const { kept, dropped } = splitQuery(url, filter)
  // a dropped parameter is sent to the origin all the same, so it is treated as a credential: whoever brings another one
  // gets the content only once the origin has shown the same version for their own URL
  const hidden = request.scope === undefined || dropped.length === 0 ? dropped : [request.scope]
  const scope = [...privateHeaders(headers), ...hidden.map(text => [DROPPED, text] as const)]
  const names = [...new Set(dropped.map(nameOf))].filter(name => name !== SESSION_TOKEN).toSorted()
  const asked = { v: 1, url: kept, tag: tag ?? null, ...(names.length === 0 ? {} : { filter: names }) }
  // a seed that answers many who bring credentials needs neither id nor secret, and scrypt costs it 30 ms for each
  let slow: Uint8Array | undefined
  const canonical = once(() => {
    return dagCbor.encode({ ...asked, scope: scope.length === 0 ? null : (slow ?? scopeKey(url.origin, scope)) })
  })
  const id = once(() => cidOf(canonical()))
  const secret = once(() => sha256(Buffer.concat([Buffer.from('dragonfly/task-secret/1\0'), canonical()])))
  return {
    get id() {
      return id()
    },
    get secret() {
      return secret()
    },
    subject: scope.length === 0 ? id() : cidOf(dagCbor.encode({ ...asked, choice: choiceHeaders(scope) })),
    version: undefined,
    get url() {
      return request.renew?.() ?? sent.url
    },
    headers,
    filter,
    tag,
    digest: undefined,
    isPrivate: scope.length > 0,
    ...(scope.length > 0 && {
      derive: async () => {
        slow ??= await slowScopeKey(url.origin, scope)
      },
    }),
  }
}

/**
 * The task of a content that its digest names. All URLs of one server share it, for what a server gives under a digest it vouches
 * for; reads of several servers stay apart until they are finished, and checked. Credentials are no part of it: where there are
 * any, nobody has the content who has not shown his own to that server.
 */
function digestTask(url: URL, digest: Uint8Array, sent: Pick<Task, 'url' | 'headers'>, hidesCredentials: boolean): Task {
  const name = `sha256:${hex(digest)}`
  if (!decode(url.pathname).endsWith(`/${name}`)) {
    throw new DragonflyError(
      'bad-option',
      `the path of ${withoutSecrets(url.href)} does not end with the digest that names the content`,
      {
        hint: `ask for …/blobs/${name}`,
      },
    )
  }
  const isPrivate = hidesCredentials && privateHeaders(sent.headers).length > 0
  const canonical = dagCbor.encode({ v: 1, digest, server: url.origin, private: isPrivate })
  const id = cidOf(canonical)
  // who knows the digest may have a public content; a private one is opened by grants alone
  const secret = isPrivate ? randomBytes(32) : sha256(Buffer.concat([Buffer.from('dragonfly/task-secret/1\0'), canonical]))
  const version = isPrivate ? digestVersion(digest) : undefined
  return { id, secret, subject: id, version, ...sent, filter: [], tag: undefined, digest, isPrivate }
}

/**
 * The task of a content that nobody but peers has. Its id is a hash of the CID, so the DHT does not tell the CID to who has not got it; who
 * has it may have the content.
 */
function rootTask({ url: asked, headers = [], filter = [], tag = '', digest }: TaskRequest): Task {
  if (Buffer.byteLength(asked) > MAX_URL_BYTES) throw new DragonflyError('bad-url', `URL longer than ${MAX_URL_BYTES} bytes`)
  const { root } = parseSharedUrl(asked)
  if (headers.length > 0 || filter.length > 0 || tag !== '' || (digest !== undefined && digest !== null)) {
    throw new DragonflyError('bad-option', 'a dragonfly: address takes no headers, filter, tag or byDigest: its CID says it all')
  }
  const canonical = dagCbor.encode({ v: 1, root })
  const id = cidOf(canonical)
  const secret = sha256(Buffer.concat([Buffer.from('dragonfly/task-secret/1\0'), canonical]))
  const url = sharedUrl({ root, name: undefined, isTree: false })
  return {
    ...{ id, secret, subject: id, version: undefined, url, headers: [], filter: [], tag: undefined },
    ...{ digest: undefined, root, isPrivate: false },
  }
}

/**
 * What manifests of this task are about, once its version is known. A private content with a strong ETag has an id of its
 * own that all who may read it share, whatever credentials they have: no two states or representations of one URL have the
 * same strong ETag (RFC 9110 §8.8.1). A date and a length would not do: two users may each get a page of their own with both.
 */
export function contentId(task: Pick<Task, 'id' | 'subject' | 'isPrivate' | 'digest'>, version: string): string {
  if (task.digest !== undefined || !task.isPrivate || !isOneState(version)) return task.id
  return cidOf(dagCbor.encode({ v: 1, subject: task.subject, version }))
}

/** The task of one version of a private content, for all who may read it; undefined when they cannot share. */
export function sharedTask(task: Task, version: string): Task | undefined {
  if (!task.isPrivate || !isOneState(version)) return undefined
  const { subject, url, headers, filter, tag, digest, isPrivate } = task
  const id = digest === undefined ? contentId({ id: '', subject, isPrivate, digest }, version) : task.id
  // a grant takes the place of the proof, so nobody else may know the secret
  return { id, secret: randomBytes(32), subject, version, url, headers, filter, tag, digest, isPrivate }
}

/**
 * Proof that `from` was asked for this task, made for `to` alone. Both ids are authenticated by the connection, so a
 * proof seen by one peer is of no use at another.
 */
export function makeProof(secret: Uint8Array, from: string, to: string): Uint8Array {
  return createHmac('sha256', secret).update(`dragonfly/proof/1\0${from}\0${to}`).digest()
}

/** What a person is shown for a task: `withoutSecrets`, and whether there was a query, which a private task does not even say. */
export function shownUrl({ url, isPrivate }: Pick<Task, 'url' | 'isPrivate'>): string {
  return isPrivate || !url.includes('?') ? withoutSecrets(url) : `${withoutSecrets(url)}?…`
}

/** The same for pages and hosts that others look at, too: whoever sees the address of a shared content could fetch it. */
export function shownToOthers(task: Pick<Task, 'url' | 'isPrivate' | 'root'>): string {
  const { root } = task
  return root === undefined ? shownUrl(task) : `${SHARED_SCHEME}${root.slice(0, 8)}…${root.slice(-4)}`
}

function checkFilter(names: readonly string[]): string[] {
  if (names.length > MAX_FILTERS) throw new DragonflyError('bad-option', `more than ${MAX_FILTERS} filtered parameters`)
  return [...new Set(names.map(n => n.trim()).filter(n => n !== ''))].toSorted()
}

/** The URL without the filtered parameters, the others untouched and in their order; and what was dropped. */
function splitQuery(url: URL, filter: readonly string[]): { kept: string; dropped: string[] } {
  if (filter.length === 0 || url.search === '') return { kept: url.href, dropped: [] }
  const drop = new Set(filter)
  const pairs = url.search.slice(1).split('&')
  const kept = pairs.filter(pair => !drop.has(nameOf(pair)))
  const copy = new URL(url.href)
  copy.search = kept.length === 0 ? '' : `?${kept.join('&')}`
  return { kept: copy.href, dropped: pairs.filter(pair => drop.has(nameOf(pair))) }
}

/** The decoded name of a `name=value` pair. */
function nameOf(pair: string): string {
  return decode((pair.split('=')[0] ?? '').replaceAll('+', ' '))
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function cidOf(encoded: Uint8Array): string {
  return CID.createV1(dagCbor.code, Digest.create(SHA2_256, sha256(encoded))).toString()
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
