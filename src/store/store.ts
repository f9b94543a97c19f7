// The interface of a store of verified pieces, and its limits.
import type { Bitfield } from '../core/bitfield.ts'
import { DragonflyError } from '../core/errors.ts'
import type { VerifiedPiece } from '../core/piece.ts'
import { MAX_PIECES } from '../core/piece.ts'

const MiB = 1024 * 1024

/** Longest record, bytes. */
export const MAX_RECORD_BYTES = 4 * MiB
/** All records of one entry with their frames, bytes. */
export const MAX_RECORDS_BYTES = 64 * MiB
/** Bytes of the file of marks: twice every piece there can be. A longer one is garbage. */
export const MAX_MARKS_BYTES = MAX_PIECES * 4 * 2

/** Keeps contents, one entry each. */
export interface Store {
  /**
   * Opens an entry, or makes it. `store-locked` when another live process, or another open handle here, holds it;
   * `bad-option` unless the key is 1 to 200 of A-Z a-z 0-9 . _ - (and neither `.` nor `..`). `length`: of the content, bytes, where
   * it is known: a small one that is new takes its place on a disk only when it is closed and not removed, or after a second.
   */
  open(key: string, signal?: AbortSignal, length?: number): Promise<StoreEntry>
  /** Keys of all entries that exist, sorted. */
  keys(): Promise<string[]>
  /** Those of them that begin with this name and a dot. */
  keysOf(name: string): Promise<string[]>
  /** Whether an entry exists. */
  has(key: string): Promise<boolean>
  /** Keys of entries whose data are exactly so many bytes on disk, open ones too, sorted; none in memory. */
  keysOfLength(bytes: number): Promise<string[]>
  /** Deletes an entry; an absent one is fine, an open one is `store-locked`. */
  remove(key: string): Promise<void>
  /** Bytes free where the entries live; Infinity for memory. */
  freeSpace(): Promise<number>
  /** Closes all entries. Safe to call twice; afterwards nothing can be opened. */
  stop(): Promise<void>
}

/** Where pieces lie and what they must hash to: what a manifest knows. */
export interface PieceTable {
  /** Pieces whose digest is known: 0 … count-1. */
  readonly count: number
  /** Bytes. */
  readonly pieceLength: number
  /** Bytes of one piece. */
  pieceSize(index: number): number
  digest(index: number): Uint8Array | undefined
}

/** How a file's bytes came into the store. */
export type FileTaken = 'reflink' | 'link' | 'copy'

