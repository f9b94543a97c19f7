// Reads stored contents and hashes them again; what is broken is fetched again, or forgotten.
import { isAbort } from '../../core/errors.ts'
import type { Manifest } from '../../core/manifest.ts'
import { makeTask } from '../../core/task.ts'
import type { DiskStore, StoredEntry } from '../../store/disk-store.ts'
import { nameOfKey } from '../../store/pins.ts'
import type { VerifiedContent, VerifiedState, VerifyLine } from '../api/verification.ts'
import { isPrivateEntry, loadManifest } from '../content/manifest-records.ts'

/** How often it is told how far it is, ms. */
const PROGRESS_MS = 200
/** Longest reason that is told, characters. */
const MAX_REASON = 500

/** What a running node does for a repair. */
export interface Repairs {
  /** Closes a content that is open and that nobody uses. False: it is in use. */
  close(key: string): Promise<boolean>
  /** Downloads what is missing into the store; undefined: there is nobody to ask. */
  fetch: ((url: string, signal: AbortSignal | undefined) => Promise<void>) | undefined
}

/** What was found in one entry. */
interface Found {
  pieces: number
  broken: number
  /** Undefined: nobody knows what it is. */
  manifest: Manifest | undefined
}

export class Verifier {
  readonly #disk: DiskStore
  readonly #repairs: Repairs
  /** URLs as they were given, by id. */
  readonly #urls: ReadonlyMap<string, string>
  readonly #signal: AbortSignal | undefined
  readonly #counts: Record<VerifiedState, number> = { good: 0, repaired: 0, removed: 0, broken: 0 }
  #bytes = 0
  #toldAt = 0

  constructor(disk: DiskStore, repairs: Repairs, urls: ReadonlyMap<string, string>, signal?: AbortSignal) {
    this.#disk = disk
    this.#repairs = repairs
    this.#urls = urls
    this.#signal = signal
  }

  /** One `content` for each entry, `progress` in between, `done` at the end. Rejects with `store-error`, or when it is aborted. */
  async *run(all: readonly StoredEntry[]): AsyncGenerator<VerifyLine> {
    const entries = all.filter(({ key }) => !isPrivateEntry(key))
    const totalBytes = entries.reduce((sum, { bytes }) => sum + bytes, 0)
    for (const [contents, entry] of entries.entries()) {
      const told = this.#verify(entry)
      for (let next = await told.next(); ; next = await told.next()) {
        if (next.done === true) {
          if (next.value !== undefined) yield next.value
          break
        }
        yield { type: 'progress', contents, total: entries.length, bytes: this.#bytes, totalBytes }
      }
    }
    const contents = Object.values(this.#counts).reduce((sum, count) => sum + count, 0)
    yield { type: 'done', contents, bytes: this.#bytes, ...this.#counts }
  }

  /** Yields now and then; returns undefined when the entry is gone. */
  async *#verify(entry: StoredEntry): AsyncGenerator<void, VerifiedContent | undefined> {
    this.#signal?.throwIfAborted()
    const found = yield* this.#look(entry.key)
    if (found === undefined) return undefined
    const { pieces, broken, manifest } = found
    const isGood = manifest !== undefined && broken === 0
    const result = isGood ? { state: 'good' as const } : await this.#repair(entry, manifest)
    this.#counts[result.state]++
    return { type: 'content', id: nameOfKey(entry.key), url: entry.label, pieces, broken, ...result }
  }

  async *#look(key: string): AsyncGenerator<void, Found | undefined> {
    const inspection = await this.#disk.inspect(key)
    if (inspection === undefined) return undefined
    const manifest = (await loadManifest(inspection))?.manifest
    const found = { pieces: 0, broken: 0, manifest }
    if (manifest === undefined) return { ...found, pieces: inspection.marked.size, broken: inspection.marked.size }
    for await (const { size, isGood } of inspection.check(manifest, this.#signal)) {
      found.pieces++
      if (!isGood) found.broken++
      this.#bytes += size
      if (performance.now() - this.#toldAt < PROGRESS_MS) continue
      this.#toldAt = performance.now()
      yield
    }
    // removed or replaced meanwhile: that is no fault
    return found.broken > 0 && (await this.#disk.inspect(key)) === undefined ? undefined : found
  }

  async #repair(entry: StoredEntry, manifest: Manifest | undefined): Promise<{ state: VerifiedState; reason?: string }> {
    const { key } = entry
    try {
      // from now on it is read again by whoever opens it, whatever was known of it
      this.#disk.doubt(key)
      if (!(await this.#repairs.close(key))) return broken(IN_USE)
      if (manifest === undefined) {
        await this.#disk.remove(key)
        return { state: 'removed' }
      }
      if (manifest.seal === undefined) {
        await this.#forget(key, manifest)
        return { state: 'repaired' }
      }
      return await this.#fetch(entry)
    } catch (error) {
      if (this.#signal?.aborted === true || isAbort(error)) throw error
      return broken((error as Error).message)
    }
  }

  /** Fetches what is broken of a finished content. */
  async #fetch(entry: StoredEntry): Promise<{ state: VerifiedState; reason?: string }> {
    if (this.#repairs.fetch === undefined) return broken(NOBODY)
    const url = this.#urlOf(entry)
    if (url === undefined) return broken(NO_URL)
    await this.#repairs.fetch(url, this.#signal)
    const look = this.#look(entry.key)
    let next = await look.next()
    while (next.done !== true) next = await look.next()
    return (next.value?.broken ?? 0) > 0 ? broken('it was broken again after it was fetched') : { state: 'repaired' }
  }

  /** The marks of what is broken go, so that nobody takes it for stored. */
  async #forget(key: string, manifest: Manifest): Promise<void> {
    const entry = await this.#disk.open(key, this.#signal)
    try {
      await entry.recover(manifest, undefined, this.#signal)
      await entry.forgetLost()
    } finally {
      await entry.close()
    }
  }

  /** What is kept of a URL is not enough when it had a query, credentials or a tag. */
  #urlOf({ key, label }: StoredEntry): string | undefined {
    const id = nameOfKey(key)
    const given = this.#urls.get(id)
    if (given !== undefined) return given
    try {
      return label !== undefined && makeTask({ url: label }).id === id ? label : undefined
    } catch {
      return undefined
    }
  }
}

const IN_USE = 'it is being downloaded or served; run df verify again later'
const NOBODY = 'nobody was asked for the broken pieces: start df daemon, or name a seed'
const NO_URL = 'its URL is not kept, as it has a query, credentials or a tag: name it, or download it again'

function broken(reason: string): { state: 'broken'; reason: string } {
  return { state: 'broken', reason: reason.slice(0, MAX_REASON) }
}
