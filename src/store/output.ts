// Writes the output file: whole at its path, or not at all.
import { constants, createReadStream } from 'node:fs'
import { access, chmod, type FileHandle, open, rename, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { abortError, DragonflyError, fromSystemError, SYSTEM_REASONS } from '../core/errors.ts'
import { randomName } from '../core/random-name.ts'
import { followLinks } from './follow-links.ts'
import { removeFile } from './removal.ts'

/** Longest file name on the filesystems that we know, bytes. */
const MAX_NAME_BYTES = 255

/** How an output comes to its place. */
export interface Output {
  path: string
  /**
   * `replace`: a new file takes the place of the old one in one step. `overwrite`: into the file that is there, where no other can
   * take its place (a bind mount, a folder that takes no files). `stream`: into a device or a pipe.
   */
  how: 'replace' | 'overwrite' | 'stream'
  /** Permissions of the file there; of a new one 0666 less the umask, or as an ACL says. */
  mode: number
}

/** The bytes of an output. */
export interface OutputSource {
  /** Makes a file of all of them at a path where nothing is. */
  copyTo(path: string): Promise<void>
  /** Fills `into` from `offset`; resolves to the bytes read. */
  read(offset: number, into: Uint8Array): Promise<number>
}

/** Bytes copied at a time. */
const CHUNK = 1024 * 1024

/**
 * Rejects with `output-unwritable` unless `target` (absolute) can be written: a file that can be made or replaced, a file that can
 * at least be overwritten, a character device or a named pipe. Leaves nothing behind. Call it before a download starts.
 */
export async function checkOutput(target: string): Promise<void> {
  await prepareOutput(target)
}

/** As `checkOutput`. A symbolic link is followed (see `followLinks`), one that leads to nothing yet too, so that it stays a link. */
export async function prepareOutput(target: string): Promise<Output> {
  if (!isAbsolute(target)) throw unwritable(target, 'the path is not absolute', 'give the whole path')
  await checkFolder(target, target)
  const kind = await checkTarget(target)
  const path = await followLinks(target)
  if (kind === 'stream') return { path: target, how: 'stream', mode: 0 }
  await checkFolder(target, path)
  try {
    const mode = await tryOut(target, path)
    // an old file keeps its own, less the bits that make a program run as its owner
    return { path, how: 'replace', mode: kind === 'file' ? (await stat(path)).mode & 0o777 : mode }
  } catch (error) {
    if (kind === 'file' && isNoReplacing(error) && (await canOverwrite(path))) return { path, how: 'overwrite', mode: 0 }
    throw error
  }
}

/**
 * Makes a file of exactly `length` bytes at `target`: beside it, then it takes the target's place in one step. Where that cannot
 * be, it is written over what is there. Errors: `output-unwritable`, `no-space`, and what the source throws.
 */
export async function placeFile(target: string, length: number, source: OutputSource, signal?: AbortSignal): Promise<void> {
  const output = await prepareOutput(target)
  try {
    if (output.how === 'replace' && (await replace(target, output, length, source, signal))) return
    await overwrite(output, length, source, signal)
  } catch (error) {
    throw outputError(target, error)
  }
}

/** Resolves to false when the file that is there cannot be replaced, only overwritten: a mount point, one in a folder that takes no files. */
async function replace(
  target: string,
  { path, mode }: Output,
  length: number,
  source: OutputSource,
  signal?: AbortSignal,
): Promise<boolean> {
  const temp = tempPath(path)
  try {
    await copyBeside(temp, length, source, signal)
    const { size } = await stat(temp)
    if (size !== length) throw new DragonflyError('store-error', `wrote ${size} of ${length} bytes to ${target}`)
    await chmod(temp, mode).catch(ignoreNoModes)
    if (signal?.aborted) throw abortError(signal)
    await rename(temp, path)
    return true
  } catch (error) {
    await removeFile(temp).catch(() => {})
    if (isNoReplacing(error) && (await canOverwrite(path))) return false
    throw error
  }
}

/** The system's copy also copies permissions, which some file systems refuse. */
async function copyBeside(temp: string, length: number, source: OutputSource, signal?: AbortSignal): Promise<void> {
  try {
    await source.copyTo(temp)
  } catch (error) {
    ignoreNoModes(error)
    await removeFile(temp)
    await (await open(temp, 'wx', 0o600)).close()
    await overwrite({ path: temp, how: 'overwrite', mode: 0 }, length, source, signal)
  }
}

async function overwrite({ path, how }: Output, length: number, source: OutputSource, signal?: AbortSignal): Promise<void> {
  await overwriteWith(path, how, chunksOf(source, length), signal)
}

async function* chunksOf(source: OutputSource, length: number): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK, length))
  for (let at = 0; at < length; ) {
    const size = await source.read(at, buffer.subarray(0, Math.min(buffer.length, length - at)))
    if (size === 0) throw new DragonflyError('store-error', `the store has ${at} of ${length} bytes`)
    yield buffer.subarray(0, size)
    at += size
  }
}

