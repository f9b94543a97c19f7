// The receipt of a finished download.
import type { ByteRange } from '../../core/range.ts'
import type { Trust } from '../../core/trust.ts'
import type { Explanation } from './explanation.ts'

/**
 * The account of one finished download. Byte counts are verified payload bytes, each counted once. For a range, bytes that came
 * from peers and seeds or were resumed are those of whole pieces, which may be more than the range has.
 */
export interface Receipt {
  /** What was asked for, without credentials. */
  url: string
  /** Absolute path of the written file; `-` for a stream. */
  output: string
  /** Bytes that were written or streamed. */
  bytes: number
  /** Only when a range was asked for: which bytes these are. */
  range?: ByteRange
  /** Only when a range was asked for, and the origin tells it: bytes of the whole content. */
  length?: number
  /** sha2-256 of these bytes, hexadecimal, computed here. */
  sha256: string
  /** UnixFS root of the content (CIDv1), as IPFS computes it; empty for a range. */
  cid: string
  /** Bytes that this node read from the origin. */
  fromOrigin: number
  /** Bytes that peers gave. */
  fromPeers: number
  /** Bytes that seeds gave. */
  fromSeeds: number
  /** Bytes found in the store: of an earlier try, or of a content that was there. */
  resumed: number
  /** Those of the resumed bytes that an older version had: the file that this one replaces. Only when there are any. */
  reused?: number
  /** How long it took, in seconds. */
  seconds: number
  /** Peers that gave pieces, seeds included. */
  peers: number
  /**
   * Last-Modified of the content as an HTTP date; left out for a range, and when neither the origin's answer nor the version's name
   * tells it here.
   */
  lastModified?: string
  /**
   * Why the content is believed. `digest`: for the one that was given, or (`originDigest` says where) that the origin states, where other
   * hosts that read it gave the rest.
   */
  trust: Trust
  /**
   * Only when this node read the origin, if only the beginning: where that states the sha2-256 of the content, which the bytes were found to have; a
   * header's name in lower case (`repr-digest`), or `the URL`.
   */
  originDigest?: string
  /** Where the time went; only when `explain` was asked for. */
  explain?: Explanation
}
