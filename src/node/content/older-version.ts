// Finds the version of a content that the store has from before, for the pieces that it shares with the new one.
import type { OldBytes } from '../../store/old-file.ts'
import type { Store, StoreEntry } from '../../store/store.ts'
import { type CachedManifest, isPrivateEntry, loadManifest } from './manifest-records.ts'

/**
 * Opens the newest whole version of a task besides `key`, of at least so many bytes. While it is open it is not removed; it goes with
 * `discard`. Undefined: there is none.
 */
export async function openOlder(store: Store, task: string, key: string, least: number): Promise<OldBytes | undefined> {
  let best: { entry: StoreEntry; cached: CachedManifest } | undefined
  for (const other of await store.keysOf(task)) {
    if (other === key || isPrivateEntry(other)) continue
    const entry = await store.open(other).catch(() => undefined)
    if (entry === undefined) continue
    const cached = await loadManifest(entry).catch(() => undefined)
    const isNewer = (cached?.freshness?.at ?? 0) >= (best?.cached.freshness?.at ?? 0)
    if (cached === undefined || (cached.manifest.seal?.length ?? 0) < least || !isNewer) {
      await entry.close()
      continue
    }
    await best?.entry.close()
    best = { entry, cached }
  }
  return best === undefined ? undefined : bytesOf(best.entry, best.cached)
}

function bytesOf(entry: StoreEntry, { manifest: { pieceLength, length = 0 } }: CachedManifest): OldBytes {
  return {
    size: length,
    read: async (offset, into) => await entry.peek(offset, into.subarray(0, Math.max(0, length - offset)), pieceLength),
    close: () => entry.close(),
    discard: () => entry.remove(),
  }
}
