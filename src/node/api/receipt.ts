// The receipt of a finished download.
import type { Trust } from '../../core/trust.ts'
import type { Explanation } from './explanation.ts'

/** The account of one finished download. Byte counts are verified payload bytes, each counted once. */
export interface Receipt {
  /** What was asked for, without credentials. */
  url: string
  /** Absolute path of the written file; `-` for a stream. */
  output: string
  /** Length of the content. */
  bytes: number
  /** sha2-256 of the whole content, hexadecimal, computed here. */
  sha256: string
  /** UnixFS root of the content (CIDv1), as IPFS computes it. */
  cid: string
  /** Bytes that this node read from the origin. */
  fromOrigin: number
  /** Bytes that peers gave. */
  fromPeers: number
  /** Bytes that seeds gave. */
  fromSeeds: number
  /** Bytes found on disk from an earlier try. */
  resumed: number
  /** How long it took, in seconds. */
  seconds: number
  /** Peers that gave pieces, seeds included. */
  peers: number
  /** Why the content is believed. */
  trust: Trust
  /** Where the time went; only when `explain` was asked for. */
  explain?: Explanation
}
