// The file of marks: written pieces as u32 little-endian indices. Hints only, verified again after a restart.
import { MAX_PIECES } from '../core/piece.ts'
import { AppendFile } from './append-file.ts'
import { MAX_MARKS_BYTES } from './store.ts'

export class Marks {
  readonly #file: AppendFile
  /** Pieces marked before this opening. */
  readonly hints: Set<number>
  /** Those that came while others were being written. */
  #waiting: number[] = []
  /** The write that will take them. */
  #next: Promise<void> = Promise.resolve()

  private constructor(file: AppendFile, hints: Set<number>) {
    this.#file = file
    this.hints = hints
  }

  /** An overlong file is garbage and starts anew; a torn last mark is cut off; impossible indexes are passed over. */
  static async open(path: string): Promise<Marks> {
    const file = await AppendFile.open(path)
    try {
      // Repeats pile up over many recoveries: written anew above half the limit, no run can take the file beyond it.
      const isLong = file.end > MAX_MARKS_BYTES / 2
      const isGarbage = file.end > MAX_MARKS_BYTES
      const hints = await file.scan(isGarbage ? 0 : MAX_MARKS_BYTES, bytes => ({
        value: parseMarks(bytes),
        end: isLong ? 0 : bytes.byteLength - (bytes.byteLength % 4),
      }))
      if (isLong && hints.size > 0) await file.append(formatMarks([...hints]))
      return new Marks(file, hints)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** Resolves when the mark is written, with all others that came meanwhile. */
  add(index: number): Promise<void> {
    this.#waiting.push(index)
    if (this.#waiting.length === 1) this.#next = this.#file.append(() => this.#takeWaiting())
    return this.#next
  }

  #takeWaiting(): Uint8Array {
    const bytes = formatMarks(this.#waiting)
    this.#waiting = []
    return bytes
  }

  /** Only these stay. A crash in between loses hints, which is no more than work. */
  async replace(indexes: readonly number[]): Promise<void> {
    await this.#file.scan(0, () => ({ value: undefined, end: 0 }))
    if (indexes.length > 0) await this.#file.append(formatMarks([...indexes]))
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

export function parseMarks(bytes: Uint8Array): Set<number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const hints = new Set<number>()
  for (let at = 0; at + 4 <= bytes.byteLength; at += 4) {
    const index = view.getUint32(at, true)
    if (index < MAX_PIECES) hints.add(index)
  }
  return hints
}

export function formatMarks(indexes: number[]): Uint8Array {
  const bytes = new Uint8Array(indexes.length * 4)
  const view = new DataView(bytes.buffer)
  indexes.forEach((index, i) => {
    view.setUint32(i * 4, index, true)
  })
  return bytes
}
