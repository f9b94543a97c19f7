// Computes the sha2-256 of the whole content in file order, behind the download.
import { sha256Stream } from '../core/piece.ts'
import type { StoreEntry } from '../store/store.ts'
import { HashThread } from './hash-thread/hash-thread.ts'
import type { ThreadWorth } from './hash-thread/thread-worth.ts'
import type { PieceBuffers } from './piece-buffers.ts'

export interface Surroundings {
  /** Bytes of a full piece. */
  pieceLength: number
  /** For pieces that are read back; that may be nearly all of them, and fresh megabytes cost page faults. */
  buffers: PieceBuffers
  /** Bytes of a stored piece: the last one is short before the manifest knows it. */
  sizeOf(piece: number): number
}

export class WholeHash {
  #hash = sha256Stream()
  readonly #entry: StoreEntry
  readonly #surroundings: Surroundings
  /** Reads what is written, from the beginning, in our place: nothing is hashed here then. */
  #thread: HashThread | undefined
  /** The next piece to be hashed, or to be told to the thread. */
  #next = 0
  #catchUp: Promise<void> | undefined
  #failure: unknown

  constructor(entry: StoreEntry, surroundings: Surroundings) {
    this.#entry = entry
    this.#surroundings = surroundings
  }

  /** A piece is stored, or about to be. Its bytes are used when it is the next one; otherwise it is read back when its turn comes. */
  came(index: number, bytes: Uint8Array): void {
    if (this.#thread !== undefined) return
    if (index === this.#next && this.#catchUp === undefined) {
      this.#hash.update(bytes)
      this.#next++
    }
    this.#follow()
  }

  /**
   * A thread that hashes this content, where one has begun or is worth beginning at piece `index`; all before it is stored or about to be.
   * `length`: bytes of the whole.
   */
  threadFor(index: number, length: number | undefined, worth: Pick<ThreadWorth, 'isThere'>): HashThread | undefined {
    if (this.#thread !== undefined) return this.#thread
    const { file } = this.#entry
    const { pieceLength } = this.#surroundings
    if (file === undefined || length === undefined || this.#next !== index || this.#catchUp !== undefined) return undefined
    if (!worth.isThere(index * pieceLength, length)) return undefined
    this.#thread = new HashThread({ file, pieceLength, firstPiece: index, length })
    return this.#thread
  }

  /** All up to this piece is written: for the thread. */
  wrote(index: number): void {
    const { pieceLength, sizeOf } = this.#surroundings
    this.#thread?.written(index * pieceLength + sizeOf(index))
  }

  /** Call once, when every piece is stored. */
  async digest(): Promise<Uint8Array> {
    const digest = await this.#thread?.whole().catch(() => this.startOver())
    if (digest !== undefined) return digest
    for (this.#follow(); this.#catchUp !== undefined; this.#follow()) await this.#catchUp
    if (this.#failure !== undefined) throw this.#failure
    return this.#hash.digest()
  }

  /** What the thread has read may not be what is stored in the end: everything is read anew, here. */
  startOver(): undefined {
    if (this.#thread === undefined) return
    this.stop()
    this.#thread = undefined
    this.#hash = sha256Stream()
    this.#next = 0
  }

  /** Nobody wants the digest any more. */
  stop(): void {
    this.#thread?.stop()
  }

  #follow(): void {
    if (this.#catchUp !== undefined || this.#failure !== undefined || !this.#entry.has(this.#next)) return
    this.#catchUp = this.#readOn()
      .catch(error => {
        this.#failure = error
      })
      .finally(() => {
        this.#catchUp = undefined
      })
  }

  async #readOn(): Promise<void> {
    const { pieceLength, buffers, sizeOf } = this.#surroundings
    while (this.#entry.has(this.#next)) {
      const size = sizeOf(this.#next)
      const memory = buffers.take(size)
      try {
        this.#hash.update(await this.#entry.read(this.#next * pieceLength, size, pieceLength, memory))
      } finally {
        buffers.give(memory)
      }
      this.#next++
    }
  }
}
