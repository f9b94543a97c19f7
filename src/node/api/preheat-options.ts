// What a program can ask of `preheat`, and what it is told; declared beside the other options (options.ts).
import type { HeaderList } from '../../core/headers.ts'

/** Options of one `preheat`. Every one may be left out. */
export interface PreheatOptions {
  /** Headers for the origin only. Default none. */
  headers?: HeaderList
  /** sha256:HEX that the whole content must have. Default none. */
  digest?: string
  /** Query parameters that do not change the content. Default none. */
  filter?: readonly string[]
  /** Tells apart contents that share a URL. Default none. */
  tag?: string
  /** The seed that is to have it, a multiaddr ending in /p2p/PEERID. Default: who is responsible for it, else its successors. */
  at?: string
  /** Ends the waiting with `aborted` (or `timeout`, for AbortSignal.timeout); the seed stops too unless others wait. Default never. */
  signal?: AbortSignal
  /** Called at most five times a second, and once at the end. */
  onProgress?: (progress: PreheatProgress) => void
}

/** How far a seed is. */
export interface PreheatProgress {
  /** Peer id. */
  seed: string
  /** Payload bytes that the seed says it has, verified there. */
  bytes: number
  /** Length of the content in bytes; undefined while nobody knows. */
  length: number | undefined
}

/** A seed has all of a content. */
export interface Preheated {
  /** Length of the content. */
  bytes: number
  /** How long this call took. */
  seconds: number
  /** Peer id of who has it. */
  seed: string
  /** Whether the seed was serving all of it, in the origin's present version, before it was asked to fetch. */
  alreadyThere: boolean
}
