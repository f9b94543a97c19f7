// Checks the free space of a disk before it is needed.
import { readFile, statfs } from 'node:fs/promises'
import prettyBytes from 'pretty-bytes'
import { DragonflyError } from '../core/errors.ts'

/** Kept free in any case: so many bytes, or this share of a small disk. */
const MARGIN = 256 * 1024 * 1024
const MARGIN_SHARE = 1 / 32

/** Bytes that we may still write below `dir`, and all that the disk has; Infinity where the filesystem does not tell. */
export async function diskOf(dir: string): Promise<{ free: number; size: number }> {
  const { bavail, bsize, blocks } = await statfs(dir)
  return blocks === 0 ? { free: Infinity, size: Infinity } : { free: bavail * bsize, size: blocks * bsize }
}

/** Bytes that stay free on a disk of `size` bytes: other programs and our own small files need some. */
export function marginOf(size: number): number {
  return Math.min(MARGIN, size * MARGIN_SHARE)
}

/** Rejects with `no-space` when `bytes` more and the margin do not fit below `dir`. In doubt they do: the write itself will tell. */
export async function ensureSpace(dir: string, bytes: number): Promise<void> {
  const { free, size } = await diskOf(dir).catch(() => ({ free: Infinity, size: Infinity }))
  const margin = marginOf(size)
  if (bytes > 0 && bytes + margin > free) throw shortOf(dir, bytes, free, margin)
}

/** Magic number of FAT (linux/magic.h), and the longest file there, bytes. */
const FAT = 0x4d44
const MAX_FAT_FILE = 2 ** 32 - 1

/** Bytes that a file of this process may have (`ulimit -f`), as it was when it was first asked for. */
let fileLimit: Promise<number> | undefined

async function readFileLimit(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'latin1').catch(() => '')
  return Number(/^Max file size +(\d+)/m.exec(limits)?.[1] ?? Infinity)
}

/** Rejects with `no-space` when no file of `bytes` can be below `dir`, whatever is free: on FAT, or under `ulimit -f`. */
export async function ensureFileSize(dir: string, bytes: number): Promise<void> {
  fileLimit ??= readFileLimit()
  const limit = await fileLimit
  const isTooLong = bytes > limit || (bytes > MAX_FAT_FILE && (await isFat(dir)))
  if (!isTooLong) return
  const why =
    bytes > limit ? `files of this process may have ${human(limit)} (ulimit -f)` : 'FAT has files of less than 4 GiB only'
  throw new DragonflyError('no-space', `a file of ${human(bytes)} is too large for ${dir}: ${why}`, {
    hint: bytes > limit ? 'raise the limit' : 'choose another place with -o and --store',
  })
}

async function isFat(dir: string): Promise<boolean> {
  return await statfs(dir).then(
    ({ type }) => type === FAT,
    () => false,
  )
}

/** All in bytes. */
export function shortOf(dir: string, needed: number, free: number, margin: number): DragonflyError {
  const kept = `${human(margin)} of it stay free`
  return new DragonflyError('no-space', `${dir} needs ${human(needed)} but has only ${human(free)} free (${kept})`, {
    hint: 'free some space or choose another place with -o and --store',
  })
}

export function human(bytes: number): string {
  return prettyBytes(bytes, { binary: true })
}
