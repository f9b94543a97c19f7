// Lists what is on the disk, without opening or locking entries.
import type { Stats } from 'node:fs'
import { open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isLocked } from './lock.ts'
import type { Occupant, SharedData } from './occupancy.ts'
import { FRAME_BYTES, parseRecords } from './records.ts'

/** POSIX: st_blocks counts these, whatever the filesystem's own block is. */
const BLOCK = 512
/** Longest first record that is looked at, bytes: what it is, its version, its length. */
const MAX_FIRST_RECORD = 64 * 1024
/** Longest label, characters. */
export const MAX_LABEL = 1000
/** Entries looked at together. */
const AT_ONCE = 16

/** One entry as it lies there; holes take no bytes. */
export interface Found extends Occupant {
  /** When it was made, and used last; milliseconds since 1970. */
  since: number
  lastUsed: number
}

/** Entries below `folder`. One that goes away meanwhile is left out. */
export async function takeInventory(folder: string): Promise<Found[]> {
  const keys = (await readdir(folder, { withFileTypes: true })).filter(item => item.isDirectory()).map(item => item.name)
  const found: (Found | undefined)[] = []
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    found.push(...(await Promise.all(keys.slice(at, at + AT_ONCE).map(key => look(folder, key)))))
  }
  return found.filter(entry => entry !== undefined)
}

async function look(folder: string, key: string): Promise<Found | undefined> {
  const at = (name: string) => stat(join(folder, key, name)).catch(() => undefined)
  const [data, marks, records] = await Promise.all(['data', 'marks', 'records'].map(at))
  const itself = marks === undefined || records === undefined ? await at('.') : undefined
  const [used, made] = [marks ?? itself, records ?? itself]
  if (used === undefined || made === undefined) return undefined
  const bytes = [data, marks, records].reduce((sum, file) => sum + (file === undefined ? 0 : onDisk(file)), 0)
  const { birthtimeMs, mtimeMs } = made
  // where the filesystem keeps no birth time
  const since = birthtimeMs > 0 ? birthtimeMs : mtimeMs
  return { key, bytes, shared: data && sharedOf(data), since, lastUsed: used.mtimeMs }
}

/** When the entry was used last, ms since 1970; undefined: it is gone. */
export async function lastUseOf(folder: string, key: string): Promise<number | undefined> {
  for (const name of ['marks', '.']) {
    const found = await stat(join(folder, key, name)).catch(() => undefined)
    if (found !== undefined) return found.mtimeMs
  }
  return undefined
}

/** Equal bytes under several keys are one file (StoreEntry.shareData). */
function sharedOf(data: Stats): SharedData | undefined {
  return data.nlink > 1 ? { file: `${data.dev}:${data.ino}`, bytes: onDisk(data) } : undefined
}

/** Windows knows no blocks: there the length counts, holes too. */
export function onDisk({ blocks, size }: { blocks?: number; size: number }): number {
  return blocks === undefined || (blocks === 0 && process.platform === 'win32') ? size : blocks * BLOCK
}

/** Whether a living process, ours too, works with the entry. */
export async function isInUse(folder: string, key: string): Promise<boolean> {
  return await isLocked(join(folder, key, 'lock'))
}

/** What the entry says it is; undefined when nobody told it. */
export async function labelOf(folder: string, key: string): Promise<string | undefined> {
  const text = await readFile(join(folder, key, 'label'), 'utf8').catch(() => undefined)
  return text === undefined || text === '' ? undefined : text.slice(0, MAX_LABEL)
}

/** The first record of an entry; undefined when it has none that is whole. */
export async function firstRecord(folder: string, key: string): Promise<Uint8Array | undefined> {
  const file = await open(join(folder, key, 'records'), 'r').catch(() => undefined)
  if (file === undefined) return undefined
  try {
    const bytes = new Uint8Array(FRAME_BYTES + MAX_FIRST_RECORD)
    const { bytesRead } = await file.read(bytes, 0, bytes.byteLength, 0)
    return parseRecords(bytes.subarray(0, bytesRead)).records[0]
  } catch {
    return undefined
  } finally {
    await file.close()
  }
}
