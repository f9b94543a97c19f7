// A store on disk. It survives crashes; several processes share it, one per entry.
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { abortError, DragonflyError, fromSystemError } from '../core/errors.ts'
import { Ballast } from './ballast.ts'
import { DiskBacking } from './disk-backing.ts'
import { DiskSpace, type Evicted } from './disk-space.ts'
import type { DiskOptions, DiskStore, Holder, Quota, SpaceReport, StoredEntry } from './disk-store.ts'
import { PieceEntry } from './entry.ts'
import type { Evictable } from './eviction.ts'
import { emptyTrash, exists, lockFolder, makeFolder } from './folders.ts'
import { type Inspection, inspect } from './inspection.ts'
import { firstRecord, isInUse, labelOf, lastUseOf, takeInventory } from './inventory.ts'
import { occupiedBy } from './occupancy.ts'
import { nameOfKey, Pins } from './pins.ts'
import { type Presence, showPresence } from './presence.ts'
import { diskOf } from './space.ts'
import { checkKey, type StoreEntry, stopped } from './store.ts'
import { type Verified, VerifiedContents } from './verified.ts'

/** How often the times of last use are written down, and the watermarks looked at, ms. */
const UPKEEP_MS = 30_000

/**
 * Opens the store below `dir` (absolute), made when absent: DIR/entries/KEY/ for each content, DIR/pins/, DIR/trash/ for what is
 * being deleted. Folders are 0700, files 0600. Rejects with `store-error` or `no-space`.
 */
export async function openDiskStore(dir: string, options: DiskOptions = {}): Promise<DiskStore> {
  await makeFolder(join(dir, 'entries'))
  await makeFolder(join(dir, 'trash'))
  await emptyTrash(join(dir, 'trash'))
  const store = new FolderStore(dir, options, await showPresence(dir))
  if (options.quota !== undefined) await store.limit(options.quota)
  return store
}

