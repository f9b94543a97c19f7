// A store entry: knows which pieces are verified, and reads only those.
import { Bitfield } from '../core/bitfield.ts'
import { abortError, DragonflyError } from '../core/errors.ts'
import { isPieceLength, MAX_PIECES, pieceCountOf, type VerifiedPiece } from '../core/piece.ts'
import type { Backing } from './backing.ts'
import { type EntrySpace, UNLIMITED } from './entry-space.ts'
import { PieceWrites } from './piece-writes.ts'
import { reverify } from './recover.ts'
import { isUntouched } from './stamp.ts'
import type { FileTaken, PieceTable, StoreEntry } from './store.ts'
import type { Verified } from './verified.ts'

/** What the store remembers of the entry from one opening to the next. */
export interface EntryMemory {
  /** What was verified before, if the data is as it was then. */
  before: Verified | undefined
  remember(verified: Verified): void
}

export class PieceEntry implements StoreEntry {
  readonly key: string
  readonly #backing: Backing
  readonly #onEnd: (removed: boolean) => void
  readonly #space: EntrySpace
  readonly #known = new Bitfield()
  /** Where the last known piece ends, bytes: the data file may be longer. */
  #end = 0
  #pieceLength: number | undefined
  readonly #writes: PieceWrites
  readonly #running = new Set<Promise<unknown>>()
  #ending: Promise<void> | undefined
  #removed = false
  readonly #memory: EntryMemory | undefined
  /** By this process; undefined: not yet. */
  #vouched: Verified | undefined
  #isRecalled = false

