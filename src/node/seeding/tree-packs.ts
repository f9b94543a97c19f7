// The packs of a tree at a seed: contents of the store, for as long as the tree, or the one before it, has them.
import type { TreePack } from '../../core/tree.ts'
import { MAX_URL_TREE_PACK } from '../../core/url-tree.ts'
import type { Measured } from '../content/file-manifest.ts'
import type { SharedContents } from '../sharing/shared-contents.ts'

/** Where bytes lie. */
export interface Placed {
  root: string
  offset: number
}

interface Waiting {
  bytes: Uint8Array
  offset: number
  placed: (place: Placed) => void
}

export class TreePacks {
  readonly #contents: SharedContents
  /** By root. */
  readonly #kept = new Map<string, Measured>()
  /** Of the tree before: who has its list may still be fetching. */
  #before: string[] = []
  #waiting: Waiting[] = []
  #size = 0

  constructor(contents: SharedContents) {
    this.#contents = contents
  }

  /** Puts bytes into the pack that is being filled; `placed` is called once it is kept. Rejects with `no-space` or `store-error`. */
  async add(bytes: Uint8Array, placed: (place: Placed) => void): Promise<void> {
    if (this.#size + bytes.byteLength > MAX_URL_TREE_PACK) await this.flush()
    this.#waiting.push({ bytes, offset: this.#size, placed })
    this.#size += bytes.byteLength
  }

  /** Keeps the pack that is being filled. */
  async flush(): Promise<void> {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    this.#size = 0
    const root = await this.keep(Buffer.concat(waiting.map(({ bytes }) => bytes)))
    for (const { offset, placed } of waiting) placed({ root, offset })
  }

  /** What is being filled is given up. */
  discard(): void {
    this.#waiting = []
    this.#size = 0
  }

  /** Keeps a content. Resolves to its root. */
  async keep(bytes: Uint8Array): Promise<string> {
    const measured = await this.#contents.addBytes(bytes, '')
    const { root } = measured
    // it was kept before: once is enough
    if (this.#kept.has(root)) await this.#contents.drop([root])
    this.#kept.set(root, measured)
    this.#before = this.#before.filter(other => other !== root)
    return root
  }

  pack(root: string): TreePack {
    return { root, size: this.#kept.get(root)?.length ?? 0 }
  }

  /** Lets go of those that the store has lost. Resolves to what is there. */
  async present(): Promise<ReadonlySet<string>> {
    for (const [root, measured] of this.#kept) {
      if (await this.#contents.has(measured)) continue
      this.#kept.delete(root)
      await this.#contents.drop([root])
    }
    return new Set(this.#kept.keys())
  }

  /** These are those of the tree from now on. */
  async use(roots: ReadonlySet<string>): Promise<void> {
    const unused = [...this.#kept.keys()].filter(root => !roots.has(root))
    const gone = this.#before.filter(root => !roots.has(root))
    this.#before = unused.filter(root => !gone.includes(root))
    await this.#drop(gone)
  }

  async close(): Promise<void> {
    await this.#drop([...this.#kept.keys()])
  }

  async #drop(roots: readonly string[]): Promise<void> {
    for (const root of roots) this.#kept.delete(root)
    await this.#contents.drop(roots)
  }
}
