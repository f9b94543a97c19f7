// A piece: the unit of verification, storage and scheduling. `verifyPiece` and `hashPiece` alone make verified pieces.
import { createHash, hash } from 'node:crypto'
import { DragonflyError } from './errors.ts'

const KiB = 1024
const MiB = 1024 * KiB

/** Shortest and longest piece that we make. */
export const MIN_PIECE_LENGTH = 128 * KiB
export const MAX_PIECE_LENGTH = 4 * MiB
/** Piece length while the origin has not told the length of the content. */
export const DEFAULT_PIECE_LENGTH = 1 * MiB
/** No manifest may name more pieces than this (4 TiB at the longest piece). */
export const MAX_PIECES = 1 << 20
/** sha2-256. */
export const PIECE_DIGEST_LENGTH = 32
/**
 * Pieces of a content at most: a swarm of 1,200 runs at 0.93 of the bound with 763, at 0.90 with 382 (docs/swarm.md). Each costs both ends
 * about 0.2 ms, which is much of what a short content takes on a fast link: it has fewer.
 */
const MOST_PIECES = 1024
const MOST_OF_A_SHORT_ONE = 256
/** The longest piece of a short content. */
const SHORT = 256 * KiB

/** A power of two within the bounds above: 128 KiB up to 32 MiB, 256 KiB up to 256 MiB, 4 MiB above 2 GiB. `undefined`: the origin did not tell. */
export function choosePieceLength(length: number | undefined): number {
  if (length === undefined) return DEFAULT_PIECE_LENGTH
  const ofShort = Math.min(SHORT, powerOfTwo(length / MOST_OF_A_SHORT_ONE))
  return Math.min(MAX_PIECE_LENGTH, Math.max(MIN_PIECE_LENGTH, ofShort, powerOfTwo(length / MOST_PIECES)))
}

/** The least one that is not below `n`. */
function powerOfTwo(n: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, n)))
}

export function isPieceLength(n: number): boolean {
  return Number.isInteger(n) && n >= 1 && n <= MAX_PIECE_LENGTH && (n & (n - 1)) === 0
}

/** How many pieces a content has; an empty content has none. */
export function pieceCountOf(length: number, pieceLength: number): number {
  return Math.ceil(length / pieceLength)
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer')
}

/** A running sha2-256 over a whole content. */
export function sha256Stream(): { update(bytes: Uint8Array): unknown; digest(): Uint8Array } {
  return createHash('sha256')
}

const gate = Symbol('verified')

/** Bytes whose digest was computed here. Only `verifyPiece` and `hashPiece` make one. */
export class VerifiedPiece {
  readonly index: number
  readonly bytes: Uint8Array
  readonly digest: Uint8Array

  constructor(key: typeof gate, index: number, bytes: Uint8Array, digest: Uint8Array) {
    if (key !== gate) throw new TypeError('only verifyPiece and hashPiece make a VerifiedPiece')
    this.index = index
    this.bytes = bytes
    this.digest = digest
  }
}

/**
 * The gate for bytes from others. A piece when sha2-256 of `bytes` is `expected`; throws `corrupt-piece` otherwise. The caller must not change `bytes` afterwards.
 */
export function verifyPiece(index: number, bytes: Uint8Array, expected: Uint8Array): VerifiedPiece {
  const piece = hashPiece(index, bytes)
  if (sameBytes(piece.digest, expected)) return piece
  throw new DragonflyError('corrupt-piece', `piece ${index} does not have the digest that the manifest names`)
}

/**
 * The gate for bytes of our own read of the origin: their digest is what the manifest is going to name. Never for others' bytes.
 * In this thread: a way to another one would copy them, which costs as much (0.5 ms a MiB either way). Where this one has no time, what is
 * written is hashed behind it (transfer/hash-thread).
 */
export function hashPiece(index: number, bytes: Uint8Array): VerifiedPiece {
  return new VerifiedPiece(gate, index, bytes, sha256(bytes))
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && Buffer.compare(a, b) === 0
}

/** The digests that lie one behind the other in `bytes`; they share its memory. */
export function splitDigests(bytes: Uint8Array): Uint8Array[] {
  const count = bytes.byteLength / PIECE_DIGEST_LENGTH
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * PIECE_DIGEST_LENGTH, (i + 1) * PIECE_DIGEST_LENGTH))
}
