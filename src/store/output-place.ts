// Where an output goes: into a folder under a name to be found, or to a path.
import { stat, utimes } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { fileNameFromUrl } from '../core/file-name.ts'
import { placeNew } from './new-file.ts'
import { checkTarget } from './output.ts'

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

/** What decides how an output gets its name. */
export interface OutputWish {
  /** Folder of the output, and its name there; undefined: the content's own. */
  folder: string
  name: string | undefined
  /** The content's own name, cleaned. */
  fileName: string
  /** The name that the caller makes of it. */
  nameFile: ((fileName: string) => string) | undefined
  url: string
  /** Whether a file that is there may be replaced; undefined: by a name that the caller gave, as path or at the end of the URL. */
  replace: boolean | undefined
}

export interface OutputTarget {
  /** Where it goes, or would go if nothing were there. */
  path: string
  /** Whether it is a device or a named pipe. */
  isStream: boolean
  /** False: a name beside it is taken where something is there. */
  mayReplace: boolean
}

/** Rejects with `output-unwritable` for what cannot be written. */
export async function targetOf({ folder, name, fileName, nameFile, url, replace }: OutputWish): Promise<OutputTarget> {
  const path = join(folder, name ?? (nameFile === undefined ? fileName : nameFile(fileName)))
  const mayReplace = replace ?? (name !== undefined || fileName === fileNameFromUrl(url))
  // what was named is written to, if it is a device; what an origin named never is
  const isStream = (name !== undefined || mayReplace) && (await kindAt(path, mayReplace)) === 'stream'
  return { path, isStream, mayReplace: mayReplace || isStream }
}

/** What stays may be anything, a folder too. */
async function kindAt(path: string, mayReplace: boolean): Promise<Awaited<ReturnType<typeof checkTarget>>> {
  const kind = checkTarget(path)
  return await (mayReplace ? kind : kind.catch(() => 'file' as const))
}

/** Has `make` make the file, at the target or beside it. Resolves to the path of the output. */
export async function placeAt(
  { path, mayReplace }: OutputTarget,
  make: (path: string) => Promise<void>,
  signal?: AbortSignal,
): Promise<string> {
  if (!mayReplace) return await placeNew(path, make, signal)
  await make(path)
  return path
}

/** Gives a finished file the time of its content. Its bytes matter more: what a file system refuses is left. */
export async function setTime(file: string, lastModified: string | undefined): Promise<void> {
  if (lastModified === undefined) return
  const at = new Date(lastModified)
  await utimes(file, at, at).catch(() => {})
}
