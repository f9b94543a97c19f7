// What the store says of an object to whoever may read it here: length, ETag, and the headers of an answer.
import { LRUCache } from 'lru-cache'
import { pairsOf } from '../../origin/raw-headers.ts'
import type { S3Ask, S3Reply, S3Store } from '../../origin/sources/s3-store.ts'
import type { SourceRequest } from '../../origin/sources/source.ts'

/** The parts of one transfer are asked for within moments: what the store said holds for so long, ms. */
const MAX_AGE_MS = 2000
const MAX_FACTS = 4096
const TIMEOUT_MS = 60_000
/** Longest value of a header that is passed on, characters. */
const MAX_VALUE = 4096

const PASSED =
  /^(?:etag|last-modified|content-(?:type|language|disposition)|cache-control|expires|x-amz-(?!request-id$|id-2$|bucket-region$).*)$/
const CHECKSUM = /^x-amz-checksum-/

export interface ObjectFacts {
  kind: 'object'
  request: Omit<SourceRequest, 'shown'>
  length: number
  etag: string
  lastModified: string | undefined
  /** Of every answer. */
  headers: Readonly<Record<string, string>>
  /** Of the whole. */
  checksums: Readonly<Record<string, string>>
}

/** Not an object whose length and state are known, or one that is stored under a coding: the store answers itself. */
export interface OtherObject {
  kind: 'other'
  reply: S3Reply
}

export type ObjectName = Pick<S3Ask, 'query'> & { bucket: string; key: string }

export class ObjectFactsReader {
  readonly #store: S3Store
  readonly #facts = new LRUCache<string, ObjectFacts>({ max: MAX_FACTS, ttl: MAX_AGE_MS })
  /** Being asked now: many clients at once are one question. */
  readonly #asking = new Map<string, Promise<ObjectFacts | OtherObject>>()
  /** Asked when that is over, for those who came after it had begun: by then the object may be another one. */
  readonly #next = new Map<string, Promise<ObjectFacts | OtherObject>>()

  constructor(store: S3Store) {
    this.#store = store
  }

  /** `isNew`: the store is asked from now on, in any case. `via`: of the request to it. Rejects as the store's `ask` does. */
  async read(name: ObjectName, isNew: boolean, via: string): Promise<ObjectFacts | OtherObject> {
    const key = JSON.stringify([name.bucket, name.key, name.query])
    const known = isNew ? undefined : this.#facts.get(key)
    if (known !== undefined) return known
    const running = this.#asking.get(key)
    if (running === undefined) return await this.#begin(key, name, via)
    if (!isNew) return await running
    const next = this.#next.get(key) ?? running.catch(() => {}).then(() => this.#begin(key, name, via))
    this.#next.set(key, next)
    return await next
  }

  async #begin(key: string, name: ObjectName, via: string): Promise<ObjectFacts | OtherObject> {
    this.#next.delete(key)
    const asking = this.#ask(name, via).finally(() => this.#asking.delete(key))
    this.#asking.set(key, asking)
    const found = await asking
    if (found.kind === 'object') this.#facts.set(key, found)
    else this.#facts.delete(key)
    return found
  }

  async #ask(name: ObjectName, via: string): Promise<ObjectFacts | OtherObject> {
    const wish: S3Ask = { ...name, method: 'HEAD', headers: ['accept-encoding', 'identity', 'via', via], hasChecksums: true }
    const reply = await this.#store.ask(wish, AbortSignal.timeout(TIMEOUT_MS))
    reply.body.on('error', () => {}).destroy()
    return this.#factsIn(name, reply) ?? { kind: 'other', reply }
  }

  #factsIn({ bucket, key, query }: ObjectName, reply: S3Reply): ObjectFacts | undefined {
    const named = Object.fromEntries(pairsOf(reply.headers).map(([name, value]) => [name.toLowerCase(), value]))
    const { etag = '', 'content-length': length = '', 'content-encoding': coding } = named
    const isCoded = coding !== undefined && !/^(?:identity|aws-chunked)?$/i.test(coding)
    if (reply.status !== 200 || isCoded || !/^"[^"]{1,1024}"$/.test(etag) || !/^\d{1,15}$/.test(length)) return undefined
    const passed = Object.entries(named).filter(([name, value]) => PASSED.test(name) && value.length <= MAX_VALUE)
    const versionId = query.find(([name]) => name === 'versionId')?.[1]
    return {
      kind: 'object',
      request: this.#store.request({ bucket, key, versionId }, reply),
      length: Number(length),
      etag,
      lastModified: named['last-modified'],
      headers: { 'accept-ranges': 'bytes', ...Object.fromEntries(passed.filter(([name]) => !CHECKSUM.test(name))) },
      checksums: Object.fromEntries(passed.filter(([name]) => CHECKSUM.test(name))),
    }
  }
}
