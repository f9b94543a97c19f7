// The contents of a folder that is shared anew whenever it changes: those of its current version, and for a while those of earlier ones.
import type { Measured } from '../content/file-manifest.ts'
import type { SharedContents } from './shared-contents.ts'

/** Who has the list of an earlier version may fetch its files for so long, ms. */
const EARLIER_MS = 5 * 60_000
/** Earlier versions that are kept at most: each may be a copy of all that changed. */
const MAX_EARLIER = 8

type Contents = Pick<SharedContents, 'drop' | 'has'>

type Held = Pick<Measured, 'root' | 'sha256' | 'length'> & {
  /** Undefined: it is of the current version. */
  ended?: { at: number; version: number }
}

export class HeldRoots {
  readonly #contents: Contents
  readonly #held = new Map<string, Held>()
  /** Since the last `use`. */
  #added: string[] = []
  #version = 0

  constructor(contents: Contents) {
    this.#contents = contents
  }

  has(root: string): boolean {
    return this.#held.has(root)
  }

  /** Bytes of a content that is held. */
  sizeOf(root: string): number {
    return this.#held.get(root)?.length ?? 0
  }

  /** Holds what was added to the contents once for this folder. */
  async add({ root, sha256, length }: Measured): Promise<string> {
    if (this.#held.has(root)) await this.#contents.drop([root])
    else {
      this.#held.set(root, { root, sha256, length })
      this.#added.push(root)
    }
    return root
  }

  /** These are the contents of the current version from now on. `now`: ms of a clock that never goes back. */
  async use(roots: ReadonlySet<string>, now: number): Promise<void> {
    this.#version++
    this.#added = []
    for (const held of this.#held.values()) {
      if (roots.has(held.root)) delete held.ended
      else held.ended ??= { at: now, version: this.#version }
    }
    await this.expire(now)
  }

  /** Lets go of what was added since the last `use`. */
  async undo(): Promise<void> {
    await this.drop(this.#added.splice(0))
  }

  /** Lets go of earlier versions that had their time. */
  async expire(now: number): Promise<void> {
    const isOver = ({ ended }: Held) =>
      ended !== undefined && (now - ended.at >= EARLIER_MS || this.#version - ended.version >= MAX_EARLIER)
    await this.drop([...this.#held.values()].filter(isOver).map(({ root }) => root))
  }

  /** Lets go of those that the store has lost. */
  async forgetLost(): Promise<void> {
    for (const held of [...this.#held.values()]) if (!(await this.#contents.has(held))) await this.drop([held.root])
  }

  async drop(roots: readonly string[]): Promise<void> {
    const held = roots.filter(root => this.#held.delete(root))
    await this.#contents.drop(held)
  }

  /** Lets go of all, or of the earlier versions alone. */
  async close({ keepsCurrent }: { keepsCurrent: boolean }): Promise<void> {
    const isGiven = ({ ended }: Held) => !keepsCurrent || ended !== undefined
    await this.drop([...this.#held.values()].filter(isGiven).map(({ root }) => root))
  }
}
