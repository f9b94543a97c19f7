// What the store still has of a task from an earlier try, and how our own read of the origin goes on with it.
import { DragonflyError } from '../core/errors.ts'
import type { Task } from '../core/task.ts'
import { isResumable, validatorsOf } from '../core/version.ts'
import type { Origin } from '../origin/origin.ts'
import type { Store, StoreEntry } from '../store/store.ts'
import { ingest, sealWhenWhole, versionOf } from './ingest.ts'
import { entryKey, isPrivateEntry, type KeptManifest, loadManifest, removeOthers } from './manifest-records.ts'
import type { Session } from './session.ts'

export interface Kept extends KeptManifest {
  /** Open, its pieces verified. */
  entry: StoreEntry
  /** Bytes from the start that are there without a gap. */
  prefix: number
}

/** Finds an own read, finished or not, that can be continued. The caller closes its entry, or gives it to a session. */
export async function loadKept(store: Store, task: Task): Promise<Kept | undefined> {
  for (const key of await store.keys()) {
    if (!key.startsWith(`${task.id}.`) || isPrivateEntry(key)) continue
    const entry = await store.open(key).catch(() => undefined)
    const kept = entry === undefined ? undefined : await usable(entry, task)
    if (kept !== undefined) {
      await removeOthers(store, task.id, key)
      return kept
    }
    await entry?.close()
  }
  return undefined
}

async function usable(entry: StoreEntry, task: Task): Promise<Kept | undefined> {
  const kept = await loadManifest(entry)
  if (kept?.trust !== 'origin' || kept.manifest.count === 0) return undefined
  const { manifest } = kept
  if (!isResumable(manifest.info.version) || entryKey(task.id, manifest.info.version) !== entry.key) return undefined
  const have = await entry.recover(manifest)
  const prefix = Math.min(have.firstMissing() * manifest.pieceLength, manifest.length ?? Infinity)
  return { ...kept, entry, prefix }
}

/** Rejects with `origin-changed`, and leaves the session as it was, when the origin has another version now. */
export async function continueKept(session: Session, origin: Origin, kept: Kept, signal: AbortSignal): Promise<void> {
  const { task } = session
  const request = { url: task.url, headers: task.headers }
  const { version } = kept.manifest.info
  if (kept.prefix === kept.manifest.length) {
    const answer = await origin.check(request, version, validatorsOf(version), signal)
    if (answer.state === 'same') {
      await session.adoptKept(kept)
      return await sealWhenWhole(session, kept.prefix)
    }
    await kept.entry.remove()
    await session.adopt(versionOf(task, answer.read), 'origin')
    return await ingest(session, answer.read)
  }
  const read = await origin.open(request, { version, from: kept.prefix, signal }).catch(async error => {
    // a version that is gone is of no use to a later try either
    if (error instanceof DragonflyError && error.code === 'origin-changed') await kept.entry.remove()
    throw error
  })
  await session.adoptKept(kept)
  await ingest(session, read)
}
