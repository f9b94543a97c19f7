// Builds pieces from an older version of the content that is on this host, before others are asked for them.
import { raceSignal } from 'race-signal'
import { digestKey } from '../../core/chunk-list.ts'
import type { Manifest } from '../../core/manifest.ts'
import type { OldBytes } from '../../store/old-file.ts'
import { scanChunks } from '../../transfer/chunk-scan.ts'
import { ReusePlan } from '../../transfer/reuse-plan.ts'
import type { StoredVersion } from '../content/stored-version.ts'
import { MIN_LISTED_BYTES } from '../context/chunk-lists.ts'
import type { PeerLinks } from '../peers/peer-links.ts'
import type { Roles } from '../peers/roles.ts'
import { type FetchedList, whoMayList } from './chunk-exchange.ts'
import type { PeerHandlersParts, VersionParts } from './peer-handlers.ts'
import { Builder } from './piece-builder.ts'
import { isOneStream, mayHaveMoved, strideAfter } from './reuse-rules.ts'
import type { WantedRanges } from './wanted-ranges.ts'

/** An older version that is shorter is left alone: a question and a scan take longer than the pieces. */
export const MIN_OLD_BYTES = MIN_LISTED_BYTES
/** An older version is read so far, in lengths of the new one. */
const MAX_READ = 4
/** Pieces that a list promised and that turned out wrong: then it is believed no more. */
const MAX_WRONG = 2
/** Where nothing was found in so many bytes, nothing is to be found, bytes. */
const BLIND_BYTES = 32 * 1024 * 1024
/** What has moved lies no farther from its old place than that, or it is asked for meanwhile, bytes. */
const SLACK_BYTES = 32 * 1024 * 1024
/** A file system that does not answer by then is not waited for any more, ms. */
const READ_MS = 3000
/** Pieces that are wanted again are told of together, each time so many or a part of the content: it costs a look at all pieces. */
const TOLD_TOGETHER = 16
const TOLD_PART = 1 / 64

/** What it needs of its active task. */
export interface ReuseOwner {
  readonly manifest: Manifest | undefined
  readonly links: Pick<PeerLinks, 'values'>
  readonly roles: Pick<Roles, 'isSeed' | 'serves'>
  readonly ranges: Pick<WantedRanges, 'withhold' | 'isWhole'>
  readonly isWhole: boolean
  readonly isOver: boolean
  changed(signal?: AbortSignal): Promise<void>
  /** A piece is here. */
  onStored(): void
}

export class Reuse {
  readonly #owner: ReuseOwner
  readonly #parts: Pick<PeerHandlersParts, 'version'>
  readonly #begun = Promise.withResolvers<void>()
  readonly #stop = new AbortController()
  /** Pieces from here on were not looked at; those before it that are withheld all the same. */
  #from = Infinity
  readonly #kept = new Set<number>()
  #untold = 0
  #running: Promise<void> | undefined
  #expected = 0
  #bytes = 0

  constructor(owner: ReuseOwner, parts: Pick<PeerHandlersParts, 'version'>) {
    this.#owner = owner
    this.#parts = parts
  }

  /** Whether this host has had another version: so may those that ask it for this one. */
  hadOlder = false

  /** Bytes of pieces that were built. */
  get bytes(): number {
    return this.#bytes
  }

