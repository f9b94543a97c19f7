// A store on disk: survives a crash, shared by any number of processes, one at a time per entry.
import { lstat, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { abortError, DragonflyError, fromSystemError } from '../core/errors.ts'
import { DiskBacking } from './disk-backing.ts'
import { PieceEntry } from './entry.ts'
import { acquireLock, type Lock } from './lock.ts'
import { freeBytes } from './space.ts'
import { checkKey, type Store, type StoreEntry, stopped } from './store.ts'

/** How often a folder may be made or removed under our hands: each time somebody else got on with his work. */
const MAX_TRIES = 100

/**
 * Opens the store below `dir` (absolute), made when absent: DIR/entries/KEY/ for each content, DIR/trash/ for what is being
 * deleted. Folders are 0700, files 0600. Rejects with `store-error` or `no-space`.
 */
export async function openDiskStore(dir: string): Promise<Store> {
  await makeFolder(join(dir, 'entries'))
  await makeFolder(join(dir, 'trash'))
  await emptyTrash(join(dir, 'trash'))
  return new DiskStore(dir)
}

class DiskStore implements Store {
  readonly #dir: string
  readonly #open = new Set<StoreEntry>()
  readonly #opening = new Set<Promise<StoreEntry>>()
  #isStopped = false

  constructor(dir: string) {
    this.#dir = dir
  }

  async open(key: string, signal?: AbortSignal): Promise<StoreEntry> {
    checkKey(key)
    if (this.#isStopped) throw stopped()
    const opening = this.#openEntry(key, signal)
    this.#opening.add(opening)
    try {
      return await opening
    } finally {
      this.#opening.delete(opening)
    }
  }

  async keys(): Promise<string[]> {
    try {
      const found = await readdir(join(this.#dir, 'entries'), { withFileTypes: true })
      return found
        .filter(item => item.isDirectory())
        .map(item => item.name)
        .sort()
    } catch (error) {
      throw fromSystemError(error, 'store-error', `cannot read the store ${this.#dir}`)
    }
  }

  async keysOfLength(bytes: number): Promise<string[]> {
    const found: string[] = []
    for (const key of await this.keys()) {
      const size = await stat(join(this.#folder(key), 'data')).then(
        file => file.size,
        () => undefined,
      )
      if (size === bytes) found.push(key)
    }
    return found
  }

  async remove(key: string): Promise<void> {
    checkKey(key)
    if (!(await exists(this.#folder(key)))) return
    const entry = await this.open(key)
    await entry.remove()
  }

  async freeSpace(): Promise<number> {
    try {
      return await freeBytes(this.#dir)
    } catch (error) {
      throw fromSystemError(error, 'store-error', `cannot ask for the free space of ${this.#dir}`)
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.allSettled(this.#opening)
    await Promise.all([...this.#open].map(entry => entry.close()))
  }

  async #openEntry(key: string, signal?: AbortSignal): Promise<StoreEntry> {
    const folder = this.#folder(key)
    const lock = await lockFolder(folder, signal)
    const backing = await DiskBacking.open(folder, join(this.#dir, 'trash'), lock).catch(error => {
      throw fromSystemError(error, 'store-error', `cannot open the store entry ${folder}`)
    })
    if (signal?.aborted || this.#isStopped) {
      await backing.close()
      throw this.#isStopped ? stopped() : abortError(signal)
    }
    const entry: StoreEntry = new PieceEntry(key, backing, () => this.#open.delete(entry))
    this.#open.add(entry)
    return entry
  }

  #folder(key: string): string {
    return join(this.#dir, 'entries', key)
  }
}

/** Makes the folder and locks it. Whoever removes the entry at the same time takes the folder away: then once more. */
async function lockFolder(folder: string, signal?: AbortSignal): Promise<Lock> {
  for (let left = MAX_TRIES; ; left--) {
    await makeFolder(folder)
    try {
      return await acquireLock(join(folder, 'lock'), signal)
    } catch (error) {
      const isGone = error instanceof DragonflyError && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
      if (!isGone || left === 0) throw error
    }
  }
}

/** Makes a folder and those above it. */
async function makeFolder(path: string): Promise<void> {
  try {
    await makePath(path)
  } catch (error) {
    const named = fromSystemError(error, 'store-error', `cannot make the store folder ${path}`)
    if (named.code !== 'store-error') throw named
    throw new DragonflyError('store-error', named.message, { hint: 'choose another place with --store', cause: error })
  }
}

/**
 * Not mkdir's own `recursive`: below a link that leads nowhere (an unmounted disk), and below /proc, the asynchronous one
 * never ends and keeps a thread busy (Node 24.21), and on a full disk it reports ENOENT.
 */
async function makePath(path: string, tries = MAX_TRIES): Promise<void> {
  const parent = dirname(path)
  try {
    await mkdir(path, 0o700)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const inTheWay = code === 'EEXIST' ? await kindOf(path) : 'nothing'
    if (inTheWay === 'folder') return
    // Other processes make and remove folders, too: what was missing may be there by now, what was in the way may be gone.
    if (inTheWay === 'other' || (code !== 'EEXIST' && code !== 'ENOENT') || tries === 0 || parent === path) throw error
    if (code === 'ENOENT' && (await kindOf(parent)) === 'nothing') await makePath(parent, tries - 1)
    await makePath(path, tries - 1)
  }
}

/** Leftovers of a crash while deleting. Whatever does not go now goes the next time. */
async function emptyTrash(trash: string): Promise<void> {
  for (const name of await readdir(trash)) await rm(join(trash, name), { recursive: true, force: true }).catch(() => {})
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

async function kindOf(path: string): Promise<'folder' | 'other' | 'nothing'> {
  return stat(path).then(
    found => (found.isDirectory() ? 'folder' : 'other'),
    () => 'nothing',
  )
}
