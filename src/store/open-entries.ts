// The entries of a store on disk that are open in this process.
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { abortError, DragonflyError, fromSystemError } from '../core/errors.ts'
import { DiskBacking } from './disk-backing.ts'
import type { DiskSpace } from './disk-space.ts'
import { type EntryMemory, PieceEntry } from './entry.ts'
import { type EntrySpace, UNLIMITED } from './entry-space.ts'
import { exists, lockFolder } from './folders.ts'
import { type HeavyBacking, LIGHT_BYTES, LightBacking, type SmallFiles } from './light-backing.ts'
import type { FolderListing } from './listing.ts'
import { lockToBe } from './lock.ts'
import type { Presence } from './presence.ts'
import { type StoreEntry, stopped } from './store.ts'
import { type Verified, VerifiedContents } from './verified.ts'
import { SmallWriter } from './write-small.ts'
import { WrittenBacking } from './written-backing.ts'

/** So many are in memory at a time, and so many bytes of contents; others begin on the disk. */
const MAX_LIGHT = 512
const MAX_LIGHT_BYTES = 64 * LIGHT_BYTES

export interface Places {
  /** Folder of all entries. */
  entries: string
  /** Where they go to die. */
  trash: string
  /** Where small ones are made; not in the trash, which whoever opens the store empties. */
  making: string
  space: DiskSpace
  /** For their locks. */
  presence: Presence | undefined
  /** Told of what is made and removed here. */
  listing: Pick<FolderListing, 'made' | 'removed'>
}

interface Open {
  entry: StoreEntry
  backing: HeavyBacking
}

export class OpenEntries {
  readonly verified = new VerifiedContents()
  readonly #places: Places
  readonly #open = new Map<string, Open>()
  readonly #light = new Map<string, { backing: LightBacking; length: number }>()
  /** Of all of them, as they were announced. */
  #lightBytes = 0
  readonly #writer = new SmallWriter()
  readonly #opening = new Set<Promise<StoreEntry>>()
  #isStopped = false

  constructor(places: Places) {
    this.#places = places
  }

