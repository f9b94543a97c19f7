// Lists, pins and removes stored contents, of a running node or of a store folder.
import { DragonflyError } from '../../core/errors.ts'
import { makeTask, withoutSecrets } from '../../core/task.ts'
import type { DiskStore, StoredEntry } from '../../store/disk-store.ts'
import { freedBy } from '../../store/occupancy.ts'
import { nameOfKey } from '../../store/pins.ts'
import { decodeRecord } from '../../wire/records.ts'
import type { ContentStatus, DiskStatus, Removed } from '../api/status.ts'
import type { StoreAdmin } from '../api/store-admin.ts'
import type { VerifyLine } from '../api/verification.ts'
import { isPrivateEntry } from '../content/manifest-records.ts'
import type { LiveContent } from '../tasks/task-registry.ts'
import { removeExpired } from './expiry.ts'
import { type Repairs, Verifier } from './verifier.ts'

/** A look at the disk is good for so long, ms: whoever asks more often does not make it work. */
const FRESH_MS = 1000
const MAX_SHOWN_VERSION = 200

/** What a running node adds. */
export interface LiveView {
  contents(): readonly LiveContent[]
  /** Ends and removes an idle content. */
  letGo(key: string): Promise<boolean>
  /** For contents that are broken. */
  repairs: Repairs
}

const NOBODY: LiveView = {
  contents: () => [],
  letGo: async () => false,
  repairs: { close: async () => true, fetch: undefined },
}

export class Administration implements StoreAdmin {
  readonly #disk: DiskStore | undefined
  readonly #live: LiveView
  #isVerifying = false
  #look: { at: number; entries: Promise<StoredEntry[]> } | undefined

  /** `disk`: undefined when pieces are kept in memory. */
  constructor(disk: DiskStore | undefined, live: LiveView = NOBODY) {
    this.#disk = disk
    this.#live = live
  }

