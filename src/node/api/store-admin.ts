// The interface for administration of stored contents.
import type { ContentStatus, DiskStatus, Removed } from './status.ts'
import type { VerifyLine } from './verification.ts'

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
  /**
   * Reads every stored piece of these contents (default: all) and hashes it again; what is broken is fetched again from the swarm or
   * the origin. Nobody is kept from downloading. Rejects with `not-found`, `store-error`, `store-locked` while another verification
   * runs, or with what `signal` says.
   */
  verify(idsOrUrls?: readonly string[], signal?: AbortSignal): AsyncIterable<VerifyLine>
  /** Protects a content from eviction, or no longer. Resolves to its id. Rejects with `not-found`. */
  pin(idOrUrl: string, isPinned: boolean): Promise<string>
}
