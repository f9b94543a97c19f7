// One reading of a folder that is shared anew whenever it changes: what is as it was is not read again.
import { join } from 'node:path'
import { sha256 } from '../../core/piece.ts'
import { MAX_PACK_BYTES, MAX_PACKED_BYTES } from '../../core/tree.ts'
import type { Kept } from '../api/shared-content.ts'
import { wallClock } from '../context/node-context.ts'
import type { HeldRoots } from './held-roots.ts'
import { isSame, type Look } from './look.ts'
import { readSmall } from './packer.ts'
import type { SharedContents } from './shared-contents.ts'
import { isBusy, readSteady } from './steady.ts'
import type { FoundFile } from './walk-folder.ts'
import type { LeftOut } from './walk-watched.ts'

/** A file that was written to so shortly before it was looked at may change again and look the same, ns. */
const TICK_NS = 100_000_000n
/** Packs with fewer bytes in use are filled up: without that each change would leave one more. */
const SMALL_PACK = 1024 * 1024

/** A file of the version before. */
export interface Known {
  look: Look
  sha256: Uint8Array
  /** Of the content that it is, or of the pack that it lies in. */
  root: string
  /** In the pack. */
  offset: number | undefined
  /** Whether the same look means the same bytes. */
  isCertain: boolean
  /** Whether its bytes are no other ones when the file is written to in place. */
  isCopy: boolean
}

export type Entry = Known & Pick<FoundFile, 'path' | 'isExecutable'>

type Waiting = Omit<Entry, 'root' | 'offset'> & { bytes: Uint8Array }

/** Told of bytes that were read so far. */
export type Told = (read: { bytes: number; length: number }) => void

interface Ground {
  contents: SharedContents
  path: string
  held: HeldRoots
  known: ReadonlyMap<string, Entry>
  signal: AbortSignal
}

/** One reading of a folder. */
export class Draft {
  readonly leftOut: LeftOut[] = []
  isSettled = true
  /** Whether no file is another one than before. */
  isSame = false
  kept: Kept = 'stored'
  readonly #ground: Ground
  readonly #onRead: Told | undefined
  readonly #entries: Entry[] = []
  /** Roots of packs whose files are packed anew. */
  #sparse: ReadonlySet<string> = new Set()
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #read = 0
  #length = 0

  constructor(ground: Ground, onRead: Told | undefined) {
    this.#ground = ground
    this.#onRead = onRead
  }

  async entries(files: readonly FoundFile[]): Promise<Entry[]> {
    const unchanged = files.flatMap(file => this.#unchanged(file))
    const kept = new Map(unchanged.map(entry => [entry.path, entry]))
    this.#sparse = this.#sparsePacks(files, kept)
    for (const { path, root, offset } of unchanged) if (offset !== undefined && this.#sparse.has(root)) kept.delete(path)
    for (const entry of kept.values()) this.#entries.push(entry)
    const changed = files.filter(({ path }) => !kept.has(path))
    this.isSame =
      changed.length === 0 && kept.size === this.#ground.known.size && unchanged.every(entry => this.#isAsKnown(entry))
    this.#length = changed.reduce((sum, { look }) => sum + Number(look.size), 0)
    for (const file of changed) await this.#take(file)
    await this.#pack()
    return this.#entries
  }

  /** Those that are as they were. */
  #unchanged({ path, look, isExecutable }: FoundFile): Entry[] {
    const { held, known } = this.#ground
    const before = known.get(path)
    const isHere = before?.isCertain === true && isSame(before.look, look) && held.has(before.root)
    return isHere ? [{ ...before, path, isExecutable }] : []
  }

  #isAsKnown({ path, isExecutable }: Entry): boolean {
    return this.#ground.known.get(path)?.isExecutable === isExecutable
  }