/** Writes each chunk before it asks for the next one. */
async function overwriteWith(
  path: string,
  how: Output['how'],
  chunks: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  const file = await open(path, how === 'stream' ? 'w' : 'r+')
  try {
    let at = 0
    for await (const chunk of chunks) {
      if (signal?.aborted) throw abortError(signal)
      await writeWhole(file, chunk, how === 'stream' ? null : at)
      at += chunk.byteLength
    }
    if (how !== 'stream') await file.truncate(at)
  } finally {
    await file.close()
  }
}

/** Makes a file of `bytes`, as they come, at `target`, as `placeFile` does. Errors: its, and those of `bytes`. */
export async function placeBytes(target: string, bytes: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
  const { path, how, mode } = await prepareOutput(target)
  const temp = tempPath(path)
  try {
    if (how !== 'replace') return await overwriteWith(path, how, bytes, signal)
    // its owner's alone until it has the permissions of the file that it replaces
    await writeFile(temp, bytes, { flag: 'wx', mode: 0o600 })
    await chmod(temp, mode).catch(ignoreNoModes)
    if (signal?.aborted) throw abortError(signal)
    await rename(temp, path).catch(async error => {
      if (!isNoReplacing(error) || !(await canOverwrite(path))) throw error
      await overwriteWith(path, 'overwrite', createReadStream(temp), signal)
    })
  } catch (error) {
    throw outputError(target, error)
  } finally {
    await removeFile(temp).catch(() => {})
  }
}

async function writeWhole(file: FileHandle, bytes: Uint8Array, position: number | null): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const at = position === null ? null : position + done
    done += (await file.write(bytes, done, bytes.byteLength - done, at)).bytesWritten
  }
}

/** Throws every error but that of a file system that knows no permissions. */
export function ignoreNoModes(error: unknown): void {
  if (!NO_MODES.has(codeOf(error))) throw error
}

/** Whether a file that is there may be overwritten all the same. */
export function isNoReplacing(error: unknown): boolean {
  return NO_REPLACING.has(codeOf(error))
}

function codeOf(error: unknown): string {
  const { cause } = error as Error
  return String(((error instanceof DragonflyError ? cause : error) as NodeJS.ErrnoException | undefined)?.code)
}

const NO_MODES: ReadonlySet<string> = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL'])
const NO_REPLACING: ReadonlySet<string> = new Set(['EBUSY', 'EACCES', 'EPERM', 'EROFS'])

/** Asking for permission is no proof. */
async function canOverwrite(path: string): Promise<boolean> {
  return await open(path, 'r+').then(
    async file => {
      await file.close()
      return true
    },
    () => false,
  )
}

/** `.NAME.df-PID-RANDOM` in the target's folder, the name shortened so that the whole fits. */
export function tempPath(path: string): string {
  const end = `.df-${process.pid}-${randomName()}`
  let name = basename(path)
  while (Buffer.byteLength(name) > MAX_NAME_BYTES - 1 - end.length) name = [...name].slice(0, -1).join('')
  return join(dirname(path), `.${name}${end}`)
}

/** `path`: what `target` leads to. */
async function checkFolder(target: string, path: string): Promise<void> {
  const folder = dirname(path)
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

/**
 * What is at `target`: a file, a device or pipe that takes a stream, or nothing. Rejects with `output-unwritable` for a folder, a
 * socket, a block device (a mistake there costs a disk) and what may not be written. Touches nothing.
 */
export async function checkTarget(target: string): Promise<'file' | 'stream' | 'nothing'> {
  try {
    const found = await stat(target)
    if (found.isFile()) return 'file'
    if (found.isDirectory()) throw unwritable(target, 'it is a folder', 'name a file in it with -o')
    if (!found.isCharacterDevice() && !found.isFIFO()) throw unwritable(target, 'it is a block device or a socket', TO_STDOUT)
    await access(target, constants.W_OK)
    return 'stream'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'nothing'
    throw outputError(target, error)
  }
}

const TO_STDOUT = 'write to standard output with -o -'

/** Asking for permission is no proof (root, read-only mounts, /proc): make a file and see. Resolves to its mode. */
async function tryOut(target: string, path: string): Promise<number> {
  const temp = tempPath(path)
  try {
    const file = await open(temp, 'wx', 0o666)
    try {
      return (await file.stat()).mode & 0o777
    } finally {
      await file.close()
      await removeFile(temp)
    }
  } catch (error) {
    throw outputError(target, error)
  }
}

const ELSEWHERE = 'choose another path with -o'
const REASONS: Record<string, string> = {
  EACCES: 'no permission to write there',
  EPERM: 'no permission to write there',
  EBUSY: 'something is mounted there',
}

/** These are `no-space`. */
const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** A system error at the output in our words: `output-unwritable` or `no-space`. Errors of ours stay what they are. */
export function outputError(target: string, error: unknown): DragonflyError {
  const { code = '' } = error as NodeJS.ErrnoException
  const why = REASONS[code] ?? (NO_ROOM.has(code) ? undefined : SYSTEM_REASONS[code])
  if (why !== undefined && !(error instanceof DragonflyError)) return unwritable(target, why, ELSEWHERE, error)
  return fromSystemError(error, 'output-unwritable', `cannot write ${target}`)
}

function unwritable(target: string, why: string, hint: string, cause?: unknown): DragonflyError {
  return new DragonflyError('output-unwritable', `cannot write ${target}: ${why}`, { hint, cause })
}
