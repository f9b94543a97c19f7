// Places an output under a name that nothing has: what is there is never replaced.
import { constants } from 'node:fs'
import { type FileHandle, link, lstat, open, rename } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { abortError, DragonflyError } from '../core/errors.ts'
import { cutText } from '../core/file-name.ts'
import { MAX_FILE_NAME_BYTES } from '../core/manifest.ts'
import { NO_LINKS } from './lock.ts'
import { outputError, tempPath } from './output.ts'
import { removeFile } from './removal.ts'

/** Names that are tried, so that a folder full of them ends in an error, not in a search for ever. */
export const MAX_TRIED_NAMES = 10_000
/** Bytes compared at a time. */
const CHUNK = 1024 * 1024

/**
 * Places a file at `target` (absolute), or where something else is there already, as wget has it, at the first of `target.1`,
 * `target.2`, … that is free. A file that has the very same bytes counts as the output and stays as it is. `make` makes the file at
 * the path that it is given, beside the target. Resolves to the path of the output. Rejects with `output-unwritable`, `no-space`,
 * the abort, and what `make` rejects with; then nothing is left.
 */
export async function placeNew(target: string, make: (path: string) => Promise<void>, signal?: AbortSignal): Promise<string> {
  const temp = tempPath(target)
  try {
    await make(temp)
    for (let n = 0; n < MAX_TRIED_NAMES; n++) {
      const path = numbered(target, n)
      if ((await isFree(path)) ? await settle(temp, path) : await haveSameBytes(temp, path, signal)) return path
    }
    throw new DragonflyError('output-unwritable', `cannot write ${target}: ${MAX_TRIED_NAMES} files of that name are there`, {
      hint: 'choose another path with -o',
    })
  } catch (error) {
    throw outputError(target, error)
  } finally {
    await removeFile(temp).catch(() => {})
  }
}

/** `NAME.N`, the name shortened so that the whole fits; `NAME` itself for 0. */
function numbered(target: string, n: number): string {
  const end = n === 0 ? '' : `.${n}`
  return join(dirname(target), `${cutText(basename(target), MAX_FILE_NAME_BYTES - end.length)}${end}`)
}

/** A link that leads nowhere is something, too. */
async function isFree(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => false,
    error => {
      if (error.code === 'ENOENT') return true
      throw error
    },
  )
}

/** Whole or not at all, in one step. Resolves to false when somebody else took the name meanwhile. */
async function settle(temp: string, path: string): Promise<boolean> {
  try {
    await link(temp, path)
    return true
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (!NO_LINKS.has(code)) throw error
    return await settleWithoutLinks(temp, path)
  }
}

/** There the name is taken first by an empty file of ours, which is then replaced. */
async function settleWithoutLinks(temp: string, path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx')).close()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  await rename(temp, path)
  return true
}

/** Whether `path` is a file, no link, of the same bytes. One that cannot be read is not. */
async function haveSameBytes(ours: string, path: string, signal: AbortSignal | undefined): Promise<boolean> {
  const files: FileHandle[] = []
  try {
    const [mine, theirs] = await Promise.all([lstat(ours), lstat(path)])
    if (!mine.isFile() || !theirs.isFile() || mine.size !== theirs.size) return false
    for (const file of [ours, path])
      files.push(await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK))
    return await areSame(files as [FileHandle, FileHandle], mine.size, signal)
  } catch (error) {
    if (error instanceof DragonflyError) throw error
    return false
  } finally {
    for (const file of files) await file.close()
  }
}

async function areSame([one, other]: [FileHandle, FileHandle], size: number, signal: AbortSignal | undefined): Promise<boolean> {
  const length = Math.min(CHUNK, size)
  const buffers = [Buffer.alloc(length), Buffer.alloc(length)] as const
  for (let at = 0; at < size; ) {
    if (signal?.aborted) throw abortError(signal)
    const [a, b] = await Promise.all([one.read(buffers[0], 0, length, at), other.read(buffers[1], 0, length, at)])
    const read = Math.min(a.bytesRead, b.bytesRead)
    if (read === 0 || !buffers[0].subarray(0, read).equals(buffers[1].subarray(0, read))) return false
    at += read
  }
  return true
}
