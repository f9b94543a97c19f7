// Content to store in tests: repeatable bytes, cut into pieces, with the table that a manifest would give.
import { hashPiece, pieceCountOf, sha256, type VerifiedPiece } from '../../src/core/piece.ts'
import type { PieceTable, Store, StoreEntry } from '../../src/store/store.ts'

/** Small enough for many tests, large enough for the thread pool's hash (64 KiB). */
export const PIECE_LENGTH = 64 * 1024

export interface Material {
  bytes: Uint8Array
  table: PieceTable
  piece(index: number): Promise<VerifiedPiece>
}

/** The same `length` and `seed` always give the same bytes (also in another process). */
export function makeMaterial(length: number, seed = 1, pieceLength = PIECE_LENGTH): Material {
  const bytes = new Uint8Array(length)
  let x = seed
  for (let i = 0; i < length; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0
    bytes[i] = x >>> 24
  }
  const count = pieceCountOf(length, pieceLength)
  const part = (index: number): Uint8Array => {
    return bytes.subarray(index * pieceLength, Math.min((index + 1) * pieceLength, length))
  }
  const digests = Array.from({ length: count }, (_, index) => sha256(part(index)))
  return {
    bytes,
    table: { count, pieceLength, pieceSize: index => part(index).byteLength, digest: index => digests[index] },
    piece: async index => hashPiece(index, part(index)),
  }
}

export async function putAll(entry: StoreEntry, { table, piece }: Material): Promise<void> {
  await Promise.all(Array.from({ length: table.count }, async (_, index) => entry.put(await piece(index), table.pieceLength)))
}

/** Puts a whole content into a closed entry. */
export async function fill(store: Store, key: string, material: Material): Promise<void> {
  const entry = await store.open(key)
  await putAll(entry, material)
  await entry.close()
}

/** Short stand-in for long contents in messages of failure. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.byteLength <= 64 ? bytes : sha256(bytes)).toString('hex')
}
