// Puts a user's file into the store: shares its blocks, or the file itself, and copies only where neither can be.
import { constants, copyFile, link, lstat, rename } from 'node:fs/promises'
import { fromSystemError } from '../core/errors.ts'
import { removeFile } from './removal.ts'
import type { FileTaken } from './store.ts'

/** In a try to share: whatever the reason is, a copy may do. */
const WAYS: readonly [FileTaken, (from: string, to: string) => Promise<void>][] = [
  ['reflink', (from, to) => copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE)],
  ['link', hardLink],
]

/** Of the file itself: a link in its place would lead wherever it is made to lead later. */
async function hardLink(from: string, to: string): Promise<void> {
  await link(from, to)
  if ((await lstat(to)).isFile()) return
  await removeFile(to)
  throw new Error(`${from} is no file`)
}

/** `target` takes its bytes from `file` in one step. `makeRoom`: called before a copy is made. Rejects with `no-space` or `store-error`. */
export async function takeFile(file: string, target: string, makeRoom: () => Promise<void>): Promise<FileTaken> {
  const temp = `${target}.taken`
  await removeFile(temp)
  try {
    for (const [how, take] of WAYS) {
      if (
        !(await take(file, temp).then(
          () => true,
          () => false,
        ))
      )
        continue
      await rename(temp, target)
      return how
    }
    await makeRoom()
    await copyFile(file, temp, constants.COPYFILE_EXCL)
    await rename(temp, target)
    return 'copy'
  } catch (error) {
    throw fromSystemError(error, 'store-error', `cannot take ${file} into the store`)
  } finally {
    await removeFile(temp)
  }
}
