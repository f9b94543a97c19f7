// Answers a GET from the swarm, with the validators of the version that its bytes are of.
import type { IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { LRUCache } from 'lru-cache'
import { DragonflyError } from '../../core/errors.ts'
import type { HeaderList } from '../../core/headers.ts'
import type { RangeSpec } from '../../core/range.ts'
import { codingInName } from '../../core/version.ts'
import type { ContentHead, StreamHead } from '../../node/api/content-head.ts'
import type { ContentStream, DragonflyNode } from '../../node/api/dragonfly-node.ts'
import { forOthers } from '../../node/for-others.ts'
import { pairsOf } from '../../origin/raw-headers.ts'
import type { Guest } from '../front/guest.ts'
import { type Access, isOfThisHost } from './access.ts'
import { fieldsOf } from './answer-fields.ts'
import { type Answer, answerTo, isConditional, isForOrigin, rangeAsked } from './conditions.ts'
import type { Hops } from './hops.ts'
import { originRest } from './origin-rest.ts'

/** For the origin's headers, however many wait for them, ms. */
const HEAD_TIMEOUT_MS = 60_000
/** Of a silent swarm, before this node reads the origin, ms. */
const ORIGIN_AFTER_MS = 1000
/** Seeds and peers tell no Content-Type: those that were seen are remembered for so many contents. */
const MAX_TYPES = 4096

/** Fields that neither choose among contents nor open a door, besides those that belong to a connection or a condition. */
const NEUTRAL =
  /^(accept(-.*)?|host|user-agent|referer|origin|cache-control|cache-store|pragma|expires|dnt|range|if-.*|via|connection|keep-alive|te|trailer|transfer-encoding|upgrade|upgrade-insecure-requests|content-length|expect|max-forwards|forwarded|x-forwarded-.*|proxy-.*|sec-.*|priority|traceparent|tracestate|npm-.*|pacote-.*|x-pip-.*)$/i

/** What is asked of the engine for one URL. */
interface Wish {
  headers: HeaderList
  filter: readonly string[]
}

/** One GET. */
interface Asked {
  guest: Guest
  url: string
  wish: Wish
}

/** A stream whose first bytes are here. */
interface Begun {
  head: StreamHead
  first: IteratorResult<Uint8Array>
  rest: AsyncIterator<Uint8Array>
  receipt: ContentStream['receipt']
}

export interface SharedAnswersParts {
  node: Pick<DragonflyNode, 'get' | 'head'>
  access: Access
  hops: Hops
}

export class SharedAnswers {
  readonly #node: Pick<DragonflyNode, 'get' | 'head'>
  readonly #access: Access
  readonly #hops: Hops
  /** Being asked now: many guests at once are one question. */
  readonly #heads = new Map<string, Promise<ContentHead>>()
  /** By version and URL. */
  readonly #types = new LRUCache<string, string>({ max: MAX_TYPES })

  constructor({ node, access, hops }: SharedAnswersParts) {
    this.#node = node
    this.#access = access
    this.#hops = hops
  }

  /** Resolves to false when the origin has to answer itself and nothing was sent; true when the answer has ended. Never rejects. */
  async give(guest: Guest, url: string, filter: readonly string[]): Promise<boolean> {
    const { request, gone } = guest
    if (isForOrigin(request.headers)) return false
    const asked = { guest, url, wish: wishOf(request, filter) }
    if (isConditional(request.headers)) {
      // who has it needs no bytes, so none are asked for
      const head = await this.#head(asked).catch(() => undefined)
      if (gone.aborted) return true
      if (head !== undefined && codingInName(head.version) !== undefined) return false
      const answer = head && answerTo(request.headers, head)
      if (answer?.type === 'not-modified') return this.#notModified(asked, head as ContentHead)
    }
    const range = rangeAsked(request.headers)
    const isOver = await this.#stream(asked, range)
    // the range was one of another version, or of a content whose length nobody knows
    return isOver === 'not-part' ? (await this.#stream(asked, undefined)) === true : isOver
  }

  /** What is known without the origin, for a HEAD that it did not answer. Undefined: nothing. */
  async describe(guest: Guest, url: string, filter: readonly string[]): Promise<Record<string, string> | undefined> {
    const head = await this.#head({ guest, url, wish: wishOf(guest.request, filter) }).catch(() => undefined)
    return head === undefined ? undefined : fieldsOf(this.#typed(url, head), { type: 'whole' }, url)
  }

  /** As `give`. `not-part`: the whole has to be given, and nothing was sent. */
  async #stream(asked: Asked, range: RangeSpec | undefined): Promise<boolean | 'not-part'> {
    const { guest, url, wish } = asked
    const { request, response, gone } = guest
    const stop = new AbortController()
    const signal = AbortSignal.any([gone, stop.signal])
    const options = { ...wish, originAfter: ORIGIN_AFTER_MS, ...(range !== undefined && { range }), signal }
    const content = this.#node.get(url, isOfThisHost(request) ? options : forOthers(options))
    const rest = content[Symbol.asyncIterator]()
    const abandon = async () => {
      stop.abort()
      await rest.return?.().catch(() => {})
    }
    let begun: Begun
    try {
      const first = await rest.next()
      begun = { first, rest, head: this.#typed(url, await content.head), receipt: content.receipt }
    } catch {
      return gone.aborted
    }
    const answer = answerTo(request.headers, begun.head)
    // what is a coding of the content is for the origin to give: it sees whether this guest takes it
    if (codingInName(begun.head.version) !== undefined || answer.type === 'origin' || answer.type === 'unsatisfiable') {
      await abandon()
      return gone.aborted
    }
    if (answer.type === 'not-modified') {
      await abandon()
      return this.#notModified(asked, begun.head)
    }
    if (range !== undefined && answer.type === 'whole') {
      await abandon()
      return 'not-part'
    }
    response.writeHead(answer.type === 'part' ? 206 : 200, fieldsOf(begun.head, answer, url))
    // the guest of one that breaks off sees that, and asks for the rest
    await pipeline(this.#body(asked, begun, answer), response).catch(() => response.destroy())
    await abandon()
    return true
  }

  #notModified({ guest: { response }, url }: Asked, head: ContentHead | StreamHead): true {
    response.writeHead(304, fieldsOf(head, { type: 'not-modified' }, url)).end()
    return true
  }

  /**
   * Every byte that was announced, or an error: from the origin where the swarm stops. The last bytes are held back until it is known
   * that they complete the content which was announced.
   */
  async *#body(asked: Asked, begun: Begun, answer: Answer): AsyncGenerator<Uint8Array> {
    const { head } = begun
    const { start, end } = answer.type === 'part' ? answer : { start: 0, end: head.length }
    let at = start
    let last: Uint8Array | undefined
    try {
      for (let next = begun.first; next.done !== true; next = await begun.rest.next()) {
        if (end === undefined || at + next.value.byteLength < end) yield next.value
        else if (at + next.value.byteLength === end) last = next.value
        else break
        at += next.value.byteLength
      }
      if ((end ?? at) !== at || !(await isSameVersion(begun))) throw new DragonflyError('origin-changed', 'it is another version')
    } catch (error) {
      if (asked.guest.gone.aborted || isChanged(error)) throw error
      const from = at - (last?.byteLength ?? 0)
      return yield* this.#fromOrigin(asked, head, { start: from, end }, error)
    }
    if (last !== undefined) yield last
  }

  /** Throws `error` where the rest cannot be proven to belong to what was given. */
  #fromOrigin(
    { guest, url }: Asked,
    { etag, length }: StreamHead,
    { start, end }: { start: number; end: number | undefined },
    error: unknown,
  ): AsyncGenerator<Uint8Array> {
    if (etag?.startsWith('"') !== true || length === undefined || end === undefined) throw error
    const upstream = this.#access.upstreamFor(guest.request)
    const via = this.#hops.via(guest.request.httpVersion)
    return originRest({ guest, url, upstream, etag, length, via }, { start, end })
  }

  /** With the Content-Type that was seen before, where this answer has none. */
  #typed<T extends Pick<StreamHead, 'version' | 'type'>>(url: string, head: T): T {
    const key = `${head.version}\n${url}`
    if (head.type !== undefined) this.#types.set(key, head.type)
    return { ...head, type: head.type ?? this.#types.get(key) }
  }

  #head({ guest: { request }, url, wish }: Asked): Promise<ContentHead> {
    const isOurs = isOfThisHost(request)
    const key = JSON.stringify([url, wish, isOurs])
    const running = this.#heads.get(key)
    if (running !== undefined) return running
    const options = { ...wish, signal: AbortSignal.timeout(HEAD_TIMEOUT_MS) }
    const head = this.#node.head(url, isOurs ? options : forOthers(options)).finally(() => {
      this.#heads.delete(key)
    })
    this.#heads.set(key, head)
    return head
  }
}

/** Everything that may be a credential or choose a content goes to the engine, which then keeps the content private. */
function wishOf(request: IncomingMessage, filter: readonly string[]): Wish {
  return { headers: pairsOf(request.rawHeaders).filter(([name]) => !NEUTRAL.test(name)), filter }
}

/** The content may have become another one after its first bytes, which begins like the one before. */
async function isSameVersion({ receipt, head }: Begun): Promise<boolean> {
  const { lastModified } = await receipt
  return lastModified === undefined || head.lastModified === undefined || lastModified === head.lastModified
}

function isChanged(error: unknown): boolean {
  return error instanceof DragonflyError && error.code === 'origin-changed'
}
