// One version of a content on this node: manifest, store entry, payload, and why it is believed.
import { DragonflyError } from '../../core/errors.ts'
import type { Freshness } from '../../core/freshness.ts'
import { Manifest, type ManifestHead, type VersionInfo } from '../../core/manifest.ts'
import { shownUrl, type Task } from '../../core/task.ts'
import type { Trust } from '../../core/trust.ts'
import { isNews, OUTDATED } from '../../origin/freshness.ts'
import type { OldBytes } from '../../store/old-file.ts'
import type { Store, StoreEntry } from '../../store/store.ts'
import { PieceTransfer } from '../../transfer/piece-transfer.ts'
import { MIN_LISTED_BYTES } from '../context/chunk-lists.ts'
import {
  type CachedManifest,
  entryKey,
  keepDigests,
  keepFreshness,
  keepHead,
  keepInfo,
  keepSeal,
  loadManifest,
  openEntry,
  removeOthers,
} from './manifest-records.ts'
import { openOlder } from './older-version.ts'
import type { SignedState } from './signed-state.ts'

/** So many words of the origin are written down for one version (2 MiB, at most one a minute); after that a restart has to ask. */
const MAX_FRESHNESS_RECORDS = 4096

/** How a version is opened. */
interface Opening {
  trust: Trust
  /** Peer id of who signed its manifest; undefined for our own. */
  signer: string | undefined
  /** Whether there has to be room for all of it; otherwise room is taken as pieces come. */
  isReserved: boolean
  /** Whether the digest of the whole is to be computed here even where a seed's seal says it. Default false. */
  isComputed?: boolean
}

interface How extends Pick<Opening, 'signer' | 'isComputed'> {
  isShared: boolean
}

export class StoredVersion {
  readonly manifest: Manifest
  readonly trust: Trust
  /** Who signed the manifest when it was adopted; undefined for our own. */
  readonly signer: string | undefined
  /** Its payload. */
  readonly transfer: PieceTransfer
  /** The newest state that can be passed on; undefined while nobody has signed. */
  signed: SignedState | undefined
  /** Pieces from here on are named by strangers whom only a digest of the whole can prove right, in the end. */
  provenTo = Infinity
  /** The version that the store had before; whoever takes it closes it. */
  older: OldBytes | undefined
  /** Whether the store had another version: so may others. */
  hadOlder = false
  /** The origin's last word; undefined when it was never asked by this node. */
  freshness: Freshness | undefined
  readonly #entry: StoreEntry
  /** Whether a later process may find the entry again; otherwise it goes with the active task. */
  #isShared: boolean
  #digestsKept: number
  #isSealKept: boolean
  #freshnessKept: { last: Freshness | undefined; count: number }

  private constructor(entry: StoreEntry, cached: CachedManifest, { isShared, signer, isComputed = false }: How) {
    const { manifest, trust, envelope } = cached
    this.#entry = entry
    this.#isShared = isShared
    this.#digestsKept = manifest.count
    this.#isSealKept = manifest.seal !== undefined
    this.manifest = manifest
    this.trust = trust
    this.signer = signer
    this.freshness = cached.freshness
    this.#freshnessKept = { last: cached.freshness, count: cached.freshnessCount }
    this.transfer = new PieceTransfer(entry, manifest, { believesSeal: trust === 'seed' && !isComputed })
    if (envelope !== undefined) this.signed = { envelope, count: manifest.count, isSealed: this.#isSealKept }
  }

  /** Opens the entry of a version, with what it remembers when that was believed for the same reason. */
  static async open(store: Store, task: Task, info: VersionInfo, opening: Opening): Promise<StoredVersion> {
    const { trust, isReserved } = opening
    const length = isReserved ? info.length : undefined
    const key = entryKey(task.id, info.version)
    // what an own read gives is read anyway; without a length nobody knows whether there is room for both
    const isOfUse = trust !== 'origin' && info.length !== undefined
    let older = isOfUse ? await openOlder(store, task.id, key, MIN_LISTED_BYTES) : undefined
    const isAnother = await removeOthers(store, task.id, key)
    const open = () => StoredVersion.#open(store, task, info, { ...opening, key, length })
    const opened = await open().catch(async error => {
      const isFull = older !== undefined && error instanceof DragonflyError && error.code === 'no-space'
      await (isFull ? older?.discard?.() : older?.close())
      if (!isFull) throw error
      older = undefined
      return await open()
    })
    opened.older = older
    opened.hadOlder = isAnother || older !== undefined
    return opened
  }

  static async #open(
    store: Store,
    task: Task,
    info: VersionInfo,
    opening: Opening & { key: string; length: number | undefined },
  ): Promise<StoredVersion> {
    const { key, length, trust } = opening
    const first = await openEntry(store, key, info.length)
    const cached = await loadManifest(first.entry)
    if (cached?.trust === trust && cached.manifest.describesSame(info)) {
      await makeRoom(first.entry, task, length)
      return new StoredVersion(first.entry, cached, { ...opening, isShared: first.isShared })
    }
    const { entry, isShared } = (await first.entry.isEmpty()) ? first : await openAnew(store, key, first.entry, info.length)
    await makeRoom(entry, task, length)
    await keepInfo(entry, info, trust)
    const nothing = { manifest: new Manifest(info), trust, envelope: undefined, freshness: undefined, freshnessCount: 0 }
    return new StoredVersion(entry, nothing, { ...opening, isShared })
  }

