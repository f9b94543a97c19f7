// Has a download build what it can of the file that it is going to replace.
import { join } from 'node:path'
import { fileNameFromUrl } from '../core/file-name.ts'
import { openOldFile, sizeOfOldFile } from '../store/old-file.ts'
import type { ActiveTask } from './session/active-task.ts'
import { MIN_OLD_BYTES } from './session/reuse.ts'

/** Whether there seems to be an older version where the output goes. `name`: undefined: the content's own, which the URL may tell. */
export async function hasOldOutput(folder: string, name: string | undefined, url: string): Promise<boolean> {
  const likely = name ?? fileNameFromUrl(url)
  return likely !== undefined && ((await sizeOfOldFile(join(folder, likely))) ?? 0) >= MIN_OLD_BYTES
}

/** Takes what is at `path`, if it is a file. It is only read: the new one takes its place whole. The version must be known. */
export async function reuseOutput(active: ActiveTask, path: string): Promise<void> {
  if (active.isWhole) return
  active.reuse.take(await openOldFile(path, MIN_OLD_BYTES))
}
