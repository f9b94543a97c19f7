// Makes an output that is a hard link of a file in the store.
import { chmod, link, rename, rm } from 'node:fs/promises'
import { outputError, prepareOutput, tempPath } from './output.ts'

/** Not on one device, another user's file, too many names, or no hard links there. */
const CANNOT_LINK: ReadonlySet<unknown> = new Set(['EXDEV', 'EPERM', 'EACCES', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])
/** Nobody may write: whoever edits the output in place would edit the file in the store. */
const READ_ONLY = 0o444

/**
 * Makes `target` (absolute) another name of `file`, in one step and read-only, for the file in the store too. Resolves to false, and
 * nothing has changed, where that cannot be. Rejects with `output-unwritable` or `no-space`.
 */
export async function linkFile(file: string, target: string): Promise<boolean> {
  const { path, how, mode } = await prepareOutput(target)
  if (how !== 'replace') return false
  const temp = tempPath(path)
  try {
    await link(file, temp)
    await chmod(temp, mode & READ_ONLY)
    await rename(temp, path)
    return true
  } catch (error) {
    if (CANNOT_LINK.has((error as NodeJS.ErrnoException).code)) return false
    throw outputError(target, error)
  } finally {
    // rename does nothing where both are names of one file already
    await rm(temp, { force: true })
  }
}
