// Creates folders that other processes create and remove at the same time.
import { lstat, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DragonflyError, fromSystemError } from '../core/errors.ts'
import { acquireLock, type Lock } from './lock.ts'
import type { Presence } from './presence.ts'

/** How often a folder may be made or removed under our hands: each time somebody else got on with his work. */
const MAX_TRIES = 100

/** Makes the folder and locks it. Whoever removes the entry at the same time takes the folder away: then once more. */
export async function lockFolder(folder: string, signal?: AbortSignal, presence?: Presence): Promise<Lock> {
  for (let left = MAX_TRIES; ; left--) {
    await makeFolder(folder)
    try {
      return await acquireLock(join(folder, 'lock'), signal, presence)
    } catch (error) {
      const isGone = error instanceof DragonflyError && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
      if (!isGone || left === 0) throw error
    }
  }
}

/** Makes a folder and those above it. */
export async function makeFolder(path: string): Promise<void> {
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
export async function emptyTrash(trash: string): Promise<void> {
  for (const name of await readdir(trash)) await rm(join(trash, name), { recursive: true, force: true }).catch(() => {})
}

export async function exists(path: string): Promise<boolean> {
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
