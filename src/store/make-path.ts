// Makes a folder and those above it.
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** How often a folder may be made or removed under our hands: each time somebody else got on with his work. */
const MAX_TRIES = 100

/**
 * Makes a folder and those above it, with these permissions less the umask. Rejects with the system's error.
 *
 * Not mkdir's own `recursive`: below a link that leads nowhere (an unmounted disk), and below /proc, the asynchronous one
 * never ends and keeps a thread busy (Node 24.21), and on a full disk it reports ENOENT.
 */
export async function makePath(path: string, mode: number, tries = MAX_TRIES): Promise<void> {
  const parent = dirname(path)
  try {
    await mkdir(path, mode)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const inTheWay = code === 'EEXIST' ? await kindOf(path) : 'nothing'
    if (inTheWay === 'folder') return
    // Other processes make and remove folders, too: what was missing may be there by now, what was in the way may be gone.
    if (inTheWay === 'other' || (code !== 'EEXIST' && code !== 'ENOENT') || tries === 0 || parent === path) throw error
    if (code === 'ENOENT' && (await kindOf(parent)) === 'nothing') await makePath(parent, mode, tries - 1)
    await makePath(path, mode, tries - 1)
  }
}

async function kindOf(path: string): Promise<'folder' | 'other' | 'nothing'> {
  return stat(path).then(
    found => (found.isDirectory() ? 'folder' : 'other'),
    () => 'nothing',
  )
}
