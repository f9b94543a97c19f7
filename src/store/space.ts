// Room on a disk, asked for before it is needed.
import { statfs } from 'node:fs/promises'
import prettyBytes from 'pretty-bytes'
import { DragonflyError } from '../core/errors.ts'

/** Bytes that we may still write below `dir`; Infinity where the filesystem does not tell. Rejects with a system error. */
export async function freeBytes(dir: string): Promise<number> {
  const { bavail, bsize, blocks } = await statfs(dir)
  return blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize
}

/** Rejects with `no-space` when `bytes` more do not fit below `dir`. In doubt they do: the write itself will tell. */
export async function ensureSpace(dir: string, bytes: number): Promise<void> {
  const free = await freeBytes(dir).catch(() => Number.POSITIVE_INFINITY)
  if (bytes <= free) return
  throw new DragonflyError('no-space', `${dir} needs ${human(bytes)} but has only ${human(free)} free`, {
    hint: 'free some space or choose another place with -o and --store',
  })
}

function human(bytes: number): string {
  return prettyBytes(bytes, { binary: true })
}
