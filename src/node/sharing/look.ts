// Opens a file that is shared, and says whether it is still the one that was shared: by inode, length and time of the last write.
import { constants } from 'node:fs'
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DragonflyError, fromSystemError } from '../../core/errors.ts'

/** A file as it was when it was shared. */
export interface Look {
  ino: bigint
  /** Bytes. */
  size: bigint
  mtimeNs: bigint
}

/** Of a path without links. Rejects with `bad-option` for what is no file that can be seen. */
export async function lookAt(path: string): Promise<Look> {
  const found = await lstat(path, { bigint: true }).catch(error => {
    throw unreadable(path, error)
  })
  if (!found.isFile()) throw new DragonflyError('bad-option', `${path} is no file`, { hint: 'name a file or a folder' })
  const { ino, size, mtimeNs } = found
  return { ino, size, mtimeNs }
}

export function isSame(a: Look, b: Look): boolean {
  return a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs
}

/**
 * Gives a file to `read`, which has to end with it. The path has no links, and none is followed: where somebody else may write to a folder
 * that is shared, a link that he puts there must not make us give away what only we can read. Rejects with `bad-option`, or
 * `origin-changed` where it is not the file of the look any more.
 */
export async function withFile<T>(path: string, look: Look, read: (file: FileHandle) => Promise<T>): Promise<T> {
  // a named pipe that took its place keeps nobody waiting
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
  const file = await open(path, flags).catch(error => {
    throw error.code === 'ELOOP' ? changed(path) : unreadable(path, error)
  })
  try {
    const found = await file.stat({ bigint: true })
    if (!found.isFile() || !isSame(look, found) || !(await liesAt(file, path))) throw changed(path)
    return await read(file)
  } finally {
    await file.close()
  }
}

/** Whether no folder on the way was a link when it was opened. Linux knows; elsewhere it is looked at afterwards. */
async function liesAt(file: FileHandle, path: string): Promise<boolean> {
  const opened = process.platform === 'linux' ? await readlink(`/proc/self/fd/${file.fd}`).catch(() => undefined) : undefined
  if (opened !== undefined) return opened === path
  return (await realpath(dirname(path)).catch(() => '')) === dirname(path)
}

export function changed(path: string): DragonflyError {
  return new DragonflyError('origin-changed', `${path} changed while it was read`, { hint: 'share it again', retryable: true })
}

export function unreadable(path: string, error: unknown): Error {
  const { code } = error as { code?: unknown }
  const why = code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'no permission' : undefined
  if (why !== undefined) return new DragonflyError('bad-option', `cannot read ${path}: ${why}`)
  return fromSystemError(error, 'bad-option', `cannot read ${path}`)
}
