// What a store on disk can do beyond any store: quota, listing, clean-up.
import type { DragonflyError } from '../core/errors.ts'
import type { Evicted } from './disk-space.ts'
import type { Evictable } from './eviction.ts'
import type { Inspection } from './inspection.ts'
import type { Store } from './store.ts'

/** Bytes; or a share (above 0, up to 1) of what the store holds and what is free beside it, both when it is set. */
export type Quota = number | { share: number }

/** Who has entries open only because they might be asked for. */
export interface Holder {
  /** Whether nobody uses what is open under this key. */
  isIdle(key: string): boolean
  /** Removes it if it is idle still; resolves to whether it did. */
  letGo(key: string): Promise<boolean>
}

export interface DiskOptions {
  /** Default: none, and then nothing is evicted. */
  quota?: Quota | undefined
  /** Told once when the store takes nothing new any more, and why. Default: silent. */
  onTrouble?: (error: DragonflyError) => void
}

/** One content on the disk. */
export interface StoredEntry extends Evictable {
  /** When it was made, ms since 1970. */
  since: number
  label: string | undefined
  /** The first record; undefined: it has none, as after a kill in the first moment. */
  record: Uint8Array | undefined
}

export interface SpaceReport {
  /** Bytes; Infinity: none was set. */
  quota: number
  used: number
  /** On the whole disk. */
  free: number
  evicted: Evicted
  /** Why nothing new is taken; undefined: it is. */
  trouble: string | undefined
}

export interface DiskStore extends Store {
  /** Sets the quota; from now on contents are evicted. */
  limit(quota: Quota): Promise<void>
  readonly isLimited: boolean
  /** Told who holds entries open, so that they may be evicted too. */
  heldBy(holder: Holder): void
  /** All entries, without opening them. */
  list(): Promise<StoredEntry[]>
  space(): Promise<SpaceReport>
  /** Looks at an entry without opening it; undefined: there is none. Rejects with `store-error`. */
  inspect(key: string): Promise<Inspection | undefined>
  /** What was verified of it counts no longer: whoever opens it next reads all of it again. */
  doubt(key: string): void
  /**
   * Keys of entries that nobody has used since `before` (ms since 1970), works with, or has pinned. Looks at `most` entries, drawn by
   * lot when there are more.
   */
  unusedSince(before: number, most: number): Promise<string[]>
  /** Names whose contents are not evicted. A name is the part of a key before its first dot. */
  pins(): Promise<Set<string>>
  pin(name: string): Promise<void>
  unpin(name: string): Promise<void>
  /** Removes what is broken, then evicts down to the low watermark. */
  gc(): Promise<Evicted & { broken: number }>
}
