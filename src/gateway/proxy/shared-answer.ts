// Answers a GET from the swarm, with the validators of the origin.
import type { IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { DragonflyError } from '../../core/errors.ts'
import type { HeaderList } from '../../core/headers.ts'
import type { RangeSpec } from '../../core/range.ts'
import { codingInName } from '../../core/version.ts'
import type { ContentHead } from '../../node/api/content-head.ts'
import type { DragonflyNode } from '../../node/api/dragonfly-node.ts'
import type { GetOptions } from '../../node/api/get-options.ts'
import type { Receipt } from '../../node/api/receipt.ts'
import type { Guest } from '../front/guest.ts'
import { pairsOf } from '../front/relay.ts'
import { isOfThisHost } from './access.ts'
import { type Answer, answerTo } from './conditions.ts'

/** For the origin's headers, however many wait for them, ms. */
const HEAD_TIMEOUT_MS = 60_000

/** Fields that neither choose among contents nor open a door, besides those that belong to a connection or a condition. */
const NEUTRAL =
  /^(accept(-.*)?|host|user-agent|referer|origin|cache-control|cache-store|pragma|expires|dnt|range|if-.*|via|connection|keep-alive|te|trailer|transfer-encoding|upgrade|upgrade-insecure-requests|content-length|expect|max-forwards|forwarded|x-forwarded-.*|proxy-.*|sec-.*|priority|traceparent|tracestate|npm-.*|pacote-.*|x-pip-.*)$/i

/** What is asked of the engine for one URL. */
interface Wish {
  headers: HeaderList
  filter: readonly string[]
  /** Whether this node may read the origin itself. */
  origin: boolean
}

export class SharedAnswers {
  readonly #node: Pick<DragonflyNode, 'get' | 'head'>
  /** Being asked now: many guests at once are one question. */
  readonly #heads = new Map<string, Promise<ContentHead>>()

  constructor(node: Pick<DragonflyNode, 'get' | 'head'>) {
    this.#node = node
  }

  /** Resolves to false when the origin has to answer itself and nothing was sent; true when the answer has ended. Never rejects. */
  async give(guest: Guest, url: string, filter: readonly string[]): Promise<boolean> {
    const { request, response, gone } = guest
    const wish = wishOf(request, filter)
    const head = await this.#head(url, wish).catch(() => undefined)
    if (gone.aborted) return true
    // its bytes are a coding of the content, and whether this guest takes it is for the origin to see
    if (head !== undefined && codingInName(head.version) !== undefined) return false
    const answer = head === undefined ? ({ type: 'whole' } as const) : answerTo(request.headers, head)
    if (answer.type === 'origin') return false
    if (answer.type === 'not-modified' || answer.type === 'unsatisfiable') {
      response.writeHead(answer.type === 'not-modified' ? 304 : 416, fieldsOf(head, answer)).end()
      return true
    }
    return await this.#stream(guest, url, { wish, head, answer })
  }

  /** What is known without the origin, for a HEAD that it did not answer. Undefined: nothing. */
  async describe({ request }: Guest, url: string, filter: readonly string[]): Promise<Record<string, string> | undefined> {
    const head = await this.#head(url, wishOf(request, filter)).catch(() => undefined)
    return head === undefined ? undefined : fieldsOf(head, { type: 'whole' })
  }

  async #stream(
    { response, gone }: Guest,
    url: string,
    { wish, head, answer }: { wish: Wish; head: ContentHead | undefined; answer: Answer },
  ): Promise<boolean> {
    const range: RangeSpec | undefined = answer.type === 'part' ? answer : undefined
    const options: GetOptions = {
      ...wish,
      ...(range !== undefined && { range: { start: range.start, end: range.end } }),
      signal: gone,
    }
    const content = this.#node.get(url, options)
    const bytes = content[Symbol.asyncIterator]()
    let first: IteratorResult<Uint8Array>
    try {
      first = await bytes.next()
    } catch {
      return gone.aborted
    }
    const fields = fieldsOf(head, answer)
    response.writeHead(answer.type === 'part' ? 206 : 200, fields)
    const length = fields['content-length'] === undefined ? undefined : Number(fields['content-length'])
    try {
      const isSame = async () => isSameVersion(await content.receipt, head)
      await pipeline(exactly(first, bytes, { length, isSame }), response)
    } catch {
      // the guest sees that it is cut off, and asks for the rest
      response.destroy()
    }
    return true
  }

  #head(url: string, wish: Wish): Promise<ContentHead> {
    const key = JSON.stringify([url, wish])
    const running = this.#heads.get(key)
    if (running !== undefined) return running
    const head = this.#node.head(url, { ...wish, signal: AbortSignal.timeout(HEAD_TIMEOUT_MS) }).finally(() => {
      this.#heads.delete(key)
    })
    this.#heads.set(key, head)
    return head
  }
}

/** Everything that may be a credential or choose a content goes to the engine, which then keeps the content private. */
function wishOf(request: IncomingMessage, filter: readonly string[]): Wish {
  const headers = pairsOf(request.rawHeaders).filter(([name]) => !NEUTRAL.test(name))
  // the engine reads for this host's user without a guard: for others, seeds do it, or the relay, which have one
  return { headers, filter, origin: isOfThisHost(request) }
}

function fieldsOf(head: ContentHead | undefined, answer: Answer): Record<string, string> {
  if (head === undefined) return {}
  const { etag, lastModified, type, length, ranges } = head
  const fields: Record<string, string> = {
    ...(etag !== undefined && { etag }),
    ...(lastModified !== undefined && { 'last-modified': lastModified }),
  }
  if (answer.type === 'not-modified') return fields
  if (answer.type === 'unsatisfiable') return { ...fields, 'content-range': `bytes */${length}`, 'content-length': '0' }
  if (type !== undefined) fields['content-type'] = type
  if (ranges) fields['accept-ranges'] = 'bytes'
  if (answer.type === 'part') {
    fields['content-range'] = `bytes ${answer.start}-${answer.end - 1}/${length}`
    fields['content-length'] = String(answer.end - answer.start)
  } else if (length !== undefined) fields['content-length'] = String(length)
  return fields
}

/** Of a range, and without dates, nothing more is known than its length. */
function isSameVersion({ lastModified }: Receipt, head: ContentHead | undefined): boolean {
  return lastModified === undefined || head?.lastModified === undefined || lastModified === head.lastModified
}

interface Promised {
  /** Bytes that were announced; undefined: none were. */
  length: number | undefined
  /** Whether the content is the one that the fields describe; known after its last byte. */
  isSame: () => Promise<boolean>
}

/**
 * Throws before the last bytes when they would complete another content than was announced: a seed may have the version of before,
 * or the content has changed since. Guests then ask again.
 */
async function* exactly(
  first: IteratorResult<Uint8Array>,
  rest: AsyncIterator<Uint8Array>,
  { length, isSame }: Promised,
): AsyncGenerator<Uint8Array> {
  let seen = 0
  let last: Uint8Array | undefined
  try {
    for (let next = first; next.done !== true; next = await rest.next()) {
      seen += next.value.byteLength
      if (length === undefined || seen < length) yield next.value
      else if (seen === length) last = next.value
      else break
    }
    if ((length ?? seen) !== seen || !(await isSame())) throw new DragonflyError('origin-changed', 'it is another version')
    if (last !== undefined) yield last
  } finally {
    await rest.return?.()
  }
}
