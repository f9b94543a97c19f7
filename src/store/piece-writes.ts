// Writes of one entry: takes room for them, and never writes what nobody has verified over what somebody has.
import type { VerifiedPiece } from '../core/piece.ts'
import type { Backing, WrittenPiece } from './backing.ts'
import type { EntrySpace } from './entry-space.ts'

/** What the entry knows. */
export interface Knowledge {
  has(index: number): boolean
  /** The piece, `size` bytes, is there and right. */
  know(index: number, size: number, pieceLength: number): void
}

export class PieceWrites {
  readonly #backing: Pick<Backing, 'write'>
  readonly #space: EntrySpace
  readonly #knowledge: Knowledge
  readonly #putting = new Map<number, Promise<void>>()
  readonly #laying = new Map<number, Promise<void>>()

  constructor(backing: Pick<Backing, 'write'>, space: EntrySpace, knowledge: Knowledge) {
    this.#backing = backing
    this.#space = space
    this.#knowledge = knowledge
  }

  /** See `StoreEntry.put`. */
  async put(piece: VerifiedPiece, pieceLength: number): Promise<void> {
    const { index, bytes } = piece
    // what is laid is written first, or it would be written over this; nothing else may begin between the look and the write
    for (let each = this.#laying.get(index); each !== undefined; each = this.#laying.get(index)) await each.catch(() => {})
    if (this.#knowledge.has(index)) return
    await this.#once(this.#putting, index, async () => {
      await this.#write(piece, pieceLength)
      this.#knowledge.know(index, bytes.byteLength, pieceLength)
    })
  }

  /** See `StoreEntry.lay`. */
  async lay(piece: WrittenPiece, pieceLength: number): Promise<void> {
    const { index } = piece
    for (let each = this.#putting.get(index); each !== undefined; each = this.#putting.get(index)) await each.catch(() => {})
    if (this.#knowledge.has(index)) return
    await this.#once(this.#laying, index, () => this.#write(piece, pieceLength))
  }

  async #once(running: Map<number, Promise<void>>, index: number, write: () => Promise<void>): Promise<void> {
    const writing = running.get(index) ?? write().finally(() => running.delete(index))
    running.set(index, writing)
    await writing
  }

  async #write(piece: WrittenPiece, pieceLength: number): Promise<void> {
    const size = piece.bytes.byteLength
    await this.#space.claim(size)
    try {
      await this.#backing.write(piece, pieceLength)
    } catch (error) {
      if (!(await this.#space.failed(size, error))) throw error
      await this.#backing.write(piece, pieceLength)
    }
    this.#space.wrote(size)
    this.#space.used()
  }
}