  /** `length`: of the content, bytes; undefined: unknown. As `Store.open`. */
  async open(key: string, signal?: AbortSignal, length?: number): Promise<StoreEntry> {
    if (this.#isStopped) throw stopped()
    const opening = this.#openEntry(key, signal, length)
    this.#opening.add(opening)
    try {
      return await opening
    } finally {
      this.#opening.delete(opening)
    }
  }

  keys(): Iterable<string> {
    return this.#open.keys()
  }

  /** Keys of those that are in memory. */
  get light(): Iterable<string> {
    return this.#light.keys()
  }

  has(key: string): boolean {
    return this.#open.has(key)
  }

  /** When an open entry was read or written last, ms since 1970. */
  usedAt(key: string): number | undefined {
    return this.#open.get(key)?.backing.usedAt
  }

  /** All that is in memory goes to the disk, for somebody who looks there. */
  async settle(): Promise<void> {
    await Promise.all([...this.#light.values()].map(({ backing }) => backing.settle()))
  }

  /** Writes the times of last use down. */
  async touch(): Promise<void> {
    for (const { backing } of this.#open.values()) await backing.touch()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.allSettled(this.#opening)
    await Promise.all([...this.#open.values()].map(({ entry }) => entry.close()))
  }

  get isStopped(): boolean {
    return this.#isStopped
  }

  async #openEntry(key: string, signal: AbortSignal | undefined, length = Infinity): Promise<StoreEntry> {
    if (this.#light.has(key)) throw isOpen(key)
    if (this.#hasLightRoom(length) && !(await this.#isThere(key))) {
      if (this.#light.has(key)) throw isOpen(key)
      if (signal?.aborted) throw abortError(signal)
      // nothing is waited for between these looks and its place among the open ones
      if (this.#hasLightRoom(length) && !this.#isStopped) return this.#openLight(key, length)
    }
    const backing = await this.#openBacking(key, signal)
    if (signal?.aborted || this.#isStopped) {
      await backing.close()
      throw this.#isStopped ? stopped() : abortError(signal)
    }
    this.#places.listing.made(key)
    const before = this.verified.recall(key, await backing.stamp().catch(() => undefined))
    return this.#opened(key, backing, this.#spaceOf(key, backing), before)
  }

  /** On a quick disk the way to another thread and back takes longer than the look. */
  async #isThere(key: string): Promise<boolean> {
    return this.#writer.isInPlace ? existsSync(this.#folder(key)) : await exists(this.#folder(key))
  }

  #hasLightRoom(length: number): boolean {
    return length <= LIGHT_BYTES && this.#light.size < MAX_LIGHT && this.#lightBytes + length <= MAX_LIGHT_BYTES
  }

  /** No room is taken before it goes to the disk. */
  #openLight(key: string, length: number): StoreEntry {
    let space = UNLIMITED
    const backing = new LightBacking({
      written: async files => {
        const taken = this.#places.space.of(key, 0, () => {})
        await taken.claim(files.data.byteLength)
        const written = await this.#write(key, files)
        if (written === undefined) {
          this.#places.space.closed(key)
          return undefined
        }
        taken.wrote(files.data.byteLength)
        space = taken
        this.#settled(key)
        return written
      },
      empty: async bytes => {
        const disk = await this.#openBacking(key).catch(error => {
          if (!this.#isStopped) this.#places.space.broke(error)
          throw error
        })
        // another process has made it and let go of it: it is that one's, with its own records
        if (disk.hints.size > 0 || (await disk.records()).length > 0) {
          await disk.close()
          throw isKept(key)
        }
        const taken = this.#spaceOf(key, disk)
        try {
          await taken.claim(bytes)
        } catch (error) {
          await disk.remove()
          throw error
        }
        taken.wrote(bytes)
        space = taken
        this.#settled(key)
        return disk
      },
    })
    const current: EntrySpace = {
      expect: length => space.expect(length),
      claim: bytes => space.claim(bytes),
      wrote: bytes => space.wrote(bytes),
      failed: (bytes, error) => space.failed(bytes, error),
      used: () => {
        backing.usedAt = Date.now()
      },
    }
    this.#light.set(key, { backing, length })
    this.#lightBytes += length
    return this.#opened(key, backing, current, undefined)
  }

  /** It is on the disk now. */
  #settled(key: string): void {
    this.#places.listing.made(key)
    this.#noLight(key)
  }

  #noLight(key: string): void {
    this.#lightBytes -= this.#light.get(key)?.length ?? 0
    this.#light.delete(key)
  }

  /** Undefined where somebody else has made it, or anything else is in the way. */
  async #write(key: string, files: SmallFiles): Promise<WrittenBacking | undefined> {
    const { trash, making, presence } = this.#places
    const folder = this.#folder(key)
    try {
      const { text, lock } = await lockToBe(join(folder, 'lock'), presence, () => this.#writer.isInPlace)
      await this.#writer.write(join(making, randomUUID()), folder, new Map(Object.entries({ ...files, lock: text })))
      return new WrittenBacking(folder, trash, lock)
    } catch {
      return undefined
    }
  }

  #spaceOf(key: string, backing: DiskBacking): EntrySpace {
    return this.#places.space.of(key, backing.present, () => {
      backing.usedAt = Date.now()
    })
  }

  #opened(key: string, backing: HeavyBacking, space: EntrySpace, before: EntryMemory['before']): StoreEntry {
    const onEnd = (removed: boolean) => {
      // once it is removed, and before we know, somebody may have made it anew
      if (this.#open.get(key)?.backing !== backing) return
      if (removed) this.verified.forget(key)
      if (removed) this.#places.listing.removed(key)
      this.#open.delete(key)
      this.#noLight(key)
      this.#places.space.closed(key)
    }
    const memory = { before, remember: (verified: Verified) => this.verified.remember(key, verified) }
    const entry = new PieceEntry(key, backing, onEnd, space, memory)
    this.#open.set(key, { entry, backing })
    return entry
  }

  async #openBacking(key: string, signal?: AbortSignal): Promise<DiskBacking> {
    const { trash, presence } = this.#places
    const folder = this.#folder(key)
    try {
      return await DiskBacking.open(folder, trash, await lockFolder(folder, signal, presence))
    } catch (error) {
      throw fromSystemError(error, 'store-error', `cannot open the store entry ${folder}`)
    }
  }

  #folder(key: string): string {
    return join(this.#places.entries, key)
  }
}

function isKept(key: string): DragonflyError {
  return new DragonflyError('store-locked', `store entry ${key} was made by another process`)
}

function isOpen(key: string): DragonflyError {
  return new DragonflyError('store-locked', `store entry ${key} is open already`, { hint: 'close it first', retryable: true })
}
