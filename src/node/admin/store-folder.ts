// Opens a store folder for administration when no seed runs on it.
import { join } from 'node:path'
import type { NodeOptions } from '../api/node-options.ts'
import type { StoreAdmin } from '../api/store-admin.ts'
import { Administration } from './administration.ts'

/** A store folder that is looked after without a node. */
export interface OpenAdministration {
  /** Looks after what is kept. */
  readonly administration: StoreAdmin
  /** Lets go of the folder. */
  close(): Promise<void>
}

/**
 * `store`: its folder; default: that of the home. `quota`: for `gc`, which otherwise removes only what is broken. Rejects
 * with `store-error` or `no-space`.
 */
export async function openAdministration(
  home: string,
  { store, quota }: { store?: string | undefined; quota?: NodeOptions['quota'] } = {},
): Promise<OpenAdministration> {
  const { openDiskStore } = await import('../../store/disk.ts')
  const disk = await openDiskStore(store ?? join(home, 'store'), { quota })
  return { administration: new Administration(disk), close: () => disk.stop() }
}