  /** Those used last come first. */
  async contents(): Promise<ContentStatus[]> {
    const live = new Map(this.#live.contents().map(content => [content.active.entryKey, content]))
    // by the clock's own milliseconds: several contents are used within one of the seconds that are shown
    const entries = (await this.#entries()).toSorted((a, b) => b.lastUsed - a.lastUsed)
    const seen = new Set(entries.map(({ key }) => key))
    const others = [...live.values()].filter(({ active }) => !seen.has(active.entryKey ?? '')).map(ofSession)
    return [...others, ...entries.map(entry => ofEntry(entry, live.get(entry.key)))]
  }

  async disk(): Promise<DiskStatus | undefined> {
    if (this.#disk === undefined) return undefined
    const { quota, ...rest } = await this.#disk.space()
    return { ...rest, quota: quota === Infinity ? undefined : quota }
  }

  /** Removes every version of a content, and its pin. `store-locked` when it is being downloaded or served. */
  async remove(idOrUrl: string): Promise<Removed> {
    const disk = this.#onDisk()
    const id = await this.#find(idOrUrl)
    const all = await this.#freshEntries()
    const entries = all.filter(({ key }) => nameOfKey(key) === id)
    if (entries.some(({ isBusy }) => isBusy)) throw inUse(id)
    const bytes = freedBy(all, new Set(entries.map(({ key }) => key)))
    await disk.unpin(id)
    for (const { key } of entries) if (!(await this.#live.letGo(key))) await disk.remove(key)
    this.#look = undefined
    return { contents: entries.length, bytes }
  }

  /** Removes what is broken, abandoned or unfinished for 7 days, then evicts down to the low watermark. */
  async gc(): Promise<Removed & { broken: number }> {
    const disk = this.#onDisk()
    const abandoned = (await this.#freshEntries()).filter(({ key, isBusy }) => isPrivateEntry(key) && !isBusy)
    for (const { key } of abandoned) await disk.remove(key).catch(() => {})
    const expired = await removeExpired(disk)
    const { contents, bytes, broken } = await disk.gc()
    this.#look = undefined
    return { contents, bytes, broken: broken + expired + abandoned.length }
  }

  async *verify(idsOrUrls?: readonly string[], signal?: AbortSignal): AsyncGenerator<VerifyLine> {
    const disk = this.#onDisk()
    if (this.#isVerifying) throw new DragonflyError('store-locked', 'another verification is running', { retryable: true })
    this.#isVerifying = true
    try {
      const urls = new Map<string, string>()
      for (const given of idsOrUrls ?? []) urls.set(await this.#find(given), given)
      const entries = (await this.#freshEntries()).filter(({ key }) => idsOrUrls === undefined || urls.has(nameOfKey(key)))
      const named = new Map([...urls].filter(([id, given]) => id !== given))
      yield* new Verifier(disk, this.#live.repairs, named, signal).run(entries)
    } finally {
      this.#isVerifying = false
      this.#look = undefined
    }
  }

  /** From now on it is not evicted (or is, again). Resolves to its id. */
  async pin(idOrUrl: string, isPinned: boolean): Promise<string> {
    const disk = this.#onDisk()
    const id = await this.#find(idOrUrl)
    await (isPinned ? disk.pin(id) : disk.unpin(id))
    this.#look = undefined
    return id
  }

  /** By id; by the URL that it was asked for with; or, when only one is shown so, by the URL that is shown. */
  async #find(idOrUrl: string): Promise<string> {
    const entries = await this.#freshEntries()
    const ids = new Set(entries.map(({ key }) => nameOfKey(key)))
    const text = idOrUrl.trim()
    if (ids.has(text)) return text
    if (!/^https?:/i.test(text)) throw unknown(text)
    const { id } = makeTask({ url: text })
    if (ids.has(id)) return id
    const shown = new Set(entries.filter(({ label }) => label === text).map(({ key }) => nameOfKey(key)))
    if (shown.size > 1)
      throw new DragonflyError('bad-option', `${shown.size} contents have this URL`, { hint: 'name one by its id' })
    const [only] = shown
    if (only === undefined) throw unknown(text)
    return only
  }

  #onDisk(): DiskStore {
    if (this.#disk !== undefined) return this.#disk
    throw new DragonflyError('bad-option', 'pieces are kept in memory, so there is nothing to manage')
  }

  #freshEntries(): Promise<StoredEntry[]> {
    this.#look = undefined
    return this.#entries()
  }

  #entries(): Promise<StoredEntry[]> {
    const at = performance.now()
    if (this.#look === undefined || at - this.#look.at > FRESH_MS) {
      this.#look = { at, entries: this.#disk?.list() ?? Promise.resolve([]) }
    }
    return this.#look.entries
  }
}

function ofEntry(
  { key, bytes, since, lastUsed, isPinned, isBusy, label, record }: StoredEntry,
  live?: LiveContent,
): ContentStatus {
  const info = live?.active.manifest?.info ?? infoOf(record)
  return {
    id: nameOfKey(key),
    url: label,
    version: info?.version.slice(0, MAX_SHOWN_VERSION),
    length: live?.active.manifest?.length ?? info?.length,
    bytes,
    age: secondsSince(since),
    idle: secondsSince(lastUsed),
    isPinned,
    // the store may have been looked at a moment ago
    isBusy: isBusy || live?.isReading === true || (live?.active.links.size ?? 0) > 0,
    isReading: live?.isReading === true,
    peers: live?.active.links.size ?? 0,
  }
}

/** Only in memory, or not begun yet. */
function ofSession({ active, isReading }: LiveContent): ContentStatus {
  const { manifest, counts, task } = active
  return {
    id: task.id,
    url: withoutSecrets(task.url),
    version: manifest?.info.version.slice(0, MAX_SHOWN_VERSION),
    length: manifest?.length,
    bytes: counts.fromOrigin + counts.fromPeers + counts.fromSeeds + counts.resumed,
    age: 0,
    idle: 0,
    isPinned: false,
    isBusy: true,
    isReading,
    peers: active.links.size,
  }
}

function infoOf(record: Uint8Array | undefined): { version: string; length: number | undefined } | undefined {
  try {
    const first = record === undefined ? undefined : decodeRecord(record)
    return first?.type === 'info' ? first.info : undefined
  } catch {
    return undefined
  }
}

/** A clock that was set back makes no negative times. */
function secondsSince(ms: number): number {
  return Math.max(0, Math.round((Date.now() - ms) / 1000))
}

function unknown(idOrUrl: string): DragonflyError {
  return new DragonflyError('not-found', `nothing is stored of ${withoutSecrets(idOrUrl)}`, {
    hint: 'df ls lists what is stored',
  })
}

function inUse(id: string): DragonflyError {
  return new DragonflyError('store-locked', `${id} is being downloaded or served`, {
    hint: 'wait until it is not in use any more',
    retryable: true,
  })
}
