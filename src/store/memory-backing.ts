// An entry in memory.
import { open } from 'node:fs/promises'
import { abortError } from '../core/errors.ts'
import type { Backing, WrittenPiece } from './backing.ts'
import { placeFile } from './output.ts'
import { FRAME_BYTES } from './records.ts'
import { placeSmall } from './small-output.ts'
import { checkRecord } from './store.ts'

/** What outlives an opening. */
export class MemoryContent {
  readonly pieces = new Map<number, Uint8Array>()
  readonly records: Uint8Array[] = []
  recordBytes = 0
}

export class MemoryBacking implements Backing {
  readonly hints: Set<number>
  readonly present = 0
  readonly #content: MemoryContent

  constructor(content: MemoryContent) {
    this.#content = content
    this.hints = new Set(content.pieces.keys())
  }

  readonly file = undefined

  async records(): Promise<Uint8Array[]> {
    return this.#content.records.map(record => record.slice())
  }

  async append(record: Uint8Array): Promise<void> {
    const size = FRAME_BYTES + record.byteLength
    checkRecord(record, this.#content.recordBytes, size)
    this.#content.recordBytes += size
    this.#content.records.push(record.slice())
  }

  async describe(): Promise<void> {}

  async takeFile(): Promise<undefined> {}

  async write(piece: WrittenPiece): Promise<void> {
    this.#content.pieces.set(piece.index, piece.bytes.slice())
  }

  async read(offset: number, into: Uint8Array, pieceLength: number): Promise<number> {
    let done = 0
    while (done < into.byteLength) {
      const within = (offset + done) % pieceLength
      const piece = this.#content.pieces.get(Math.floor((offset + done) / pieceLength))
      const part = piece?.subarray(within, within + into.byteLength - done)
      if (part === undefined || part.byteLength === 0) break
      into.set(part, done)
      done += part.byteLength
    }
    return done
  }

  async handOver(target: string, length: number, _how: 'move' | 'copy', signal?: AbortSignal): Promise<void> {
    const first = this.#content.pieces.get(0)
    if (first?.byteLength === length && (await placeSmall(target, first, signal))) return
    // the first piece is as long as all but the last
    const pieceLength = first?.byteLength ?? 1
    const source = {
      copyTo: (path: string) => this.#write(path, length, signal),
      read: (offset: number, into: Uint8Array) => this.read(offset, into, pieceLength),
    }
    await placeFile(target, length, source, signal)
  }

  async lend(): Promise<undefined> {
    return undefined
  }

  async remark(indexes: readonly number[]): Promise<void> {
    const stay = new Set(indexes)
    for (const index of this.#content.pieces.keys()) if (!stay.has(index)) this.#content.pieces.delete(index)
  }

  async stamp(): Promise<undefined> {
    return undefined
  }

  async shareData(): Promise<boolean> {
    return false
  }

  async close(): Promise<void> {}

  /** The store drops the content. */
  async remove(): Promise<void> {}

  /** The known pieces come first and without a gap: what lies behind `length` was forgotten by a recovery. */
  async #write(path: string, length: number, signal?: AbortSignal): Promise<void> {
    const file = await open(path, 'wx', 0o600)
    try {
      for (let index = 0, end = 0; end < length; index++) {
        if (signal?.aborted) throw abortError(signal)
        const bytes = this.#content.pieces.get(index) as Uint8Array
        await file.appendFile(bytes)
        end += bytes.byteLength
      }
    } finally {
      await file.close()
    }
  }
}
