// An entry of a small content: in memory at first, and on the disk only if it is kept. Most are handed over within milliseconds.
import { hashPiece } from '../core/piece.ts'
import type { Backing, WrittenPiece } from './backing.ts'
import { MAX_LABEL } from './inventory.ts'
import { formatMarks } from './marks.ts'
import { MemoryBacking, MemoryContent } from './memory-backing.ts'
import { frameRecord } from './records.ts'
import type { Stamp } from './stamp.ts'

/** What a disk has for it. */
export interface HeavyBacking extends Backing {
  /** When it was read or written last, ms since 1970. */
  usedAt: number | undefined
  touch(): Promise<void>
}

/** Files of a small entry, by their names, with what is in them. */
export interface SmallFiles {
  data: Uint8Array
  marks: Uint8Array
  records: Uint8Array
  label?: string
}

/** How an entry gets to the disk. Both reject where there is no room. */
export interface Makers {
  /** Makes an entry of these files; undefined: that does not go, and nothing has changed. */
  written(files: SmallFiles): Promise<HeavyBacking | undefined>
  /** Makes an empty entry with room for so many bytes; rejects where somebody else has made it. */
  empty(bytes: number): Promise<HeavyBacking>
}

/** What is on the disk already. */
interface Moved {
  label: string | undefined
  records: number
  pieces: ReadonlySet<number>
}

const NOTHING: Moved = { label: undefined, records: 0, pieces: new Set() }

/** Contents up to so many bytes begin in memory: making and removing a folder with four files costs more than reading them again. */
export const LIGHT_BYTES = 64 * 1024
/** After so many ms it goes to the disk, so that a crash loses no more than that; longer than a small content takes. */
const LIGHT_MS = 1000

export class LightBacking implements HeavyBacking {
  readonly hints = new Set<number>()
  readonly present = 0
  usedAt: number | undefined
  /** Goes with who still reads from it. */
  #content = new MemoryContent()
  #memory = new MemoryBacking(this.#content)
  readonly #makers: Makers
  readonly #timer: NodeJS.Timeout
  #label: string | undefined
  #pieceLength = 1
  #disk: HeavyBacking | undefined
  #settling: Promise<HeavyBacking> | undefined

  constructor(makers: Makers) {
    this.#makers = makers
    this.#timer = setTimeout(() => void this.#settle().catch(() => {}), LIGHT_MS).unref()
  }

  get file(): string | undefined {
    return this.#disk?.file
  }

  records(): Promise<Uint8Array[]> {
    return this.#now.records()
  }

  append(record: Uint8Array): Promise<void> {
    return this.#now.append(record)
  }

  async describe(label: string): Promise<void> {
    this.#label = label
    await this.#disk?.describe(label)
  }

  write(piece: WrittenPiece, pieceLength: number): Promise<void> {
    this.#pieceLength = pieceLength
    return this.#now.write(piece, pieceLength)
  }

  read(offset: number, into: Uint8Array, pieceLength: number): Promise<number> {
    return this.#now.read(offset, into, pieceLength)
  }

  handOver(target: string, length: number, how: 'move' | 'copy', signal?: AbortSignal): Promise<void> {
    return this.#now.handOver(target, length, how, signal)
  }

  async lend(length: number): Promise<string | undefined> {
    const disk = await this.#settle().catch(() => undefined)
    return await disk?.lend(length)
  }

  remark(indexes: readonly number[]): Promise<void> {
    return this.#now.remark(indexes)
  }

  async stamp(): Promise<Stamp | undefined> {
    return await this.#disk?.stamp()
  }

  /** What is opened without a length, for a file, is on the disk from the beginning. */
  async takeFile(): Promise<undefined> {}

  async shareData(key: string, isGood: (read: Backing['read']) => Promise<boolean>): Promise<boolean> {
    const disk = await this.#settle().catch(() => undefined)
    return (await disk?.shareData(key, isGood)) ?? false
  }

  async touch(): Promise<void> {
    if (this.#disk === undefined) return
    this.#disk.usedAt = this.usedAt
    await this.#disk.touch()
  }

  /** Where it cannot be kept, it is gone: somebody else keeps it, or there is no room. */
  async close(): Promise<void> {
    clearTimeout(this.#timer)
    const disk = await this.#settle().catch(() => undefined)
    if (disk !== undefined) disk.usedAt = this.usedAt
    await disk?.close()
  }

  async remove(): Promise<void> {
    clearTimeout(this.#timer)
    const disk = await this.#settling?.catch(() => undefined)
    await disk?.remove()
  }

  /** Goes to the disk now. Never rejects. */
  async settle(): Promise<void> {
    await this.#settle().catch(() => {})
  }

  get #now(): Backing {
    return this.#disk ?? this.#memory
  }

  #settle(): Promise<HeavyBacking> {
    this.#settling ??= this.#move()
    return this.#settling
  }

  /** What is written meanwhile goes to memory and is taken along; in the same turn in which nothing is left, the disk takes over. */
  async #move(): Promise<HeavyBacking> {
    const files = this.#files()
    const done = { label: this.#label, records: this.#content.records.length, pieces: new Set(this.#content.pieces.keys()) }
    const whole = files && (await this.#makers.written(files))
    const disk = whole ?? (await this.#makers.empty(this.#bytes))
    try {
      await this.#copyTo(disk, whole === undefined ? NOTHING : done)
    } catch (error) {
      await disk.remove().catch(() => {})
      throw error
    }
    this.#disk = disk
    this.#content = new MemoryContent()
    this.#memory = new MemoryBacking(this.#content)
    return disk
  }

  get #bytes(): number {
    let bytes = 0
    for (const piece of this.#content.pieces.values()) bytes += piece.byteLength
    return bytes
  }

  /** Undefined where the data are not one whole piece or none: then there may be holes. */
  #files(): SmallFiles | undefined {
    const { records, pieces } = this.#content
    const first = pieces.get(0)
    if (pieces.size > (first === undefined ? 0 : 1)) return undefined
    return {
      data: first ?? new Uint8Array(),
      marks: formatMarks([...pieces.keys()]),
      records: Buffer.concat(records.map(frameRecord)),
      ...(this.#label !== undefined && { label: this.#label.slice(0, MAX_LABEL) }),
    }
  }

  async #copyTo(disk: HeavyBacking, done: Moved): Promise<void> {
    const { records, pieces } = this.#content
    if (this.#label !== done.label) await disk.describe(this.#label ?? '')
    const moved = new Set(done.pieces)
    for (let next = done.records; ; ) {
      const record = records[next]
      const [index, bytes] = [...pieces].find(([index]) => !moved.has(index)) ?? []
      if (record !== undefined) {
        await disk.append(record)
        next++
      } else if (index !== undefined && bytes !== undefined) {
        await disk.write(hashPiece(index, bytes), this.#pieceLength)
        moved.add(index)
      } else return
    }
  }
}
