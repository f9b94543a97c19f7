// Where an output goes: into a folder under a name to be found, or to a path.
import { stat, utimes } from 'node:fs/promises'
import { dirname, resolve, sep } from 'node:path'

/** Where the file goes: a path that is a folder, or ends like one, leaves the name open. */
export async function locate(file: string): Promise<{ folder: string; name: string | undefined }> {
  const path = resolve(file)
  const isFolder =
    file.endsWith(sep) ||
    file.endsWith('/') ||
    (await stat(path).then(
      s => s.isDirectory(),
      () => false,
    ))
  return isFolder
    ? { folder: path, name: undefined }
    : { folder: dirname(path), name: path.slice(dirname(path).length).replace(/^[\\/]/, '') }
}

/** Gives a finished file the time of its content. Its bytes matter more: what a file system refuses is left. */
export async function setTime(file: string, lastModified: string | undefined): Promise<void> {
  if (lastModified === undefined) return
  const at = new Date(lastModified)
  await utimes(file, at, at).catch(() => {})
}
