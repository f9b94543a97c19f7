// The interface for administration of stored contents.
import type { ContentStatus, DiskStatus, Removed } from './status.ts'

/** Lists, pins and removes stored contents. */
export interface StoreAdmin {
  /** Stored contents, the most recently used first. */
  contents(): Promise<ContentStatus[]>
  /** Undefined: pieces are kept in memory. */
  disk(): Promise<DiskStatus | undefined>
  /**
   * Removes every version of a content, and its pin. Rejects with `not-found`, or with `store-locked` while the content is
   * being downloaded or served.
   */
  remove(idOrUrl: string): Promise<Removed>
  /** Removes contents that are broken, abandoned, or unfinished and unused for 7 days, then evicts down to the low watermark of the quota. */
  gc(): Promise<
    Removed & {
      /** Broken or abandoned entries that were removed besides. */
      broken: number
    }
  >
  /** Protects a content from eviction, or no longer. Resolves to its id. Rejects with `not-found`. */
  pin(idOrUrl: string, isPinned: boolean): Promise<string>
}