class FolderStore implements DiskStore {
  readonly #dir: string
  readonly #open = new Map<string, { entry: StoreEntry; backing: DiskBacking }>()
  readonly #opening = new Set<Promise<StoreEntry>>()
  readonly #pins: Pins
  readonly #space: DiskSpace
  readonly #ballast: Ballast
  readonly #verified = new VerifiedContents()
  /** For the locks of all entries. */
  readonly #presence: Presence | undefined
  #holder: Holder | undefined
  #upkeep: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(dir: string, { onTrouble = () => {} }: DiskOptions, presence: Presence | undefined) {
    this.#dir = dir
    this.#presence = presence
    this.#pins = new Pins(join(dir, 'pins'))
    this.#ballast = new Ballast(join(dir, 'ballast'))
    this.#space = new DiskSpace({
      dir,
      disk: () => this.#disk(),
      used: async () => occupiedBy(await takeInventory(this.#entries)),
      inventory: () => this.#evictables(),
      evict: key => this.#evict(key),
      onTrouble,
    })
  }

  async open(key: string, signal?: AbortSignal): Promise<StoreEntry> {
    checkKey(key)
    try {
      return await this.#opened(key, signal)
    } catch (error) {
      if (!this.#isStopped) this.#space.broke(error)
      throw error
    }
  }

  async #opened(key: string, signal?: AbortSignal): Promise<StoreEntry> {
    if (this.#isStopped) throw stopped()
    const opening = this.#openEntry(key, signal)
    this.#opening.add(opening)
    try {
      return await opening
    } finally {
      this.#opening.delete(opening)
    }
  }

  async keys(): Promise<string[]> {
    try {
      const found = await readdir(this.#entries, { withFileTypes: true })
      return found
        .filter(item => item.isDirectory())
        .map(item => item.name)
        .sort()
    } catch (error) {
      throw fromSystemError(error, 'store-error', `cannot read the store ${this.#dir}`)
    }
  }

  async keysOfLength(bytes: number): Promise<string[]> {
    const found: string[] = []
    for (const key of await this.keys()) {
      const size = await stat(join(this.#folder(key), 'data')).then(
        file => file.size,
        () => undefined,
      )
      if (size === bytes) found.push(key)
    }
    return found
  }

  async remove(key: string): Promise<void> {
    checkKey(key)
    if (!(await exists(this.#folder(key)))) return
    const entry = await this.#opened(key)
    await entry.remove()
  }

  async freeSpace(): Promise<number> {
    return (await this.#disk()).free
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearInterval(this.#upkeep)
    await Promise.allSettled(this.#opening)
    await Promise.all([...this.#open.values()].map(({ entry }) => entry.close()))
    await this.#presence?.end()
  }

  // ---- room

  get isLimited(): boolean {
    return this.#space.quota !== undefined
  }

  async limit(quota: Quota): Promise<void> {
    const bytes = typeof quota === 'number' ? quota : quota.share * (await this.#present())
    if (!(bytes > 0)) throw new DragonflyError('bad-option', 'the quota is not above 0', { hint: 'write 50GiB or 20%' })
    this.#space.quota = bytes === Infinity ? bytes : Math.floor(bytes)
    await this.#ballast.lay()
    this.#upkeep ??= setInterval(() => void this.#keepUp().catch(() => {}), UPKEEP_MS).unref()
  }

  heldBy(holder: Holder): void {
    this.#holder = holder
  }

  async list(): Promise<StoredEntry[]> {
    const entries = await this.#evictables()
    return await Promise.all(
      entries.map(async entry => ({
        ...entry,
        label: await labelOf(this.#entries, entry.key),
        record: await firstRecord(this.#entries, entry.key),
      })),
    )
  }

  async inspect(key: string): Promise<Inspection | undefined> {
    checkKey(key)
    return await inspect(this.#folder(key))
  }

  doubt(key: string): void {
    this.#verified.forget(key)
  }

  async space(): Promise<SpaceReport> {
    const { free } = await this.#disk()
    const used = occupiedBy(await takeInventory(this.#entries))
    const { quota = Infinity, evicted, trouble } = this.#space
    return { quota, used, free, evicted: { ...evicted }, trouble }
  }

  async unusedSince(before: number, most: number): Promise<string[]> {
    const pins = await this.#pins.all()
    const keys = (await this.keys()).filter(key => !pins.has(nameOfKey(key)) && !this.#open.has(key))
    const drawn = keys.length <= most ? keys : keys.toSorted(() => Math.random() - 0.5).slice(0, most)
    const unused: string[] = []
    for (const key of drawn) {
      const at = await lastUseOf(this.#entries, key)
      if (at !== undefined && at < before && !(await isInUse(this.#entries, key))) unused.push(key)
    }
    return unused
  }

  pins(): Promise<Set<string>> {
    return this.#pins.all()
  }

  pin(name: string): Promise<void> {
    return this.#pins.add(name)
  }

  unpin(name: string): Promise<void> {
    return this.#pins.delete(name)
  }

  async gc(): Promise<Evicted & { broken: number }> {
    await emptyTrash(join(this.#dir, 'trash'))
    let broken = 0
    for (const { key, record, isBusy } of await this.list()) {
      if (record === undefined && !isBusy && (await this.#evict(key))) broken++
    }
    return { ...(await this.#space.tidy(true)), broken }
  }

  // ---- inside

  get #entries(): string {
    return join(this.#dir, 'entries')
  }

  #folder(key: string): string {
    return join(this.#entries, key)
  }

  async #openEntry(key: string, signal?: AbortSignal): Promise<StoreEntry> {
    const backing = await this.#openBacking(key, signal)
    if (signal?.aborted || this.#isStopped) {
      await backing.close()
      throw this.#isStopped ? stopped() : abortError(signal)
    }
    const onEnd = (removed: boolean) => {
      if (removed) this.#verified.forget(key)
      this.#open.delete(key)
      this.#space.closed(key)
    }
    const used = () => {
      backing.usedAt = Date.now()
    }
    const memory = {
      before: this.#verified.recall(key, await backing.stamp().catch(() => undefined)),
      remember: (verified: Verified) => this.#verified.remember(key, verified),
    }
    const entry = new PieceEntry(key, backing, onEnd, this.#space.of(key, backing.present, used), memory)
    this.#open.set(key, { entry, backing })
    return entry
  }

  async #openBacking(key: string, signal?: AbortSignal): Promise<DiskBacking> {
    const folder = this.#folder(key)
    try {
      return await DiskBacking.open(folder, join(this.#dir, 'trash'), await lockFolder(folder, signal, this.#presence))
    } catch (error) {
      throw fromSystemError(error, 'store-error', `cannot open the store entry ${folder}`)
    }
  }

  async #disk(): Promise<{ free: number; size: number }> {
    try {
      return await diskOf(this.#dir)
    } catch (error) {
      throw fromSystemError(error, 'store-error', `cannot ask for the free space of ${this.#dir}`)
    }
  }

  async #present(): Promise<number> {
    return (await this.#disk()).free + occupiedBy(await takeInventory(this.#entries))
  }

  async #evictables(): Promise<(Evictable & { since: number })[]> {
    const pins = await this.#pins.all()
    const found = await takeInventory(this.#entries)
    return await Promise.all(
      found.map(async ({ key, lastUsed, ...rest }) => ({
        ...rest,
        key,
        lastUsed: this.#open.get(key)?.backing.usedAt ?? lastUsed,
        isPinned: pins.has(nameOfKey(key)),
        isBusy: this.#open.has(key) ? this.#holder?.isIdle(key) !== true : await isInUse(this.#entries, key),
      })),
    )
  }

  /** Whoever opened it meanwhile keeps it: the lock says so. */
  async #evict(key: string): Promise<boolean> {
    try {
      if (await this.#holder?.letGo(key)) return true
      await this.remove(key).catch(async error => {
        if (!(error instanceof DragonflyError) || error.code !== 'no-space') throw error
        await this.#ballast.drop()
        await this.remove(key)
      })
      await this.#ballast.lay()
      return true
    } catch {
      return false
    }
  }

  async #keepUp(): Promise<void> {
    for (const { backing } of this.#open.values()) await backing.touch()
    await this.#space.tidy(false)
    await this.#ballast.lay()
  }
}
