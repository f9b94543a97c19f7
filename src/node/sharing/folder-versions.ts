// A folder that is shared anew whenever it changes: lists it, and reads only what is not as it was.
import { hex } from '../../core/digest.ts'
import { sharedUrl } from '../../core/shared-url.ts'
import { encodeTree, type TreePack, type TreePlace } from '../../core/tree.ts'
import type { Kept, SharedContent } from '../api/shared-content.ts'
import { now, wallClock } from '../context/node-context.ts'
import { Draft, type Entry, type Told } from './folder-draft.ts'
import { HeldRoots } from './held-roots.ts'
import type { SharedContents } from './shared-contents.ts'
import { type Walked, walkWatched } from './walk-watched.ts'

export interface FolderVersion {
  shared: SharedContent
  /** Bytes of its list. */
  length: number
  /** When the list was begun, the last time that it came out like this; ms since 1970. */
  listedAt: number
}

export interface Refreshed {
  version: FolderVersion
  isNew: boolean
  /** False: some files change while they are read. */
  isSettled: boolean
  walked: Pick<Walked, 'all' | 'leftOut'>
}

export class FolderVersions {
  readonly #contents: SharedContents
  readonly #path: string
  readonly #name: string
  readonly #held: HeldRoots
  #known = new Map<string, Entry>()
  /** Links and empty folders of the current version. */
  #rest = ''
  #current: FolderVersion | undefined

  /** `path`: without links. */
  constructor(contents: SharedContents, path: string, name: string) {
    this.#contents = contents
    this.#path = path
    this.#name = name
    this.#held = new HeldRoots(contents)
  }

  get current(): FolderVersion | undefined {
    return this.#current
  }

  /** What the store has lost meanwhile is read again by the next `refresh`. */
  async forgetLost(): Promise<void> {
    await this.#held.forgetLost()
    await this.#held.expire(now())
  }

  /** `keepsStored`: what is current stays in the store, so that the next process need not read it again. */
  async close(keepsStored: boolean): Promise<void> {
    await this.#held.close({ keepsCurrent: keepsStored })
  }

  /** The folder as it is now. Rejects with `bad-option`, `no-space`, `store-error` or the abort; the version before is kept then. */
  async refresh(signal: AbortSignal, onRead?: Told): Promise<Refreshed> {
    try {
      const draft = new Draft({ ...this.#ground, held: this.#held, known: this.#known, signal }, onRead)
      const listedAt = wallClock()
      const walked = await walkWatched(this.#path, signal)
      const entries = await draft.entries(walked.files)
      const rest = JSON.stringify([walked.links, walked.folders])
      const { version, isNew } =
        this.#unchanged(draft.isSame && rest === this.#rest, listedAt) ??
        (await this.#commit(entries, walked, { listedAt, kept: draft.kept }))
      this.#rest = rest
      const { all, leftOut } = walked
      return { version, isNew, isSettled: draft.isSettled, walked: { all, leftOut: [...leftOut, ...draft.leftOut] } }
    } catch (error) {
      await this.#held.undo()
      throw error
    }
  }

  /** The version before, when the folder is as it was: its list need not be made to see that. */
  #unchanged(isSame: boolean, listedAt: number): { version: FolderVersion; isNew: boolean } | undefined {
    if (!isSame || this.#current === undefined || !this.#held.has(this.#current.shared.cid)) return undefined
    this.#current = { ...this.#current, listedAt }
    return { version: this.#current, isNew: false }
  }

  get #ground() {
    return { contents: this.#contents, path: this.#path }
  }

  async #commit(entries: readonly Entry[], { links, folders }: Walked, { listedAt, kept }: { listedAt: number; kept: Kept }) {
    const packs: TreePack[] = []
    const packAt = new Map<string, number>()
    const placeOf = ({ root, offset }: Entry): TreePlace => {
      if (offset === undefined) return { root }
      const pack = packAt.get(root) ?? packs.push({ root, size: this.#held.sizeOf(root) }) - 1
      packAt.set(root, pack)
      return { pack, offset }
    }
    const files = entries.map(entry => ({ ...plain(entry), place: placeOf(entry) }))
    const bytes = encodeTree({ files, links, folders, packs })
    const list = await this.#contents.addBytes(bytes, this.#name)
    const { root, sha256 } = list
    await this.#held.add(list)
    const isNew = root !== this.#current?.shared.cid
    const shared: SharedContent = {
      url: sharedUrl({ root, name: this.#name, isTree: true }),
      cid: root,
      sha256: hex(sha256),
      bytes: files.reduce((sum, { size }) => sum + size, 0),
      files: files.length,
      kept,
    }
    const version = { shared, length: list.length, listedAt }
    this.#current = version
    await this.#letGo(entries)
    this.#known = new Map(entries.map(entry => [entry.path, entry]))
    await this.#held.use(new Set([root, ...entries.map(entry => entry.root)]), now())
    return { version, isNew }
  }

  /** A file that was written to in place has taken the bytes of its earlier version with it, where the store had none of its own. */
  async #letGo(entries: readonly Entry[]): Promise<void> {
    const used = new Set(entries.map(({ root }) => root))
    const overwritten = entries.flatMap(({ path, look }) => {
      const before = this.#known.get(path)
      const isGone = before !== undefined && !before.isCopy && before.look.ino === look.ino && !used.has(before.root)
      return isGone ? [before.root] : []
    })
    await this.#held.drop(overwritten)
  }
}

function plain({ path, isExecutable, look, sha256 }: Entry) {
  return { path, isExecutable, size: Number(look.size), sha256 }
}
