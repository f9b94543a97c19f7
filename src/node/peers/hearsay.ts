// Piece digests that a peer sent ahead of the signed head that vouches for them.
import { DragonflyError } from '../../core/errors.ts'
import { MAX_PIECES, PIECE_DIGEST_LENGTH, splitDigests } from '../../core/piece.ts'
import type { Holding, MemoryBudget } from '../../net/memory-budget.ts'

/** Digests in one allocation, 512 KiB: the system takes back what is as large, at once (MALLOC_MMAP_THRESHOLD_ in bin/df). */
const CHUNK_DIGESTS = 16_384

/** Digests `from` to `to`, the latter not included. */
export interface DigestRange {
  from: number
  to: number
}

export class Hearsay {
  readonly #peer: string
  readonly #budget: MemoryBudget
  /** Told when what was held had to go for others. */
  readonly #dropped: () => void
  #holding: Holding | undefined
  /** Flat, since an object for each digest takes four times its bytes. */
  #chunks: Uint8Array<ArrayBuffer>[] = []
  /** Digests that the chunks have room for. */
  #room = 0
  #from = 0
  #count = 0
  /** Where the next part has to begin; undefined: anywhere. */
  #next: number | undefined

  constructor(peer: string, budget: MemoryBudget, dropped: () => void) {
    this.#peer = peer
    this.#budget = budget
    this.#dropped = dropped
  }

  /**
   * Takes what may be of use of a part; undefined: nothing is. Throws `protocol` when it does not follow the one before.
   * What is in it is kept without regard to who may sign it: that is for the head to show.
   */
  add(from: number, digests: Uint8Array, useful: DigestRange | undefined): void {
    const end = from + digests.byteLength / PIECE_DIGEST_LENGTH
    if ((this.#next !== undefined && from !== this.#next) || end > MAX_PIECES) {
      throw new DragonflyError('protocol', 'manifest parts are not consecutive')
    }
    this.#next = end
    if (useful === undefined) return this.#release()
    const first = this.#count === 0 ? Math.max(from, useful.from) : this.#from + this.#count
    const last = Math.min(end, useful.to)
    // a gap between what is held and this part: part of it was of no use when it came
    if (first < from || first >= last) return
    if (this.#count === 0) this.#from = first
    this.#append(digests.subarray((first - from) * PIECE_DIGEST_LENGTH, (last - from) * PIECE_DIGEST_LENGTH), useful.to)
  }

  /** What is held of `from` to `to`, and ends the holding; undefined when some of it is missing. */
  take(from: number, to: number): Uint8Array[] | undefined {
    const isWhole = from >= to || (this.#count > 0 && this.#from <= from && to <= this.#from + this.#count)
    // a copy, which is as long as what is taken of it
    const bytes = isWhole ? this.#copy(from, to) : undefined
    this.drop()
    return bytes === undefined ? undefined : splitDigests(bytes)
  }

  /** Forgets all of it: the next part may begin anywhere. */
  drop(): void {
    this.#next = undefined
    this.#release()
  }

  #release(): void {
    this.#holding?.release()
    this.#holding = undefined
    // given back at once, not when the garbage collector comes: there may be a flood of it
    for (const chunk of this.#chunks) chunk.buffer.transfer(0)
    this.#chunks = []
    this.#room = 0
    this.#count = 0
  }

  #append(digests: Uint8Array, most: number): void {
    for (let rest = digests; rest.byteLength > 0; ) {
      if (this.#count === this.#room && !this.#grow(rest.byteLength / PIECE_DIGEST_LENGTH, most)) return
      const chunk = this.#chunks.at(-1) as Uint8Array
      const room = (this.#room - this.#count) * PIECE_DIGEST_LENGTH
      const fitting = rest.subarray(0, room)
      chunk.set(fitting, chunk.byteLength - room)
      this.#count += fitting.byteLength / PIECE_DIGEST_LENGTH
      rest = rest.subarray(room)
    }
  }

  /** For `more` digests and some that may follow, of `most` in all. False: the room was needed for others. */
  #grow(more: number, most: number): boolean {
    const size = Math.min(Math.max(more, this.#room), CHUNK_DIGESTS, most - this.#room)
    this.#holding ??= this.#budget.hold(this.#peer, () => {
      this.#release()
      this.#dropped()
    })
    const holding = this.#holding
    holding.resize((this.#room + size) * PIECE_DIGEST_LENGTH)
    if (this.#holding !== holding) return false
    this.#chunks.push(new Uint8Array(size * PIECE_DIGEST_LENGTH))
    this.#room += size
    return true
  }

  #copy(from: number, to: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, to - from) * PIECE_DIGEST_LENGTH)
    let at = (this.#from - from) * PIECE_DIGEST_LENGTH
    for (const chunk of this.#chunks) {
      const part = chunk.subarray(Math.max(0, -at), Math.max(0, bytes.byteLength - at))
      if (part.byteLength > 0) bytes.set(part, Math.max(0, at))
      at += chunk.byteLength
    }
    return bytes
  }
}