  /** Takes over an entry that is open already. */
  static async resume(cached: CachedManifest & { entry: StoreEntry }, task: Task, isComputed: boolean): Promise<StoredVersion> {
    await makeRoom(cached.entry, task, cached.manifest.length)
    return new StoredVersion(cached.entry, cached, { isShared: true, signer: undefined, isComputed })
  }

  /** Key of its store entry. */
  get key(): string {
    return this.#entry.key
  }

  /** Whether a piece that has not the digest that the manifest names may be the right one. */
  isDoubtful(piece: number): boolean {
    return this.trust === 'digest' || piece >= this.provenTo
  }

  async handOver(target: string, how: 'move' | 'copy', signal?: AbortSignal): Promise<void> {
    await this.#entry.handOver(target, this.manifest.length ?? 0, how, signal)
  }

  /** See StoreEntry.lend. */
  async lend(): Promise<string | undefined> {
    return await this.#entry.lend(this.manifest.length ?? 0)
  }

  /** See StoreEntry.shareData. */
  async shareData(key: string, signal: AbortSignal): Promise<boolean> {
    return await this.#entry.shareData(key, this.manifest, signal)
  }

  /** Keeps the digests that came since the last time, and with them the head that vouches for them. */
  async keep(head: ManifestHead, envelope: Uint8Array | undefined): Promise<void> {
    const isSealed = head.seal !== undefined
    // up to the head and no further: the manifest may grow while this is being written
    await keepDigests(this.#entry, this.manifest, this.#digestsKept, head.count)
    this.#digestsKept = Math.max(this.#digestsKept, head.count)
    if (envelope !== undefined) {
      await keepHead(this.#entry, envelope)
      this.signed = { envelope, count: head.count, isSealed }
    } else if (isSealed && !this.#isSealKept) {
      await keepSeal(this.#entry, this.manifest)
    }
    this.#isSealKept = isSealed
  }

  /** Writes the origin's last word down, for a later process; not each time that it says the same. */
  async keepFreshness(): Promise<void> {
    const { last, count } = this.#freshnessKept
    if (this.freshness === undefined || count >= MAX_FRESHNESS_RECORDS || !isNews(last, this.freshness)) return
    const cached = count === MAX_FRESHNESS_RECORDS - 1 ? OUTDATED : this.freshness
    this.#freshnessKept = { last: cached, count: count + 1 }
    await keepFreshness(this.#entry, cached)
  }

  /** `forget`: nothing of it stays in the store. */
  async close(forget: boolean): Promise<void> {
    this.transfer.stop()
    await this.older?.close().catch(() => {})
    if (forget || !this.#isShared) await this.#entry.remove()
    else await this.#entry.close()
  }
}

/** Before a byte is written. An entry for which there is no room is closed; a new one leaves nothing. */
/** What is there is of no use, in part or as a whole. */
async function openAnew(
  store: Store,
  key: string,
  old: StoreEntry,
  length: number | undefined,
): Promise<{ entry: StoreEntry; isShared: boolean }> {
  await old.remove()
  return await openEntry(store, key, length)
}

async function makeRoom(entry: StoreEntry, task: Task, length: number | undefined): Promise<void> {
  try {
    if (length !== undefined) await entry.expect(length)
    await entry.describe(shownUrl(task))
  } catch (error) {
    const isNew = (await entry.records()).length === 0
    await (isNew ? entry.remove() : entry.close())
    throw error
  }
}

/** `actual`: hexadecimal sha256 of the content, when all of it was here. */
export function digestMismatch(actual?: string): DragonflyError {
  const it = actual === undefined ? '' : `: it has sha256:${actual}`
  return new DragonflyError('digest-mismatch', `the content does not have the given digest${it}`, {
    hint: 'check --digest, or ask the publisher whether the file changed',
  })
}
