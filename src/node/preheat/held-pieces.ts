// What a seed says that it holds of one version: pure bookkeeping of what is heard on a link that asks for nothing.
import { Bitfield } from '../../core/bitfield.ts'
import type { ManifestHead } from '../../core/manifest.ts'

export class HeldPieces {
  readonly #have = new Bitfield()
  #isTold = false
  #head: ManifestHead | undefined

  /** Whether the seed has said which pieces it has, be it none. */
  get isTold(): boolean {
    return this.#isTold
  }

  /** Length of the content in bytes, as sealed or as announced; undefined while unknown. */
  get length(): number | undefined {
    return this.#head?.seal?.length ?? this.#head?.length
  }

  /** Payload bytes of the pieces that it has. */
  get bytes(): number {
    const { pieceLength } = this.#head ?? { pieceLength: 0 }
    const all = this.#have.count * pieceLength
    const { length } = this
    if (length === undefined || pieceLength === 0) return all
    const last = Math.ceil(length / pieceLength) - 1
    const shortBy = this.#have.has(last) ? (last + 1) * pieceLength - length : 0
    return Math.min(length, all - shortBy)
  }

  /** Whether the manifest is sealed and every piece of it is there. */
  get isWhole(): boolean {
    if (!this.#isTold || this.#head?.seal === undefined) return false
    return this.#have.firstMissing() >= this.#head.count
  }

  has(pieces: Iterable<number>): void {
    this.#isTold = true
    for (const piece of pieces) {
      this.#have.grow(piece + 1)
      this.#have.add(piece)
    }
  }

  /** A head that is believed. One that says less than an earlier one changes nothing. */
  believe(head: ManifestHead): void {
    if (this.#head?.seal !== undefined || head.count < (this.#head?.count ?? 0)) return
    this.#head = head
  }
}
