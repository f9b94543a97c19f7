// Creates folders that other processes create and remove at the same time.
import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DragonflyError, fromSystemError } from '../core/errors.ts'
import { acquireLock, type Lock } from './lock.ts'
import { makePath } from './make-path.ts'
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
    await makePath(path, 0o700)
  } catch (error) {
    const named = fromSystemError(error, 'store-error', `cannot make the store folder ${path}`)
    if (named.code !== 'store-error') throw named
    throw new DragonflyError('store-error', named.message, { hint: 'choose another place with --store', cause: error })
  }
}

/** An entry is made within milliseconds; on a disk that hangs, within so long, ms. */
const MAKING_MS = 600_000

/** Leftovers of a crash while entries were made. Other processes make theirs there right now. */
export async function emptyMaking(making: string): Promise<void> {
  for (const name of await readdir(making)) {
    const { mtimeMs } = await lstat(join(making, name)).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs > MAKING_MS) await rm(join(making, name), { recursive: true, force: true }).catch(() => {})
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
