// The tree below one URL at a seed: listed anew for whoever asks, and read only where the origin has something else by now.
import { raceSignal } from 'race-signal'
import { abortError, DragonflyError } from '../../core/errors.ts'
import {
  encodeUrlTree,
  type ListedFacts,
  MAX_URL_TREE_BYTES,
  MAX_URL_TREE_FILES,
  MAX_URL_TREE_PACKED,
  NO_FACTS,
  type UrlTreeFile,
} from '../../core/url-tree.ts'
import type { Found } from '../../origin/listing/index-page.ts'
import { INDEX_PAGE_MS, MAX_INDEX_PAGE, walkIndex } from '../../origin/listing/index-walk.ts'
import type { TreeHead } from '../../wire/codec-tree.ts'
import { type NodeContext, wallClock } from '../context/node-context.ts'
import type { SharedContents } from '../sharing/shared-contents.ts'
import { type FreshFile, type Look, type ReadState, TreeFiles } from './tree-files.ts'
import { type Placed, TreePacks } from './tree-packs.ts'

/** To list it, and to read what is new. Milliseconds. */
const REFRESH_MS = 30 * 60_000
/** Files that are asked for before the first of them is there; how many at a time is for the gate of their origin to say. */
const AHEAD = 64
/** Of all packs of a tree; what is beyond goes by its URL. Bytes. */
const MAX_PACKED_BYTES = 2 * 1024 * 1024 * 1024
/** Packs that may be mostly holes. */
const FEW_PACKS = 8

/** A small file that was read, and lies in a pack. */
interface Known extends ReadState, Placed, Pick<FreshFile, 'sha256' | 'modified'> {}

export type Listed = Omit<TreeHead, 'url'>

export class ListedTree {
  readonly #ctx: NodeContext
  readonly #url: string
  readonly #files: TreeFiles
  readonly #packs: TreePacks
  readonly #pace
  /** By URL. */
  #known = new Map<string, Known>()
  /** Files that go by their URL for good. */
  #large = new Set<string>()
  /** Of the list that was given out last. */
  #root: string | undefined
  #running: Promise<unknown> = Promise.resolve()
  #next: Promise<Listed> | undefined
  #listeners = 0
  #stop = new AbortController()

  /** `url`: of an index, in canonical form. */
  constructor(ctx: NodeContext, contents: SharedContents, url: string) {
    this.#ctx = ctx
    this.#url = url
    this.#pace = ctx.pacing.enter()
    this.#pace.join({})
    this.#files = new TreeFiles(ctx, this.#pace.chunks)
    this.#packs = new TreePacks(contents)
  }

  /** Files that it remembers. */
  get size(): number {
    return this.#known.size + this.#large.size
  }

  /**
   * The tree as it was listed after this call. All who ask before a listing begins share it; it ends when nobody waits any more. Rejects with
   * `origin-…`, `bad-…`, `no-space`, `store-error` or the abort.
   */
  async current(signal: AbortSignal): Promise<Listed> {
    if (this.#listeners++ === 0) this.#stop = new AbortController()
    try {
      this.#next ??= this.#turn()
      return await raceSignal(this.#next, signal, { translateError: abortError })
    } finally {
      if (--this.#listeners === 0) this.#stop.abort(new DragonflyError('aborted', 'nobody waits for the tree any more'))
    }
  }

  /** Gives everything back. */
  async close(): Promise<void> {
    this.#stop.abort(new DragonflyError('aborted', 'the tree is given up'))
    await this.#running
    this.#pace.close()
    await this.#packs.close()
  }

  #turn(): Promise<Listed> {
    const turn = this.#running.then(async () => {
      this.#next = undefined
      return await this.#refresh(AbortSignal.any([this.#stop.signal, AbortSignal.timeout(REFRESH_MS)]))
    })
    this.#running = turn.catch(() => {})
    return turn
  }

