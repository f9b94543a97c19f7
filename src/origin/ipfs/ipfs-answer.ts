// What IPFS has under a CID, answered as an HTTP origin would: ranges, an ETag that never changes, and what the CID says of the bytes.
import type { CID } from 'multiformats/cid'
import { RAW } from '../../core/ipfs-url.ts'
import type { Answer } from '../answer.ts'
import { type CachedHeaders, note } from '../cached-headers.ts'
import type { AnswerHeaders } from '../fields.ts'
import type { Condition } from '../validators.ts'

const SHA2_256 = 0x12
/** What a CID names stays what it is: as gateways say it. */
const FOREVER = 'public, max-age=29030400, immutable'

export interface Body {
  /** Bytes `from` to `to` (excluded). */
  bytes(from: number, to: number): AsyncIterable<Uint8Array>
  /** Ends what is under way. */
  stop(): void
}

export class IpfsAnswer implements Answer {
  readonly status: number
  readonly headers: AnswerHeaders
  readonly url: string
  readonly cachedHeaders: CachedHeaders
  readonly #body: Body
  readonly #from: number
  readonly #to: number

  constructor(url: string, cid: CID, length: number, conditions: readonly Condition[], body: Body) {
    const at = Date.now()
    const etag = `"${cid}"`
    const { status, from, to } = asked(conditions, etag, length)
    this.url = url
    this.status = status
    this.#body = body
    this.#from = from
    this.#to = to
    this.headers = {
      ...{ date: new Date(at).toUTCString(), etag, 'cache-control': FOREVER, 'accept-ranges': 'bytes' },
      ...(status !== 304 && { 'content-length': String(to - from) }),
      ...(status === 206 && { 'content-range': `bytes ${from}-${to - 1}/${length}` }),
      ...(status === 416 && { 'content-range': `bytes */${length}` }),
      ...digestOf(cid),
    }
    this.cachedHeaders = { at, answers: [note(status, this.headers, at)] }
  }

  chunks(): AsyncIterable<Uint8Array> {
    return this.#body.bytes(this.#from, this.#to)
  }

  async hadSurplus(): Promise<boolean> {
    return false
  }

  discard(): void {
    this.#body.stop()
  }

  async close(): Promise<void> {
    this.#body.stop()
  }
}

/** That of one block is that of the content. */
function digestOf({ code, multihash }: CID): AnswerHeaders {
  if (code !== RAW || multihash.code !== SHA2_256) return {}
  return { 'repr-digest': `sha-256=:${Buffer.from(multihash.digest).toString('base64')}:` }
}

/** As RFC 9110 has it, for the conditions that we make ourselves. */
function asked(conditions: readonly Condition[], etag: string, length: number): { status: number; from: number; to: number } {
  const named = new Map(conditions)
  if (named.get('if-none-match') === etag) return { status: 304, from: 0, to: 0 }
  const [, first = '', final = ''] = /^bytes=(\d*)-(\d*)$/.exec(named.get('range') ?? '') ?? []
  if ((first === '' && final === '') || (named.get('if-range') ?? etag) !== etag) return { status: 200, from: 0, to: length }
  const from = first === '' ? Math.max(0, length - Number(final)) : Number(first)
  const to = first === '' || final === '' ? length : Math.min(length, Number(final) + 1)
  return from < to ? { status: 206, from, to } : { status: 416, from: 0, to: 0 }
}