/** One content: opaque records about it, and the pieces of it that are known to be good. */
export interface StoreEntry {
  readonly key: string
  /** Path of the file that the pieces are written to, each at its place; undefined in memory. For reading, and only while the entry is open. */
  readonly file: string | undefined
  /**
   * Tells how long the content is, so that nothing of it is written unless all of it fits. Without that, room is taken while
   * it grows. Rejects with `no-space`. In memory everything fits.
   */
  expect(length: number): Promise<void>
  /** Keeps what a person may be told this is, at most 1,000 characters, never a secret. In memory it is not kept. */
  describe(label: string): Promise<void>
  /** Known pieces. */
  readonly count: number
  /** Whether a piece is known: put or recovered since the entry was opened. */
  has(index: number): boolean
  /** Whether nothing was ever kept in it. */
  isEmpty(): Promise<boolean>
  /** All records in the order they were appended. A torn last one (crash) is dropped. */
  records(): Promise<Uint8Array[]>
  /** Adds a record of at most 4 MiB; all together at most 64 MiB, else `store-error`. */
  append(record: Uint8Array): Promise<void>
  /**
   * After opening no piece is known. Re-reads and re-hashes every piece that was marked as written: good ones are known
   * from then on, others are forgotten. `onPiece` gets the good ones in index order. Resolves to all known pieces of the
   * table. May be called again when the table has grown: pieces already known are neither read nor reported again.
   */
  recover(table: PieceTable, onPiece?: (piece: VerifiedPiece) => void, signal?: AbortSignal): Promise<Bitfield>
  /**
   * sha2-256 of the whole content, once `recover` has found that this process had verified all of it before and that nobody has
   * written to the file since: it then reads nothing, and reports no piece.
   */
  readonly verified: Uint8Array | undefined
  /**
   * Tells that the content (its first `length` bytes, all pieces of them known) has this sha2-256, for the next `recover` of this
   * process; undefined: nobody has computed it. No more than a hint: never rejects.
   */
  vouch(length: number, sha256: Uint8Array | undefined): Promise<void>
  /** Whether somebody has written to the data since it was vouched for: a user to a hard link that he was given. */
  isTouched(): Promise<boolean>
  /** The marks of pieces that are not known go: what `recover` has found to be lost is not taken for written again. */
  forgetLost(): Promise<void>
  /**
   * Takes a file's bytes as the data of a new entry, without reading them here: blocks shared with it (reflink), the very file (hard link),
   * or a copy. All its pieces are to be verified by `recover`. Undefined, and nothing has changed, in memory. Rejects with `no-space` or
   * `store-error`.
   */
  takeFile(file: string, pieces: number, length: number): Promise<FileTaken | undefined>
  /**
   * Writes the data at index × pieceLength, then marks it; from then on it is known. Different pieces may be put at the
   * same time; a known one is left alone. Errors: `no-space`, `store-error`.
   */
  put(piece: VerifiedPiece, pieceLength: number): Promise<void>
  /**
   * Writes bytes that nobody has verified where `put` would write them, and marks them; they are known only after `know`, or once `recover`
   * has verified them. What is known, or put meanwhile, is never written over. Errors as `put`.
   */
  lay(index: number, bytes: Uint8Array, pieceLength: number): Promise<void>
  /** What is laid there, `size` bytes, has been hashed where it lies: it is known from then on. */
  know(index: number, size: number, pieceLength: number): void
  /**
   * Reads `length` bytes from `offset`, into the start of `into` when given. `store-error` when a piece of the range is
   * not known, when the range ends behind the last known piece, or on a short read.
   */
  read(offset: number, length: number, pieceLength: number, into?: Uint8Array): Promise<Uint8Array>
  /** Fills some of `into` with what lies at `offset`, known or not: nobody has verified it. Resolves to the bytes read. */
  peek(offset: number, into: Uint8Array, pieceLength: number): Promise<number>
  /**
   * Makes the content (its first `length` bytes, all pieces of them known) appear whole at `target`, an absolute path;
   * an existing file is replaced only by the whole new one. `move` gives the data away by rename where it can, and the
   * entry is closed and gone afterwards; `copy` shares the blocks where the filesystem can (reflink).
   * On failure target is as before and the entry still open. Errors: `output-unwritable`, `no-space`, `store-error`.
   */
  handOver(target: string, length: number, how: 'move' | 'copy', signal?: AbortSignal): Promise<void>
  /**
   * Path of a file that holds the content (its first `length` bytes, all pieces of them known) and nothing else; undefined in memory.
   * For reading, and only while the entry is open.
   */
  lend(length: number): Promise<string | undefined>
  /**
   * Takes the data of another entry in place of its own, so that both are one file on disk: it is removed with the last of
   * them. Every piece of the table must be known, and is read and hashed again from there. Resolves to false, and nothing has
   * changed, when the other has not the same bytes, is gone, or cannot be shared (memory, filesystem).
   */
  shareData(key: string, table: PieceTable, signal?: AbortSignal): Promise<boolean>
  /** Closes and deletes. Safe to call twice. */
  remove(): Promise<void>
  /** Waits for what is running, then lets go of the entry. Safe to call twice. */
  close(): Promise<void>
}

/** Rejects a key that could be anything but one plain folder name. */
export function checkKey(key: string): void {
  if (/^[A-Za-z0-9._-]{1,200}$/.test(key) && key !== '.' && key !== '..') return
  throw new DragonflyError('bad-option', `not a key of a store entry: ${JSON.stringify(key.slice(0, 100))}`, {
    hint: 'use 1 to 200 letters, digits, dots, dashes and underscores',
  })
}

/** Rejects a record that would break a limit. `used` is what the records take already, `added` what this one adds. */
export function checkRecord(record: Uint8Array, used: number, added: number): void {
  if (record.byteLength > MAX_RECORD_BYTES) {
    throw new DragonflyError('store-error', `record of ${record.byteLength} bytes, limit ${MAX_RECORD_BYTES}`)
  }
  if (used + added > MAX_RECORDS_BYTES) {
    throw new DragonflyError('store-error', `records would take more than ${MAX_RECORDS_BYTES} bytes`, {
      hint: 'remove the entry from the store and start again',
    })
  }
}

export function stopped(): DragonflyError {
  return new DragonflyError('store-error', 'the store is stopped')
}
