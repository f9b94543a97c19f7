// Who looks after the store of this home: its daemon or seed, or this process.
import type { DaemonClient } from '../client/index.ts'
import type { StoreAdmin } from '../index.ts'

/** Flags of these commands as commander leaves them; each command has those that it can use. */
export interface StoreFlags {
  json?: true
  store?: string
  quota?: number | { share: number }
  seed?: string[]
}

/** The daemon or seed of this home; undefined: none runs. */
export async function runningHere(): Promise<DaemonClient | undefined> {
  const { controlPath, dragonflyHome, findDaemon } = await import('../client/index.ts')
  return await findDaemon([controlPath(dragonflyHome())])
}

/** Whoever looks after what is kept: a running daemon or seed, or we ourselves. */
export interface Keeper extends AsyncDisposable {
  store: StoreAdmin
}
