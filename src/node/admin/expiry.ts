// Unfinished downloads that nobody goes on with (a signed URL never comes again) are removed after a while.
import type { DiskStore } from '../../store/disk-store.ts'
import { isPrivateEntry, loadManifest } from '../content/manifest-records.ts'

/** An unfinished download that nobody has gone on with for so long is removed, ms. */
export const UNFINISHED_MS = 7 * 24 * 60 * 60_000
const EXPIRY_MS = 60 * 60_000
/** A run in passing looks at so many entries, and begins no removal after so long, ms. */
const LIGHT = { entries: 256, ms: 1000 }

/** Removes unfinished downloads that have expired; resolves to how many. What cannot be opened now stays for the next time. */
export async function removeExpired(disk: DiskStore, most = Infinity, ms = Infinity): Promise<number> {
  const end = performance.now() + ms
  let removed = 0
  for (const key of await disk.unusedSince(Date.now() - UNFINISHED_MS, most)) {
    if (performance.now() > end) break
    if (await removeUnfinished(disk, key).catch(() => false)) removed++
  }
  return removed
}

/** Looks for such downloads every hour, as a daemon or a seed may run for months. Returns what ends it. */
export function expireFromTimeToTime(disk: DiskStore): () => void {
  const timer = setInterval(() => void removeSomeExpired(disk), EXPIRY_MS).unref()
  return () => clearInterval(timer)
}

/** As `removeExpired`, in passing: at the end of a download. Never rejects. */
export async function removeSomeExpired(disk: DiskStore): Promise<void> {
  await removeExpired(disk, LIGHT.entries, LIGHT.ms).catch(() => {})
}

async function removeUnfinished(disk: DiskStore, key: string): Promise<boolean> {
  const entry = await disk.open(key)
  const isFinished = !isPrivateEntry(key) && (await loadManifest(entry).catch(() => undefined))?.manifest.seal !== undefined
  await (isFinished ? entry.close() : entry.remove())
  return !isFinished
}
