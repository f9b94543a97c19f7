// A finished content of a node's store, lent to a program.
import type { Receipt } from './receipt.ts'

/** A content that is here, whole and verified. It is lent: use it only until the function that got it has ended. */
export interface StoredContent {
  /** The receipt so far; its `output` is empty. */
  readonly receipt: Receipt
  /** Name of the file that `download` makes of it in a folder. */
  readonly fileName: string
  /** A file that holds exactly these bytes, for reading; undefined when the store is in memory. */
  readonly file: string | undefined
  /** The bytes in order, from `offset` on. */
  bytes(offset?: number): AsyncIterable<Uint8Array>
}