  async #refresh(signal: AbortSignal): Promise<Listed> {
    const listedAt = wallClock()
    const found = await this.#list(signal)
    await this.#forgetLost()
    try {
      await this.#readAll(found, signal)
    } catch (error) {
      // files that change at every reading, for askers who leave, would fill the store
      await this.#packs.use(new Set([...this.#known.values()].map(({ root }) => root).concat(this.#root ?? []))).catch(() => {})
      throw error
    } finally {
      this.#packs.discard()
    }
    this.#forgetGone(found)
    const used = new Map<string, number>()
    const files = found.map(file => this.#entry(file, used))
    const bytes = encodeUrlTree({ files, packs: [...used.keys()].map(root => this.#packs.pack(root)) })
    const root = await this.#packs.keep(bytes)
    if (root !== this.#root) await this.#packs.use(new Set([...used.keys(), root]))
    this.#root = root
    this.#forgetHoles()
    return { root, length: bytes.byteLength, listedAt }
  }

  /** Sorted by path: neighbours lie in one pack, and the same tree makes the same packs. Throws what is wrong with any part of it. */
  async #list(signal: AbortSignal): Promise<Found[]> {
    const found: Found[] = []
    const limits = { level: undefined, maxFiles: MAX_URL_TREE_FILES }
    let room = MAX_URL_TREE_BYTES
    for await (const { error, stamp = '', ...file } of walkIndex([this.#url], url => this.#page(url, signal), limits)) {
      if (signal.aborted) throw abortError(signal)
      if (error !== undefined) throw error
      // what no list has room for is not remembered until all of it is here
      room -= file.url.length
      if (room < 0) throw new DragonflyError('bad-option', 'the tree has more and longer names than a list has room for')
      found.push({ ...file, stamp })
    }
    const keyed = found.map(file => ({ file, key: Buffer.from(file.path.join('/')) }))
    return keyed.sort((a, b) => Buffer.compare(a.key, b.key)).map(({ file }) => file)
  }

  async #page(url: string, outer: AbortSignal): Promise<string> {
    const signal = AbortSignal.any([outer, AbortSignal.timeout(INDEX_PAGE_MS)])
    const origin = await this.#ctx.origin('others')
    const read = await origin.open({ url, headers: [], pace: this.#pace.chunks }, { signal })
    if (!this.#files.mayKeep(read)) {
      await read.cancel()
      throw new DragonflyError('bad-option', 'an index that its origin wants nobody to keep is not listed for others')
    }
    const chunks: Uint8Array[] = []
    let length = 0
    try {
      for await (const chunk of read) {
        length += chunk.byteLength
        if (length > MAX_INDEX_PAGE) throw new DragonflyError('bad-option', 'longer than 16 MiB: no index of a folder')
        chunks.push(new Uint8Array(chunk))
      }
    } finally {
      await read.cancel()
    }
    return Buffer.concat(chunks).toString('utf8')
  }

  /** What was evicted is read again. */
  async #forgetLost(): Promise<void> {
    const present = await this.#packs.present()
    for (const [url, { root }] of this.#known) if (!present.has(root)) this.#known.delete(url)
  }

  /** In the order of the list, some ahead. */
  async #readAll(found: readonly Found[], signal: AbortSignal): Promise<void> {
    const looks: { file: Found; look: Promise<Look> }[] = []
    const takeFirst = async () => {
      const first = looks.shift()
      if (first !== undefined) await this.#take(first.file, await first.look)
    }
    try {
      let room = MAX_PACKED_BYTES - [...this.#known.values()].reduce((sum, { size }) => sum + size, 0)
      for (const file of found) {
        const known = this.#known.get(file.url)
        if (this.#large.has(file.url) || (known !== undefined && this.#files.isCurrent(file, known))) continue
        if (known === undefined) room -= file.length ?? MAX_URL_TREE_PACKED
        if (known === undefined && room < 0) continue
        const look = this.#files.look(file, known, signal)
        look.catch(() => {})
        looks.push({ file, look })
        if (looks.length >= AHEAD) await takeFirst()
      }
      while (looks.length > 0) await takeFirst()
      await this.#packs.flush()
    } finally {
      await Promise.allSettled(looks.map(({ look }) => look))
    }
  }

  async #take({ url }: Found, look: Look): Promise<void> {
    const known = this.#known.get(url)
    if (look.is === 'same' && known !== undefined) this.#known.set(url, { ...known, ...look.state })
    if (look.is === 'same') return
    this.#known.delete(url)
    if (look.is === 'by-url') this.#large.add(url)
    if (look.is !== 'fresh') return
    const { bytes, ...state } = look.file
    await this.#packs.add(bytes, place => this.#known.set(url, { ...state, ...place }))
  }

  #forgetGone(found: readonly Found[]): void {
    const urls = new Set(found.map(({ url }) => url))
    for (const url of this.#known.keys()) if (!urls.has(url)) this.#known.delete(url)
    for (const url of this.#large) if (!urls.has(url)) this.#large.delete(url)
  }

  /** `used`: root of a pack → its index. */
  #entry(found: Found, used: Map<string, number>): UrlTreeFile {
    const { url, path } = found
    const named = { path: path.join('/'), ref: refOf(url) }
    const known = this.#known.get(url)
    if (known === undefined) return { ...named, packed: undefined, facts: factsOf(found) }
    const pack = used.get(known.root) ?? used.size
    used.set(known.root, pack)
    const { offset, size, sha256, modified } = known
    return { ...named, packed: { pack, offset, size, sha256, modified }, facts: NO_FACTS }
  }

  /** Where most of all packs are holes, what lies in the emptiest is read again the next time, and packed anew. */
  #forgetHoles(): void {
    const live = new Map<string, number>()
    for (const { root, size } of this.#known.values()) live.set(root, (live.get(root) ?? 0) + size)
    const isHollow = (root: string) => (live.get(root) ?? 0) * 2 < this.#packs.pack(root).size
    const whole = [...live.keys()].reduce((sum, root) => sum + this.#packs.pack(root).size, 0)
    const used = [...live.values()].reduce((sum, size) => sum + size, 0)
    if (live.size <= FEW_PACKS || used * 2 >= whole) return
    for (const [url, { root }] of this.#known) if (isHollow(root)) this.#known.delete(url)
  }
}

/** HTML is no list that can be relied on. */
function factsOf({ etag, length, modified }: Found): ListedFacts {
  if (etag === undefined) return NO_FACTS
  return { length, modified, md5: /^[0-9a-f]{32}$/.test(etag) ? etag : undefined }
}

/** All are of one origin. */
function refOf(url: string): string {
  return url.slice(new URL(url).origin.length)
}
