// Options of one download, and its progress.
import type { HeaderList } from '../../core/headers.ts'

/** Options of one `get` or `download`. Every one may be left out. */
export interface GetOptions {
  /** Headers for the origin only. Default none. */
  headers?: HeaderList
  /** sha256:HEX of the whole content; believed above everything else. Default none. */
  digest?: string
  /** Query parameters that do not change the content. Default none. */
  filter?: readonly string[]
  /** Tells apart contents that share a URL. Default none. */
  tag?: string
  /** Nothing will do that the origin has not confirmed during this call, by a seed or here. Default false. */
  revalidate?: boolean
  /** Whether this node may read the origin itself. Default true. */
  origin?: boolean
  /** Keep a finished content in the store, to serve it while this node runs, and for the next time. Default true. */
  keep?: boolean
  /** Ends the download with `aborted` (or `timeout`, for AbortSignal.timeout). Default never. */
  signal?: AbortSignal
  /**
   * File for a record of what was decided and why, as JSON lines that `df sim --replay` repeats: peer ids and piece numbers,
   * no URL, no header. Goes on until this node leaves the content. A file that cannot be opened is `output-unwritable`;
   * what goes wrong later is a warning. Default none.
   */
  trace?: string
  /** Account for the time in `explain` of the receipt. Default false. */
  explain?: boolean
  /** Called at most five times a second, and once at the end. */
  onProgress?: (progress: Progress) => void
}

/** How far a download is. Byte counts are payload bytes, verified. */
export interface Progress {
  /** Verified bytes, resumed ones included. */
  bytes: number
  /** Length of the content in bytes; undefined while nobody knows. */
  length: number | undefined
  fromOrigin: number
  fromPeers: number
  fromSeeds: number
  /** Bytes found on disk from an earlier try. */
  resumed: number
  /** Peers connected for this content, seeds included. */
  peers: number
  /** Bytes a second over the last seconds. */
  rate: number
}
