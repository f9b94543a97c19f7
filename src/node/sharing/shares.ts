// The files and folders that this node shares, each for as long as it stays as it was.
import { lstat, realpath } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { hex } from '../../core/digest.ts'
import { DragonflyError } from '../../core/errors.ts'
import { cleanFileName } from '../../core/file-name.ts'
import { sharedUrl } from '../../core/shared-url.ts'
import { encodeTree, type Tree, type TreeFile } from '../../core/tree.ts'
import type { ActiveShare, Kept, SharedContent, ShareOptions } from '../api/shared-content.ts'
import type { NodeContext } from '../context/node-context.ts'
import type { TaskRegistry } from '../tasks/task-registry.ts'
import { FollowedFolder } from './followed-folder.ts'
import { isSame, type Look, lookAt, unreadable } from './look.ts'
import { Packer } from './packer.ts'
import { SharedContents } from './shared-contents.ts'
import { SharedNames } from './shared-names.ts'
import { walkFolder } from './walk-folder.ts'

/** How often the files are looked at, ms: a change is noticed by whoever reads a piece, too. */
const LOOK_MS = 2000
/** Files that are looked at in one go. */
const MAX_FILES = 200_000

/** What one call of `share` has shared. */
interface Share extends Omit<ActiveShare, 'isWatched' | 'latest'> {
  roots: readonly string[]
  /** Path → how the file was. */
  looks: ReadonlyMap<string, Look>
}

type Told = (bytes: number) => void
type Named = ShareOptions & { name: string }

export class Shares {
  readonly #ctx: NodeContext
  readonly #contents: SharedContents
  readonly #names: SharedNames
  /** By path. */
  readonly #shares = new Map<string, Share>()
  /** By path; those that are shared anew after each change. */
  readonly #followed = new Map<string, FollowedFolder>()
  readonly #looking: NodeJS.Timeout
  #isLooking = false

  constructor(ctx: NodeContext, registry: TaskRegistry) {
    this.#ctx = ctx
    this.#contents = SharedContents.of(ctx, registry)
    this.#names = SharedNames.of(registry)
    this.#looking = setInterval(() => void this.#look(), LOOK_MS).unref()
  }

