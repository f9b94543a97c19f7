// The interface of a medium that keeps bytes and knows nothing of their validity.
import type { VerifiedPiece } from '../core/piece.ts'
import type { Stamp } from './stamp.ts'
import type { FileTaken } from './store.ts'

/** Bytes of a piece; whether they are right is for others to know. */
export type WrittenPiece = Pick<VerifiedPiece, 'index' | 'bytes'>

/** One medium's part of an entry. `PieceEntry` above it decides what is known; a backing only keeps. */
export interface Backing {
  /** Pieces that were marked as written before this opening. Hints, to be verified again. */
  readonly hints: Set<number>
  /** Bytes of the content that were there at the opening. */
  readonly present: number
  /** Where the bytes are; undefined in memory. */
  readonly file: string | undefined
  records(): Promise<Uint8Array[]>
  append(record: Uint8Array): Promise<void>
  describe(label: string): Promise<void>
  /** Writes all bytes, then marks the piece. */
  write(piece: WrittenPiece, pieceLength: number): Promise<void>
  /** Fills `into` from `offset`; resolves to the bytes read, fewer only at the end of what is there. */
  read(offset: number, into: Uint8Array, pieceLength: number): Promise<number>
  /** See `StoreEntry.handOver`; the caller made sure that all `length` bytes are known, and removes after a move. */
  handOver(target: string, length: number, how: 'move' | 'copy', signal?: AbortSignal): Promise<void>
  /** See `StoreEntry.lend`; the caller made sure of it as for `handOver`. */
  lend(length: number): Promise<string | undefined>
  /** Only these pieces stay marked. */
  remark(indexes: readonly number[]): Promise<void>
  /** Of the file as it is now; undefined in memory. */
  stamp(): Promise<Stamp | undefined>
  /** See `StoreEntry.shareData`. `isGood` looks at the other's bytes before they take the place of ours. */
  shareData(key: string, isGood: (read: Backing['read']) => Promise<boolean>): Promise<boolean>
  /** See `StoreEntry.takeFile`. `makeRoom`: called before a copy is made. */
  takeFile(file: string, pieces: number, makeRoom: () => Promise<void>): Promise<FileTaken | undefined>
  close(): Promise<void>
  /** Closes and deletes. */
  remove(): Promise<void>
}