  /** There may be an older version: nothing is asked for until `take`, or the function that this returns, is called. */
  expect(): () => void {
    // for a range nothing else is to be read and stored
    if (this.#owner.isWhole || this.#running !== undefined || !this.#owner.ranges.isWhole) return () => {}
    this.#expected++
    this.#from = 0
    this.#tell()
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      if (--this.#expected === 0 && this.#running === undefined) this.#releaseAll()
    }
  }

  /** What the store has of the version is known now. */
  begin({ older, hadOlder }: Pick<StoredVersion, 'older' | 'hadOlder'>): void {
    this.#begun.resolve()
    this.hadOlder ||= hadOlder
    if (older !== undefined) this.take(older)
  }

  /**
   * Looks for pieces in these bytes, and closes them. Does nothing unless it was expected, or when there were others before. Undefined: there
   * are none after all.
   */
  take(old: OldBytes | undefined): void {
    const version = this.#parts.version()
    const isExpected = version !== undefined && old !== undefined && this.#expected > 0
    if (!isExpected || this.#running !== undefined || this.#owner.isWhole || this.#owner.isOver) {
      if (this.#running === undefined) this.#releaseAll()
      if (old !== undefined) void end(old, this.#owner.isWhole)
      return
    }
    this.#from = 0
    this.#running = this.#work(patient(old), version)
      // an older version that cannot be read is none
      .catch(() => {})
      .finally(async () => {
        this.#releaseAll()
        await end(old, !this.#stop.signal.aborted)
      })
  }

  /** Our own read has sealed the manifest: the list is made before somebody waits for it. */
  sealed(): void {
    if (this.hadOlder && this.#owner.roles.serves) void this.#parts.version()?.chunkExchange.make()
  }

  /** Resolves when nothing is read or stored any more. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #work(old: OldBytes, { content, driver }: VersionParts): Promise<void> {
    await raceSignal(this.#begun.promise, this.#stop.signal)
    const found = new Builder(old, content, piece => {
      this.#bytes += content.manifest.pieceSize(piece)
      driver.recovered([piece])
      this.#owner.onStored()
    })
    const list = await this.#lookInPlace(old, found)
    if (list !== undefined) await this.#lookEverywhere(await list, old, found)
  }

  // ---- what did not move

  /** Every piece at its place, as soon as the manifest names it. Resolves to a promise of the list where bytes may have moved. */
  async #lookInPlace(old: OldBytes, found: Builder): Promise<Promise<FetchedList | undefined> | undefined> {
    const { signal } = this.#stop
    const isHopeless = isOneStream(await head(old))
    let list: Promise<FetchedList | undefined> | undefined
    let [tried, misses] = [-1, 0]
    for (let piece = 0; await this.#isKnown(piece); ) {
      signal.throwIfAborted()
      if (await found.inPlace(piece)) {
        misses = 0
        // those that were skipped before it
        for (let back = piece - 1; back > tried && (await found.inPlace(back)); back--) this.#kept.delete(back)
      } else {
        misses++
        this.#miss(piece)
      }
      tried = piece
      const next = piece + strideAfter(misses)
      for (let skipped = piece + 1; skipped < next; skipped++) this.#miss(skipped)
      piece = next
      this.#from = piece
      const { manifest } = this.#owner
      if (list !== undefined || isHopeless || !mayHaveMoved(manifest, old.size, this.#kept.size)) continue
      list = this.#fetchList(signal)
      list.catch(() => {})
    }
    this.#from = Infinity
    return list
  }

  async #fetchList(signal: AbortSignal): Promise<FetchedList | undefined> {
    const { links, roles, manifest } = this.#owner
    const whole = whoMayList(links.values(), manifest as Manifest, peer => roles.isSeed(peer))
    return await this.#parts.version()?.chunkExchange.fetch(whole, signal)
  }

  async #isKnown(piece: number): Promise<boolean> {
    const { manifest } = this.#owner
    if (manifest === undefined) return false
    while (piece >= manifest.count) {
      if (manifest.seal !== undefined || this.#owner.isOver) return false
      this.#tell()
      await this.#owner.changed(this.#stop.signal)
    }
    return true
  }

  /** It is kept back only while a list may still show where its bytes are. */
  #miss(piece: number): void {
    const { manifest } = this.#owner
    if (piece >= (manifest?.count ?? 0)) return
    if (manifest?.seal !== undefined) this.#kept.add(piece)
    this.#tellSoon()
  }

  // ---- what has moved

  async #lookEverywhere(list: FetchedList | undefined, old: OldBytes, found: Builder): Promise<void> {
    if (list === undefined) return
    const { signal } = this.#stop
    const { length = 0 } = this.#owner.manifest as Manifest
    const plan = new ReusePlan(list.chunks)
    let [lastFound, isBlind] = [0, true]
    for await (const { offset, length: size, digest } of scanChunks(old.read, list.average)) {
      signal.throwIfAborted()
      if (plan.found(digestKey(digest), offset, size)) {
        lastFound = offset
        isBlind = false
      }
      if (offset - lastFound > BLIND_BYTES || offset > MAX_READ * length) break
      if (!isBlind) await this.#build(plan, found, offset - SLACK_BYTES)
      if (found.wrong >= MAX_WRONG) return
    }
    await this.#build(plan, found, Infinity)
  }

  /** Builds what can be of the withheld pieces that end before this byte; the others are wanted again. */
  async #build(plan: ReusePlan, found: Builder, before: number): Promise<void> {
    const { pieceLength } = this.#owner.manifest as Manifest
    for (const piece of this.#kept) {
      if ((piece + 1) * pieceLength > before || found.wrong >= MAX_WRONG) return
      this.#stop.signal.throwIfAborted()
      await found.byPlan(piece, plan)
      this.#kept.delete(piece)
      this.#tellSoon()
    }
  }

  // ---- what is kept from the swarm

  #tellSoon(): void {
    if (++this.#untold >= Math.max(TOLD_TOGETHER, TOLD_PART * (this.#owner.manifest?.count ?? 0))) this.#tell()
  }

  #tell(): void {
    this.#untold = 0
    this.#owner.ranges.withhold({ from: this.#from, pieces: this.#kept })
  }

  #releaseAll(): void {
    this.#from = Infinity
    this.#kept.clear()
    this.#owner.ranges.withhold(undefined)
  }
}

async function end(old: OldBytes, isOver: boolean): Promise<void> {
  const ended = isOver && old.discard !== undefined ? old.discard() : old.close()
  await raceSignal(ended, AbortSignal.timeout(READ_MS)).catch(() => {})
}

/** The same bytes; a read that does not end rejects. */
function patient(old: OldBytes): OldBytes {
  const read: OldBytes['read'] = (offset, into) => raceSignal(old.read(offset, into), AbortSignal.timeout(READ_MS))
  return { ...old, read }
}

async function head(old: OldBytes): Promise<Uint8Array> {
  const bytes = new Uint8Array(8)
  return bytes.subarray(0, await old.read(0, bytes))
}
