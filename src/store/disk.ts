// A store on disk. It survives crashes; several processes share it, one per entry.
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DragonflyError, fromSystemError } from '../core/errors.ts'
import { Ballast } from './ballast.ts'
import { DiskSpace, type Evicted } from './disk-space.ts'
import type { DiskOptions, DiskStore, Holder, Quota, SpaceReport, StoredEntry } from './disk-store.ts'
import type { Evictable } from './eviction.ts'
import { emptyMaking, emptyTrash, exists, makeFolder } from './folders.ts'
import { type Inspection, inspect } from './inspection.ts'
import { firstRecord, isInUse, labelOf, lastUseOf, takeInventory } from './inventory.ts'
import { FolderListing, type FolderNames } from './listing.ts'
import { occupiedBy } from './occupancy.ts'
import { OpenEntries } from './open-entries.ts'
import { nameOfKey, Pins } from './pins.ts'
import { type Presence, showPresence } from './presence.ts'
import { diskOf } from './space.ts'
import { checkKey, type StoreEntry } from './store.ts'

/** How often the times of last use are written down, and the watermarks looked at, ms. */
const UPKEEP_MS = 30_000

/**
 * Opens the store below `dir` (absolute), made when absent: DIR/entries/KEY/ for each content, DIR/pins/, DIR/making/ and
 * DIR/trash/ for what is being made and deleted. Folders are 0700, files 0600. Rejects with `store-error` or `no-space`.
 */
export async function openDiskStore(dir: string, options: DiskOptions = {}): Promise<DiskStore> {
  await makeFolder(join(dir, 'entries'))
  await makeFolder(join(dir, 'trash'))
  await makeFolder(join(dir, 'making'))
  await emptyTrash(join(dir, 'trash'))
  await emptyMaking(join(dir, 'making'))
  const store = new FolderStore(dir, options, await showPresence(dir))
  if (options.quota !== undefined) await store.limit(options.quota)
  return store
}

class FolderStore implements DiskStore {
  readonly #dir: string
  readonly #listing: FolderListing
  readonly #open: OpenEntries
  readonly #pins: Pins
  readonly #space: DiskSpace
  readonly #ballast: Ballast
  /** For the locks of all entries. */
  readonly #presence: Presence | undefined
  #holder: Holder | undefined
  #upkeep: NodeJS.Timeout | undefined

  constructor(dir: string, { onTrouble = () => {} }: DiskOptions, presence: Presence | undefined) {
    this.#dir = dir
    this.#presence = presence
    this.#listing = new FolderListing(this.#entries)
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
    this.#open = new OpenEntries({
      entries: this.#entries,
      trash: join(dir, 'trash'),
      making: join(dir, 'making'),
      space: this.#space,
      presence,
      listing: this.#listing,
    })
  }

  async open(key: string, signal?: AbortSignal, length?: number): Promise<StoreEntry> {
    checkKey(key)
    try {
      return await this.#open.open(key, signal, length)
    } catch (error) {
      if (!this.#open.isStopped) this.#space.broke(error)
      throw error
    }
  }

  async keys(): Promise<string[]> {
    const names = await this.#listed(() => this.#listing.folders())
    return [...new Set([...names.all, ...this.#open.keys()])].sort()
  }

  async keysOf(name: string): Promise<string[]> {
    const { byName } = await this.#listed(() => this.#listing.recent())
    const found = new Set(byName.get(name))
    for (const key of this.#open.light) if (key.startsWith(`${name}.`)) found.add(key)
    return [...found].sort()
  }

  async has(key: string): Promise<boolean> {
    return this.#open.has(key) || (await exists(this.#folder(key)))
  }

  async #listed(names: () => Promise<FolderNames>): Promise<FolderNames> {
    try {
      return await names()
    } catch (error) {
      throw fromSystemError(error, 'store-error', `cannot read the store ${this.#dir}`)
    }
  }

  async keysOfLength(bytes: number): Promise<string[]> {
    await this.#open.settle()
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
    if (!this.#open.has(key) && !(await exists(this.#folder(key)))) return
    const entry = await this.#open.open(key)
    await entry.remove()
  }

  async freeSpace(): Promise<number> {
    return (await this.#disk()).free
  }

  async stop(): Promise<void> {
    clearInterval(this.#upkeep)
    await this.#open.stop()
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
    await this.#open.settle()
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
    await this.#open.settle()
    return await inspect(this.#folder(key))
  }

  doubt(key: string): void {
    this.#open.verified.forget(key)
  }

  async space(): Promise<SpaceReport> {
    await this.#open.settle()
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
        lastUsed: this.#open.usedAt(key) ?? lastUsed,
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
    await this.#open.touch()
    await this.#space.tidy(false)
    await this.#ballast.lay()
  }
}
