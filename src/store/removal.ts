// Removes files and folders with as few calls of the system as can be: Node's `rm` looks three times before it removes one.
import { readdir, rm, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'

/** One that is not there is no error. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** A folder of files; whatever else it is goes, too. */
export async function removeFolder(path: string): Promise<void> {
  try {
    await Promise.all((await readdir(path)).map(name => unlink(join(path, name))))
    await rmdir(path)
  } catch {
    await rm(path, { recursive: true, force: true })
  }
}
