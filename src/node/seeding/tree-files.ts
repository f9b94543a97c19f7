// Reads the small files of a tree at their origin, and tells whether one that was read is still what the origin has.
import { abortError, DragonflyError } from '../../core/errors.ts'
import type { Freshness } from '../../core/freshness.ts'
import { sha256 } from '../../core/piece.ts'
import { makeTask } from '../../core/task.ts'
import { MAX_URL_TREE_PACKED } from '../../core/url-tree.ts'
import { validatorsOf } from '../../core/version.ts'
import { freshnessOf, mayKeep, verdict } from '../../origin/freshness.ts'
import type { Found } from '../../origin/listing/index-page.ts'
import type { BodyPace, OriginRequest } from '../../origin/options.ts'
import type { OriginRead } from '../../origin/read.ts'
import { type NodeContext, wallClock } from '../context/node-context.ts'

/** Where a list shows minutes, a file that was changed less than two of them before it was read may change again unseen. Milliseconds. */
const SETTLED_MS = 120_000
/** What a cache on the way had for longer may be older than what the list shows. Seconds, as clocks differ. */
const MAX_AGE_S = 5
/** Zones are so many minutes apart: what a list shows in another one differs by a multiple. */
const ZONE_MINUTES = 15

/** What the origin said of a file when it was read. */
export interface ReadState {
  /** Bytes. */
  size: number
  /** What the list said. */
  stamp: string
  /** Whether a list that says the same means the same bytes. */
  isSettled: boolean
  version: string
  freshness: Freshness
}

export interface FreshFile extends ReadState {
  bytes: Uint8Array
  sha256: Uint8Array
  /** Milliseconds since 1970. */
  modified: number | undefined
}

/** `same`: it is what it was; `by-url`: too large, or not to be kept, for good; `failed`: it cannot be had now. */
export type Look = { is: 'same'; state: ReadState } | { is: 'fresh'; file: FreshFile } | { is: 'by-url' } | { is: 'failed' }

export class TreeFiles {
  readonly #ctx: NodeContext
  readonly #pace: BodyPace

  constructor(ctx: NodeContext, pace: BodyPace) {
    this.#ctx = ctx
    this.#pace = pace
  }

  /** Whether the list alone tells that it is what was read, or it is fresh as any content of this seed would be. */
  isCurrent({ stamp }: Found, known: ReadState): boolean {
    return known.stamp === stamp && (known.isSettled || verdict(known.freshness, this.#asker, wallClock()) === 'fresh')
  }

  /** Whether more than one asker may have it. */
  mayKeep(read: OriginRead): boolean {
    return mayKeep(freshnessOf(read.cachedHeaders, undefined), this.#asker)
  }

  /** Asks the origin, whether it has what is known where something is. Rejects with the abort. */
  async look(found: Found, known: ReadState | undefined, signal: AbortSignal): Promise<Look> {
    if (isClearlyLarge(found)) return { is: 'by-url' }
    try {
      const task = makeTask({ url: found.url })
      if (task.isPrivate) return { is: 'by-url' }
      const request = { url: task.url, headers: task.headers, pace: this.#pace }
      return await this.#ask(request, found, known, signal)
    } catch (error) {
      if (signal.aborted) throw abortError(signal)
      if (!(error instanceof DragonflyError)) throw error
      return { is: 'failed' }
    }
  }

  async #ask(request: OriginRequest, found: Found, known: ReadState | undefined, signal: AbortSignal): Promise<Look> {
    const origin = await this.#ctx.origin('others')
    if (known === undefined) return await this.#take(await origin.open(request, { signal }), found)
    const answer = await origin.check(request, known.version, validatorsOf(known.version), signal)
    if (answer.state === 'changed') return await this.#take(answer.read, found)
    const freshness = freshnessOf(answer.cachedHeaders, known.freshness)
    return {
      is: 'same',
      state: { ...known, stamp: found.stamp, freshness, isSettled: isSettled(found, known.version, freshness, known.size) },
    }
  }

  async #take(read: OriginRead, found: Found): Promise<Look> {
    const freshness = freshnessOf(read.cachedHeaders, undefined)
    const bytes = mayKeep(freshness, this.#asker) ? await small(read) : undefined
    await read.cancel()
    if (bytes === undefined) return { is: 'by-url' }
    const { version, validators } = read
    const modified = Date.parse(validators.lastModified ?? '')
    return {
      is: 'fresh',
      file: {
        size: bytes.byteLength,
        stamp: found.stamp,
        isSettled: isSettled(found, version, freshness, bytes.byteLength),
        version,
        freshness,
        bytes,
        sha256: sha256(bytes),
        modified: modified >= 0 ? modified : undefined,
      },
    }
  }

  get #asker() {
    return { headers: [], expire: this.#ctx.expire }
  }
}

/** HTML may mean something else by a number: a file that is small all the same goes by its URL. */
function isClearlyLarge({ length = 0, stamp }: Found): boolean {
  return length > MAX_URL_TREE_PACKED || /\d\s?[MGT]i?B?$/i.test(stamp)
}

/** Undefined: it is too large. */
async function small(read: OriginRead): Promise<Uint8Array | undefined> {
  if ((read.length ?? 0) > MAX_URL_TREE_PACKED) return undefined
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of read) {
    length += chunk.byteLength
    if (length > MAX_URL_TREE_PACKED) return undefined
    // a chunk may be a part of a buffer that is used again
    chunks.push(new Uint8Array(chunk))
  }
  return Buffer.concat(chunks)
}

/**
 * A list of keys has the ETag of each: it is to be the very one that came with the bytes. An HTML index shows a time: it is to be the one of
 * Last-Modified, and to lie so far back that the next change shows another minute; what a cache had, or is of another size, may be older. As with rsync, who sets a file's time back hides a change.
 */
export function isSettled(
  { etag, stamp, length }: Pick<Found, 'etag' | 'stamp' | 'length'>,
  version: string,
  { answers }: Freshness,
  size: number,
): boolean {
  if (etag !== undefined) return etag !== '' && version === `etag "${etag}"`
  const fields = answers.at(-1)?.fields ?? {}
  const [date, modified] = [Date.parse(fields.date ?? ''), Date.parse(fields['last-modified'] ?? '')]
  const shown = /\b\d{1,2}:(\d{2})\b/.exec(stamp)?.[1]
  if (!(Number(fields.age) <= MAX_AGE_S) || (length ?? size) !== size) return false
  if (answers.length !== 1 || shown === undefined || !(date - modified > SETTLED_MS)) return false
  return Number(shown) % ZONE_MINUTES === new Date(modified).getUTCMinutes() % ZONE_MINUTES
}