  /** `onEnd` is called once, when the entry is closed or removed. */
  constructor(
    key: string,
    backing: Backing,
    onEnd: (removed: boolean) => void,
    space: EntrySpace = UNLIMITED,
    memory?: EntryMemory,
  ) {
    this.#memory = memory
    this.key = key
    this.#backing = backing
    this.#onEnd = onEnd
    this.#space = space
    this.#writes = new PieceWrites(backing, space, {
      has: index => this.has(index),
      know: (index, size, pieceLength) => this.#know(index, size, pieceLength),
    })
  }

  get file(): string | undefined {
    return this.#backing.file
  }

  get count(): number {
    return this.#known.count
  }

  has(index: number): boolean {
    return this.#known.has(index)
  }

  isEmpty(): Promise<boolean> {
    const { hints, present } = this.#backing
    return this.#run(async () => hints.size === 0 && present === 0 && (await this.#backing.records()).length === 0)
  }

  records(): Promise<Uint8Array[]> {
    return this.#run(() => this.#backing.records())
  }

  append(record: Uint8Array): Promise<void> {
    return this.#run(() => this.#backing.append(record))
  }

  expect(length: number): Promise<void> {
    return this.#run(() => this.#space.expect(length))
  }

  describe(label: string): Promise<void> {
    return this.#run(() => this.#backing.describe(label))
  }

  recover(table: PieceTable, onPiece?: (piece: VerifiedPiece) => void, signal?: AbortSignal): Promise<Bitfield> {
    return this.#run(async () => {
      this.#fixPieceLength(table.pieceLength)
      this.#recall(table)
      for await (const piece of reverify(this.#backing, table, index => this.has(index), signal)) {
        this.#know(piece.index, piece.bytes.byteLength, table.pieceLength)
        onPiece?.(piece)
      }
      const found = new Bitfield(table.count)
      for (const index of this.#known) if (index < table.count) found.add(index)
      return found
    })
  }

  /** Once: what has been written since is read again by who opens it next. */
  #recall(table: PieceTable): void {
    const before = this.#memory?.before
    if (before === undefined || this.#known.count > 0 || before.pieceLength !== table.pieceLength) return
    if (table.count !== pieceCountOf(before.length, before.pieceLength)) return
    this.#known.grow(table.count)
    for (let index = 0; index < table.count; index++) this.#known.add(index)
    this.#end = before.length
    this.#vouched = before
    this.#isRecalled = true
    this.#backing.hints.clear()
  }

  get verified(): Uint8Array | undefined {
    return this.#isRecalled ? this.#vouched?.sha256 : undefined
  }

  async vouch(length: number, sha256: Uint8Array | undefined): Promise<void> {
    await this.#run(async () => {
      const pieceLength = this.#pieceLength
      const isKnown = this.#vouched !== undefined && (this.#vouched.sha256 !== undefined || sha256 === undefined)
      if (isKnown || pieceLength === undefined) return
      this.#checkWhole(length)
      // in memory nobody else writes
      if ((await this.#backing.stamp()) === undefined) return
      // no longer than the content, or it changes when it is lent
      await this.#backing.lend(length)
      await this.#remember({ length, pieceLength, sha256 })
    }).catch(() => {})
  }

  async #remember(verified: Omit<Verified, 'stamp'>): Promise<void> {
    const stamp = await this.#backing.stamp()
    if (stamp === undefined) return
    this.#vouched = { ...verified, stamp }
    this.#memory?.remember(this.#vouched)
  }

  async isTouched(): Promise<boolean> {
    const vouched = this.#vouched
    if (vouched === undefined) return false
    const now = await this.#run(() => this.#backing.stamp())
    return now !== undefined && !isUntouched(vouched.stamp, now)
  }

  forgetLost(): Promise<void> {
    return this.#run(() => this.#backing.remark([...this.#known, ...this.#backing.hints]))
  }

  takeFile(file: string, pieces: number, length: number): Promise<FileTaken | undefined> {
    return this.#run(() => this.#backing.takeFile(file, pieces, () => this.#space.expect(length)))
  }

  async put(piece: VerifiedPiece, pieceLength: number): Promise<void> {
    this.#checkPlace(piece.index, piece.bytes.byteLength, pieceLength)
    await this.#run(() => this.#writes.put(piece, pieceLength))
  }

  async lay(index: number, bytes: Uint8Array, pieceLength: number): Promise<void> {
    this.#checkPlace(index, bytes.byteLength, pieceLength)
    await this.#run(() => this.#writes.lay({ index, bytes }, pieceLength))
  }

  know(index: number, size: number, pieceLength: number): void {
    this.#checkPlace(index, size, pieceLength)
    this.#know(index, size, pieceLength)
  }

  read(offset: number, length: number, pieceLength: number, into?: Uint8Array): Promise<Uint8Array> {
    return this.#run(async () => {
      this.#fixPieceLength(pieceLength)
      const sound = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0
      if (!sound || (into !== undefined && into.byteLength < length)) {
        throw new DragonflyError('internal', `cannot read ${length} bytes at ${offset} of the store`)
      }
      if (length > 0) this.#checkKnown(offset, offset + length, pieceLength)
      const bytes = into === undefined ? new Uint8Array(Buffer.allocUnsafeSlow(length).buffer) : into.subarray(0, length)
      this.#space.used()
      const got = await this.#backing.read(offset, bytes, pieceLength)
      if (got !== length) throw new DragonflyError('store-error', `the store has ${got} of ${length} bytes at ${offset}`)
      return bytes
    })
  }

  peek(offset: number, into: Uint8Array, pieceLength: number): Promise<number> {
    return this.#run(() => this.#backing.read(offset, into, pieceLength))
  }
  async handOver(target: string, length: number, how: 'move' | 'copy', signal?: AbortSignal): Promise<void> {
    await this.#run(async () => {
      if (signal?.aborted) throw abortError(signal)
      this.#checkWhole(length)
      await this.#backing.handOver(target, length, how, signal)
    })
    if (how === 'move') await this.#finish(true)
  }

  async lend(length: number): Promise<string | undefined> {
    return await this.#run(async () => {
      this.#checkWhole(length)
      this.#space.used()
      return await this.#backing.lend(length)
    })
  }

  #checkWhole(length: number): void {
    if (length > 0) this.#checkKnown(0, length, this.#pieceLength ?? 1)
    if (pieceCountOf(length, this.#pieceLength ?? 1) < this.count || this.#end > length) {
      throw new DragonflyError('store-error', `the store has more than the ${length} bytes of the content`)
    }
  }

  shareData(key: string, table: PieceTable, signal?: AbortSignal): Promise<boolean> {
    return this.#run(async () => {
      if (key === this.key || this.count < table.count || this.#known.firstMissing() < table.count) return false
      const isShared = await this.#backing.shareData(key, async read => {
        const hints = new Set(Array.from({ length: table.count }, (_, index) => index))
        let good = 0
        for await (const _piece of reverify({ hints, read }, table, () => false, signal)) good++
        return good === table.count
      })
      // another file, and its bytes were read again
      if (isShared && this.#vouched !== undefined) await this.#remember(this.#vouched)
      return isShared
    })
  }

  async remove(): Promise<void> {
    if (this.#ending !== undefined && !this.#removed) throw closed()
    await this.#finish(true)
  }

  close(): Promise<void> {
    return this.#finish(false)
  }

  #finish(remove: boolean): Promise<void> {
    if (this.#ending === undefined) {
      this.#removed = remove
      this.#ending = this.#settle(remove)
    }
    return this.#ending
  }

  async #settle(remove: boolean): Promise<void> {
    try {
      await Promise.allSettled(this.#running)
      await (remove ? this.#backing.remove() : this.#backing.close())
    } finally {
      this.#onEnd(remove)
    }
  }

  /** Everything that touches the backing runs in here, so that closing can wait for it. */
  async #run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#ending !== undefined) throw closed()
    const running = work()
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  #know(index: number, size: number, pieceLength: number): void {
    this.#known.grow(index + 1)
    this.#known.add(index)
    this.#end = Math.max(this.#end, index * pieceLength + size)
  }

  #checkPlace(index: number, size: number, pieceLength: number): void {
    this.#fixPieceLength(pieceLength)
    if (Number.isInteger(index) && index >= 0 && index < MAX_PIECES && size <= pieceLength) return
    throw new DragonflyError('internal', `piece ${index} of ${size} bytes does not fit the store`)
  }

  #checkKnown(start: number, end: number, pieceLength: number): void {
    const first = Math.floor(start / pieceLength)
    const missing = this.#known.firstMissing(first)
    if (end > this.#end || missing < pieceCountOf(end, pieceLength)) {
      throw new DragonflyError('store-error', `bytes ${start} to ${end} are not all stored`)
    }
  }

  /** Two lengths in one entry would lay pieces over one another. */
  #fixPieceLength(pieceLength: number): void {
    if (!isPieceLength(pieceLength)) throw new DragonflyError('internal', `${pieceLength} is not a piece length`)
    this.#pieceLength ??= pieceLength
    if (this.#pieceLength !== pieceLength) {
      throw new DragonflyError('internal', `piece length ${pieceLength} in an entry of ${this.#pieceLength}`)
    }
  }
}

function closed(): DragonflyError {
  return new DragonflyError('store-error', 'the store entry is closed')
}
