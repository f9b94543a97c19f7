// The receipt of a finished download.
import type { ByteRange } from '../../core/range.ts'
import type { Trust } from '../../core/trust.ts'
import type { Explanation } from './explanation.ts'

/**
 * The honest account of one finished download. Byte counts are payload bytes, verified, each counted once. For a range, bytes
 * that came from peers and seeds or were resumed are those of whole pieces, which may be more than the range has.
 */
export interface Receipt {
  url: string
  /** Path of the written file; '-' for a stream. */
  output: string
  /** Bytes that were written or streamed. */
  bytes: number
  /** Only when a range was asked for: which bytes these are. */
  range?: ByteRange
  /** Only when a range was asked for, and the origin tells it: bytes of the whole content. */
  length?: number
  /** sha2-256 of these bytes, hex, computed here. */
  sha256: string
  /** UnixFS root of the content (CIDv1); empty for a range. */
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
