// Computes the sha2-256 of the whole content in file order, behind the download.
import { sha256Stream } from '../core/piece.ts'
import type { StoreEntry } from '../store/store.ts'
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
  readonly #hash = sha256Stream()
  readonly #entry: StoreEntry
  readonly #surroundings: Surroundings
  #next = 0
  #catchUp: Promise<void> | undefined
  #failure: unknown

  constructor(entry: StoreEntry, surroundings: Surroundings) {
    this.#entry = entry
    this.#surroundings = surroundings
  }

  /** A piece is stored, or about to be. Its bytes are used when it is the next one; otherwise it is read back when its turn comes. */
  came(index: number, bytes: Uint8Array): void {
    if (index === this.#next && this.#catchUp === undefined) {
      this.#hash.update(bytes)
      this.#next++
    }
    this.#follow()
  }

  /** Call once, when every piece is stored. */
  async digest(): Promise<Uint8Array> {
    for (this.#follow(); this.#catchUp !== undefined; this.#follow()) await this.#catchUp
    if (this.#failure !== undefined) throw this.#failure
    return this.#hash.digest()
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
