// Says whether a file is still the one that was verified: by device, inode, length and times, as git and make do.
import type { FileHandle } from 'node:fs/promises'

/** What the system says of a file. Times are nanoseconds since 1970. */
export interface Stamp {
  dev: bigint
  ino: bigint
  size: bigint
  mtimeNs: bigint
  ctimeNs: bigint
  /** Names that the file has. */
  nlink: bigint
}

export async function stampOf(file: FileHandle): Promise<Stamp> {
  const { dev, ino, size, mtimeNs, ctimeNs, nlink } = await file.stat({ bigint: true })
  return { dev, ino, size, mtimeNs, ctimeNs, nlink }
}

/**
 * Whether nobody has written to the file in between. The time of change (ctime) cannot be set by a program, but a hard link that is
 * made or removed changes it, too: then the time of the last write (mtime) has to do.
 */
export function isUntouched(before: Stamp, now: Stamp): boolean {
  const isSameFile = before.dev === now.dev && before.ino === now.ino && before.size === now.size
  if (!isSameFile || before.mtimeNs !== now.mtimeNs) return false
  return before.ctimeNs === now.ctimeNs || before.nlink !== now.nlink
}