  /** Packs that are mostly holes, or small while others are to be packed: their files are packed anew. */
  #sparsePacks(files: readonly FoundFile[], kept: ReadonlyMap<string, Entry>): Set<string> {
    const { held, known } = this.#ground
    const live = new Map<string, number>()
    for (const { path, look } of files) {
      const before = known.get(path)
      if (before?.offset === undefined || !isSame(before.look, look)) continue
      live.set(before.root, (live.get(before.root) ?? 0) + Number(look.size))
    }
    const isHollow = ([root, used]: [string, number]) => used * 2 < held.sizeOf(root)
    const isPacking = [...live].some(isHollow) || files.some(({ path, look }) => look.size <= MAX_PACKED_BYTES && !kept.has(path))
    const isSparse = (pack: [string, number]) => isHollow(pack) || (isPacking && pack[1] < SMALL_PACK)
    return new Set([...live].filter(isSparse).map(([root]) => root))
  }

  async #take(file: FoundFile): Promise<void> {
    const { path: root, known, held, contents, signal } = this.#ground
    const { path, isExecutable } = file
    signal.throwIfAborted()
    const from = join(root, path)
    const isLate = known.size > 0 && isBusy(file.look)
    const read = isLate
      ? ({ is: 'busy' } as const)
      : await readSteady(from, file.look, signal, async look => {
          if (look.size <= MAX_PACKED_BYTES) return await readSmall(from, look)
          return await contents.addFile(from, look, '', bytes => this.#tell(bytes), signal)
        })
    if (read.is === 'gone') return
    if (read.is === 'left-out') return void this.leftOut.push({ path, why: read.why })
    if (read.is === 'busy') return this.#keepEarlier(file)
    const { look, value } = read
    this.#read += Number(look.size)
    this.#tell(0)
    const common = { path, isExecutable, look, isCertain: isCertain(look), isCopy: true }
    if (value instanceof Uint8Array) return await this.#wait({ ...common, bytes: value, sha256: sha256(value) })
    const { measured, kept } = value
    if (kept !== 'stored') this.kept = kept
    const isCopy = kept === 'copy' || kept === 'reflink'
    this.#entries.push({ ...common, isCopy, sha256: measured.sha256, root: await held.add(measured), offset: undefined })
  }

  /** Of a file that cannot be read now the version before is shared on, while it is here. */
  #keepEarlier({ path, look, isExecutable }: FoundFile): void {
    const { known, held } = this.#ground
    this.isSettled = false
    const before = known.get(path)
    if (before === undefined || !held.has(before.root) || (!before.isCopy && before.look.ino === look.ino))
      this.leftOut.push({ path, why: 'it is being written to' })
    else this.#entries.push({ ...before, path, isExecutable, isCertain: false })
  }

  async #wait(file: Waiting): Promise<void> {
    const { held, known } = this.#ground
    const before = known.get(file.path)
    // it was touched, and no more: where it lies it may stay
    const mayStay = before?.offset !== undefined && held.has(before.root) && !this.#sparse.has(before.root)
    if (mayStay && isEqual(before, file.sha256)) {
      const { bytes: _bytes, ...entry } = file
      return void this.#entries.push({ ...entry, root: before.root, offset: before.offset })
    }
    if (this.#waitingBytes + file.bytes.byteLength > MAX_PACK_BYTES) await this.#pack()
    this.#waiting.push(file)
    this.#waitingBytes += file.bytes.byteLength
  }

  async #pack(): Promise<void> {
    const { contents, held } = this.#ground
    const waiting = this.#waiting.splice(0)
    this.#waitingBytes = 0
    if (waiting.length === 0) return
    const root = await held.add(await contents.addBytes(Buffer.concat(waiting.map(({ bytes }) => bytes)), ''))
    let offset = 0
    for (const { bytes, ...entry } of waiting) {
      this.#entries.push({ ...entry, root, offset })
      offset += bytes.byteLength
    }
  }

  #tell(bytes: number): void {
    this.#onRead?.({ bytes: Math.min(this.#length, this.#read + bytes), length: this.#length })
  }
}

function isCertain({ mtimeNs }: Look): boolean {
  return BigInt(wallClock()) * 1_000_000n - mtimeNs > TICK_NS
}

function isEqual({ sha256 }: Known, other: Uint8Array): boolean {
  return Buffer.compare(sha256, other) === 0
}
