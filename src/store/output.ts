// Output: a file appears whole at its path, or not at all.
import { randomUUID } from 'node:crypto'
import { chmod, open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { abortError, DragonflyError, fromSystemError } from '../core/errors.ts'

/** Longest file name on the filesystems that we know, bytes. */
const MAX_NAME_BYTES = 255

/** Where the file goes, and with which permissions a new file is made there (0666 less the umask, or as an ACL says). */
export interface Output {
  path: string
  mode: number
}

/**
 * Rejects with `output-unwritable` unless a file can be made at `target` (absolute): its folder is there, is a folder and
 * takes files, and target itself is no folder, device or pipe. Leaves nothing behind. Call it before a download starts.
 */
export async function checkOutput(target: string): Promise<void> {
  await prepareOutput(target)
}

/** As `checkOutput`. A symbolic link is followed, so that the file behind it is replaced and not the link. */
export async function prepareOutput(target: string): Promise<Output> {
  if (!isAbsolute(target)) throw unwritable(target, 'the path is not absolute', 'give the whole path')
  await checkFolder(target)
  await checkTarget(target)
  const path = await realpath(target).catch(() => target)
  return { path, mode: await tryOut(target, path) }
}

/**
 * Makes a file of exactly `length` bytes (undefined: however many) at `target`: `fill` writes it to the path it gets (beside the target, absent),
 * then it takes the target's place in one step. Errors: `output-unwritable`, `no-space`, and what `fill` throws.
 */
export async function placeFile(
  target: string,
  length: number | undefined,
  fill: (temp: string) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const { path, mode } = await prepareOutput(target)
  const temp = tempPath(path)
  try {
    await fill(temp)
    const { size } = await stat(temp)
    if (length !== undefined && size !== length)
      throw new DragonflyError('store-error', `wrote ${size} of ${length} bytes to ${target}`)
    await chmod(temp, mode)
    if (signal?.aborted) throw abortError(signal)
    await rename(temp, path)
  } catch (error) {
    await rm(temp, { force: true }).catch(() => {})
    throw outputError(target, error)
  }
}

/** Makes a file of `bytes`, as they come, at `target`, as `placeFile` does. Errors: its, and those of `bytes`. */
export async function placeBytes(target: string, bytes: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
  await placeFile(target, undefined, temp => writeFile(temp, bytes, { flag: 'wx' }), signal)
}

/** `.NAME.df-PID-RANDOM` in the target's folder, the name shortened so that the whole fits. */
export function tempPath(path: string): string {
  const end = `.df-${process.pid}-${randomUUID().slice(0, 8)}`
  let name = basename(path)
  while (Buffer.byteLength(name) > MAX_NAME_BYTES - 1 - end.length) name = [...name].slice(0, -1).join('')
  return join(dirname(path), `.${name}${end}`)
}

async function checkFolder(target: string): Promise<void> {
  const folder = dirname(target)
  try {
    if ((await stat(folder)).isDirectory()) return
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') {
      throw unwritable(target, `the folder ${folder} does not exist`, `create it first: mkdir -p ${folder}`, error)
    }
    if (code !== 'ENOTDIR') throw outputError(target, error)
  }
  throw unwritable(target, `${folder} is not a folder`, ELSEWHERE)
}

/** Rejects with `output-unwritable` when `target` itself is a folder, device or pipe. Touches nothing. */
export async function checkTarget(target: string): Promise<void> {
  try {
    const found = await stat(target)
    if (found.isFile()) return
    if (found.isDirectory()) throw unwritable(target, 'it is a folder', 'name a file in it with -o')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw outputError(target, error)
  }
  // Renaming over /dev/null would replace the device.
  throw unwritable(target, 'it is not a regular file', 'use -o - to write to standard output')
}

/** Asking for permission is no proof (root, read-only mounts, /proc): make a file and see. Resolves to its mode. */
async function tryOut(target: string, path: string): Promise<number> {
  const temp = tempPath(path)
  try {
    const file = await open(temp, 'wx', 0o666)
    try {
      return (await file.stat()).mode & 0o777
    } finally {
      await file.close()
      await rm(temp, { force: true })
    }
  } catch (error) {
    throw outputError(target, error)
  }
}

const ELSEWHERE = 'choose another path with -o'
const REASONS: Record<string, string> = {
  EACCES: 'no permission to write there',
  EPERM: 'no permission to write there',
  EROFS: 'the filesystem is read-only',
  ENAMETOOLONG: 'the name is too long',
}

/** A system error at the output in our words: `output-unwritable` or `no-space`. Errors of ours stay what they are. */
export function outputError(target: string, error: unknown): DragonflyError {
  const why = REASONS[String((error as NodeJS.ErrnoException).code)]
  if (why !== undefined && !(error instanceof DragonflyError)) return unwritable(target, why, ELSEWHERE, error)
  return fromSystemError(error, 'output-unwritable', `cannot write ${target}`)
}

function unwritable(target: string, why: string, hint: string, cause?: unknown): DragonflyError {
  return new DragonflyError('output-unwritable', `cannot write ${target}: ${why}`, { hint, cause })
}