  /** Rejects with `bad-option` for what cannot be read or shared, `no-space`, `store-error`, `origin-changed` or the abort. */
  async share(file: string, options: ShareOptions): Promise<SharedContent> {
    if (this.#ctx.network === undefined) throw new DragonflyError('bad-option', 'a node without a network cannot share')
    // links on the way are the user's own choice now, and nobody else's later
    const path = await realpath(file).catch(error => {
      throw unreadable(resolve(file), error)
    })
    const isFolder = await lstat(path).then(
      found => found.isDirectory(),
      () => false,
    )
    const named = { ...options, name: options.name ?? basename(resolve(file)) }
    if (options.watch === true) return await this.#follow(path, isFolder, named)
    const { share, shared } = isFolder ? await this.#folder(path, named) : await this.#file(path, named)
    const watched = [...this.#shares.values()].reduce((sum, { looks }) => sum + looks.size, share.looks.size)
    if (watched > MAX_FILES) {
      await this.#contents.drop(share.roots)
      throw new DragonflyError('bad-option', `more than ${MAX_FILES} files are shared`, { hint: 'share an archive of them' })
    }
    const before = this.#shares.get(path)
    this.#shares.set(path, share)
    if (before !== undefined) await this.#contents.drop(before.roots)
    return shared
  }

  /** See DragonflyNode. */
  list(): ActiveShare[] {
    const files = [...this.#shares.values()].map(activeOf)
    const folders = [...this.#followed.values()].flatMap(({ active }) => active ?? [])
    return [...files, ...folders].toSorted((a, b) => (a.path < b.path ? -1 : 1))
  }

  /** See DragonflyNode. */
  async end(pathOrUrl: string): Promise<ActiveShare> {
    const path = await realpath(pathOrUrl).catch(() => pathOrUrl)
    const address = plain(pathOrUrl)
    const found = this.list().find(({ path: at, url, latest }) => at === path || plain(url) === address || latest === address)
    if (found === undefined) {
      throw new DragonflyError('not-found', `${pathOrUrl} is not shared here`, { hint: 'df share --list says what is' })
    }
    const share = found.isWatched ? undefined : this.#shares.get(found.path)
    if (share !== undefined) {
      this.#shares.delete(share.path)
      await this.#contents.drop(share.roots)
    } else await this.#unfollow(found.path, false)
    return found
  }

  async stop(): Promise<void> {
    clearInterval(this.#looking)
    await Promise.all([...this.#followed.keys()].map(path => this.#unfollow(path, true)))
  }

  async #follow(path: string, isFolder: boolean, { name, ...options }: Named): Promise<SharedContent> {
    if (!isFolder) throw new DragonflyError('bad-option', `${path} is no folder`, { hint: 'only a folder can be watched' })
    if (this.#followed.has(path)) throw new DragonflyError('bad-option', `${path} is watched already`)
    const folder = new FollowedFolder(this.#ctx, this.#contents, { path, name })
    this.#names.add(name, folder.newest)
    this.#followed.set(path, folder)
    return await folder.begin(options).catch(async error => {
      await this.#unfollow(path, false)
      throw error
    })
  }

  async #unfollow(path: string, keepsStored: boolean): Promise<void> {
    const folder = this.#followed.get(path)
    if (folder === undefined) return
    this.#followed.delete(path)
    this.#names.remove(folder.name)
    await folder.stop(keepsStored)
  }

  async #file(path: string, { name: given, onProgress, signal }: Named): Promise<{ share: Share; shared: SharedContent }> {
    const look = await lookAt(path)
    const length = Number(look.size)
    const name = cleanFileName(given)
    const { measured, kept } = await this.#contents.addFile(path, look, name, bytes => onProgress?.({ bytes, length }), signal)
    const url = sharedUrl({ root: measured.root, name: name || undefined, isTree: false })
    return {
      share: { url, path, bytes: length, files: 1, roots: [measured.root], looks: new Map([[path, look]]) },
      shared: { url, cid: measured.root, sha256: hex(measured.sha256), bytes: length, files: 1, kept },
    }
  }

  async #folder(path: string, { name: given, onProgress, signal }: Named): Promise<{ share: Share; shared: SharedContent }> {
    const name = cleanFileName(given)
    const found = await walkFolder(path, signal)
    const length = found.files.reduce((sum, { look }) => sum + Number(look.size), 0)
    const roots: string[] = []
    let done = 0
    const told: Told = bytes => onProgress?.({ bytes: Math.min(length, done + bytes), length })
    try {
      const packer = new Packer(async bytes => {
        const { root } = await this.#contents.addBytes(bytes, '')
        roots.push(root)
        return { root, size: bytes.byteLength }
      })
      const files: TreeFile[] = []
      let kept: Kept = 'stored'
      for (const { path: below, look, isExecutable } of found.files) {
        signal?.throwIfAborted()
        const size = Number(look.size)
        const from = join(path, below)
        const packed = await packer.add(from, look)
        if (packed === undefined) {
          const added = await this.#contents.addFile(from, look, '', told, signal)
          roots.push(added.measured.root)
          if (added.kept !== 'stored') kept = added.kept
          files.push({ path: below, size, isExecutable, sha256: added.measured.sha256, place: { root: added.measured.root } })
        } else files.push({ path: below, size, isExecutable, ...packed })
        done += size
        told(0)
      }
      const tree: Tree = { files, links: found.links, folders: found.folders, packs: await packer.end() }
      const bytes = encodeTree(tree)
      const { root, sha256 } = await this.#contents.addBytes(bytes, name)
      roots.push(root)
      const url = sharedUrl({ root, name: name || undefined, isTree: true })
      const looks = new Map(found.files.map(({ path: below, look }) => [join(path, below), look]))
      return {
        share: { url, path, bytes: length, files: files.length, roots, looks },
        shared: { url, cid: root, sha256: hex(sha256), bytes: length, files: files.length, kept },
      }
    } catch (error) {
      await this.#contents.drop(roots)
      throw error
    }
  }

  /** Nothing is offered any more of a file that is another one now, or gone; of a folder it ends the whole. */
  async #look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      for (const share of [...this.#shares.values()]) {
        const ended = await firstChange(share.looks)
        if (ended === undefined || this.#shares.get(share.path) !== share) continue
        this.#shares.delete(share.path)
        this.#ctx.emit({ code: 'share-ended', url: share.url, ...ended })
        await this.#contents.drop(share.roots)
      }
    } finally {
      this.#isLooking = false
    }
  }
}

/** Without hints. */
function plain(address: string): string {
  return address.replace(/\?.*/, '')
}

function activeOf({ path, url, bytes, files }: Share): ActiveShare {
  return { path, url, bytes, files, isWatched: false }
}

async function firstChange(looks: ReadonlyMap<string, Look>): Promise<{ path: string; why: 'changed' | 'removed' } | undefined> {
  for (const [path, before] of looks) {
    const now = await lookAt(path).catch(() => undefined)
    if (now === undefined) return { path, why: 'removed' }
    if (!isSame(before, now)) return { path, why: 'changed' }
  }
  return undefined
}
