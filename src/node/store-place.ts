// Where the pieces of a node lie: in the store of its home, or, where that cannot be written, in a folder for this run only.
import { constants } from 'node:fs'
import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DragonflyError, fromSystemError } from '../core/errors.ts'
import type { DiskStore } from '../store/disk-store.ts'
import { dragonflyHome } from '../store/home.ts'
import { openMemoryStore } from '../store/memory.ts'
import type { Store } from '../store/store.ts'
import { causeOf } from './api/events.ts'
import type { NodeOptions } from './api/node-options.ts'
import type { EventEmitter } from './context/event-emitter.ts'

export interface StorePlace {
  store: Store
  /** The same store, when it is on a disk. */
  disk: DiskStore | undefined
  /** Its folder; undefined: in memory. */
  dir: string | undefined
  /** Removes what is for this run only. The store is stopped before. */
  remove(): Promise<void>
}

const NOTHING = async (): Promise<void> => {}

/**
 * Opens the store that the options name. When they name none, and that of the home cannot be used, one for this run only is made
 * in `spareFolder`, else among the temporary files, else in memory, and a warning says so. A seed has to keep what it reads: for
 * a node with a persistent identity, as for a store that was named, this rejects with `store-error` or `no-space`.
 */
export async function openStorePlace(options: NodeOptions, home: string | undefined, emitter: EventEmitter): Promise<StorePlace> {
  if (options.store === 'memory') return inMemory()
  if (options.store !== undefined) return await onDisk(options.store, options, emitter)
  try {
    const dir = join(home ?? dragonflyHome(), 'store')
    const place = await onDisk(dir, options, emitter)
    try {
      await checkWritable(dir)
    } catch (error) {
      await place.store.stop()
      throw error
    }
    return place
  } catch (error) {
    const isUnusable = error instanceof DragonflyError && (error.code === 'store-error' || error.code === 'no-space')
    if (!isUnusable || options.persistentIdentity === true) throw error
    return await forThisRun(options, error, emitter)
  }
}

function inMemory(): StorePlace {
  return { store: openMemoryStore(), disk: undefined, dir: undefined, remove: NOTHING }
}

async function onDisk(dir: string, { quota }: NodeOptions, emitter: EventEmitter): Promise<StorePlace> {
  const { openDiskStore } = await import('../store/disk.ts')
  const onTrouble = (error: DragonflyError) => emitter.emit({ code: 'store-unavailable', ...causeOf(error) })
  const disk = await openDiskStore(dir, { quota, onTrouble })
  return { store: disk, disk, dir, remove: NOTHING }
}

/** A store that is there already may be another user's, or on a disk that became read-only. */
async function checkWritable(dir: string): Promise<void> {
  try {
    await access(join(dir, 'entries'), constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw fromSystemError(cause, 'store-error', `cannot write to the store ${dir}`)
  }
}

async function forThisRun(options: NodeOptions, trouble: DragonflyError, emitter: EventEmitter): Promise<StorePlace> {
  const say = (place: string) => emitter.emit({ code: 'store-temporary', ...causeOf(trouble), place })
  for (const folder of [options.spareFolder, tmpdir(), '/var/tmp', '/dev/shm']) {
    const dir = folder === undefined ? undefined : await mkdtemp(join(folder, '.df-store-')).catch(() => undefined)
    if (dir === undefined) continue
    const place = await onDisk(dir, options, emitter)
    say(`in ${dir}`)
    return { ...place, remove: () => rm(dir, { recursive: true, force: true }).catch(NOTHING) }
  }
  say('in memory')
  return inMemory()
}
