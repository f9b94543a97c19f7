// The receipt of a finished download.
import type { Trust } from '../../core/trust.ts'
import type { Explanation } from './explanation.ts'

/** The honest account of one finished download. Byte counts are payload bytes, verified, each counted once. */
export interface Receipt {
  url: string
  /** Absolute path of the written file; '-' for a stream. */
  output: string
  bytes: number
  /** sha2-256 of the whole content, hex, computed here. */
  sha256: string
  /** UnixFS root of the content (CIDv1). */
  cid: string
  fromOrigin: number
  fromPeers: number
  fromSeeds: number
  resumed: number
  seconds: number
  /** Peers that pieces came from, seeds included. */
  peers: number
  trust: Trust
  /** Only when asked for. */
  explain?: Explanation
}
