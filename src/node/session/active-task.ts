// An active task: one content on this node, with its version, its peers and the swarm that schedules it.
import PQueue from 'p-queue'
import type { Bitfield } from '../../core/bitfield.ts'
import { DragonflyError } from '../../core/errors.ts'
import type { Freshness } from '../../core/freshness.ts'
import type { Manifest, VersionInfo } from '../../core/manifest.ts'
import type { Task } from '../../core/task.ts'
import type { Trust } from '../../core/trust.ts'
import type { StoreEntry } from '../../store/store.ts'
import type { CachedManifest } from '../content/manifest-records.ts'
import { StoredVersion } from '../content/stored-version.ts'
import { Changes } from '../context/changes.ts'
import { type NodeContext, now } from '../context/node-context.ts'
import type { ContentPace } from '../context/pacing.ts'
import type { GrantBook } from '../peers/grant-book.ts'
import { PeerLinks } from '../peers/peer-links.ts'
import { Roles } from '../peers/roles.ts'
import { AccessControl } from './access-control.ts'
import { ChunkExchange } from './chunk-exchange.ts'
import { InlineContents } from './inline-content.ts'
import { ManifestSync, type ManifestSyncOwner } from './manifest-sync.ts'
import { type Adopted, type Current, ManifestTrust } from './manifest-trust.ts'
import { OriginFreshness } from './origin-freshness.ts'
import { OriginGauge } from './origin-gauge.ts'
import { OriginOffer } from './origin-offer.ts'
import { readOrigin } from './own-read.ts'
import { PeerHandlers, type PeerHandlersOwner, type PeerHandlersParts, stopWork, type VersionParts } from './peer-handlers.ts'
import { PieceExchange } from './piece-exchange.ts'
import { Reuse } from './reuse.ts'
import { SharedRead } from './shared-read.ts'
import { SnubObserver } from './snub-observer.ts'
import { type Counts, type DriverOwner, SwarmDriver } from './swarm-driver.ts'
import type { SwarmObserver } from './swarm-observer.ts'
import { WantedRanges } from './wanted-ranges.ts'

export class ActiveTask implements PeerHandlersOwner, ManifestSyncOwner, DriverOwner {
  readonly task: Task
  /** sha2-256 that the whole content must have; undefined: none was given. */
  readonly wanted: Uint8Array | undefined
  readonly links: PeerLinks
  readonly originFreshness: OriginFreshness
  readonly originOffer = new OriginOffer()
  /** What it takes from hosts that read the origin, too. */
  readonly sharing: SharedRead
  /** What of it is wanted here. */
  readonly ranges = new WantedRanges(() => {
    this.#version?.driver.wanted()
    this.#changes.notify()
  })
  /** How fast the origin gives, as far as this node read it in order. */
  readonly gauge = new OriginGauge()
  /** Who may have it. */
  readonly access: AccessControl
  /** Who relies on whom for it. */
  readonly roles: Roles
  /** How fast it may move bytes. */
  readonly pace: ContentPace
  /** What answers to resolve requests carry of it. */
  readonly inline: InlineContents
  readonly counts: Counts = { fromOrigin: 0, fromPeers: 0, fromSeeds: 0, resumed: 0 }
  readonly givers = new Set<string>()
  /** Told of everything that the swarm hears and answers; may be added to at any time. */
  readonly observers: Set<SwarmObserver>
  /** What it takes from an older version on this host. */
  readonly reuse: Reuse
  readonly #ctx: NodeContext
  readonly #trust: ManifestTrust
  readonly #handlers: PeerHandlers
  readonly #changes = new Changes()
  /** What is done to the content as a whole: beginning with it, its manifest, handing it over. */
  readonly #work = new PQueue({ concurrency: 1 })
  #version: VersionParts | undefined
  #closed = false
  #grewAt = now()

  constructor(ctx: NodeContext, task: Task, wanted: Uint8Array | undefined) {
    this.#ctx = ctx
    this.observers = new Set([new SnubObserver(ctx)])
    this.task = task
    this.pace = ctx.pacing.enter()
    this.roles = new Roles(ctx)
    this.wanted = task.digest ?? wanted
    this.sharing = new SharedRead(ctx, this)
    this.originFreshness = new OriginFreshness(ctx, this, this.#work)
    this.#trust = new ManifestTrust(ctx, task, this.wanted)
    const parts: PeerHandlersParts = {
      trust: this.#trust,
      work: this.#work,
      version: () => this.#version,
      begin: (info, trust, signer) => this.#adopt(info, trust, { signer }),
      notify: () => this.#changes.notify(),
    }
    this.inline = new InlineContents(this, parts)
    this.reuse = new Reuse(this, parts)
    this.#handlers = new PeerHandlers(ctx, this, parts)
    this.links = new PeerLinks(ctx, this.#handlers)
    this.access = new AccessControl(ctx, this)
  }
  /** While the content is shared by grants. */
  get grants(): GrantBook | undefined {
    return this.access.grants
  }
  get manifest(): Manifest | undefined {
    return this.#version?.content.manifest
  }
  get trust(): Trust | undefined {
    return this.#version?.content.trust
  }
  /** Who signed the manifest; undefined for our own. */
  get signer(): string | undefined {
    return this.#version?.content.signer
  }
  /** Whether all that is wanted of it is here. */
  get isComplete(): boolean {
    return this.#version?.driver.isComplete === true
  }
  get isWhole(): boolean {
    return this.#version?.driver.swarm.isWhole === true
  }
  get hasFailed(): boolean {
    return this.#changes.hasFailed
  }
  /** The origin forbids that more than the askers of this moment get it: nothing stays when they have gone. */
  isTransient = false
  get isClosed(): boolean {
    return this.#closed
  }
  /** Milliseconds since the manifest, or what we have of it, last grew. */
  get quietFor(): number {
    return now() - this.#grewAt
  }
  /** Pieces that are here; undefined while nothing is known of the content. Not to be changed. */
  get have(): Bitfield | undefined {
    return this.#version?.driver.swarm.have
  }
  hasPiece(piece: number): boolean {
    return this.#version?.content.transfer.has(piece) === true
  }
  /** Whether the piece is here, and right as far as anybody can know before the whole is. */
  isProven(piece: number): boolean {
    return this.hasPiece(piece) && piece < (this.#version?.content.provenTo ?? 0)
  }
  /** Wanted pieces that the manifest knows and that are not here; undefined while nothing is known of the content. */
  get missing(): number | undefined {
    if (this.#version === undefined) return undefined
    const { swarm } = this.#version.driver
    return swarm.missing + this.ranges.withheldOf(swarm.have.size)
  }
  /** Whether all wanted pieces that the manifest knows so far are here. */
  get hasAllKnown(): boolean {
    return this.missing === 0
  }
  /** Resolves at the next change of any kind; rejects once the active task has failed. */
  async changed(signal?: AbortSignal): Promise<void> {
    await this.#changes.next(signal)
  }
  throwIfFailed(): void {
    this.#changes.throwIfFailed()
  }
  /** Ends every wait on this active task with an error. The first failure stands. */
  fail(error: unknown): void {
    if (!this.#closed) this.#changes.fail(error)
  }
  /** sha2-256 of the whole content, as a believed seal says or as it is computed here. Only when complete. */
  async wholeDigest(isComputed = false): Promise<Uint8Array> {
    return await this.#known().content.transfer.wholeDigest(isComputed)
  }
  /** Bytes of a piece that is here, from the store. */
  async readPiece(piece: number): Promise<Uint8Array> {
    return await this.#known().content.transfer.read(piece)
  }
  /** See StoreEntry.lend. Only when complete. */
  async lend(): Promise<string | undefined> {
    return await this.#known().content.lend()
  }

  /** Makes the finished content appear at `target`, an absolute path. After a `move` it is no longer served from here. */
  async handOver(target: string, how: 'move' | 'copy', signal?: AbortSignal): Promise<void> {
    await this.#version?.manifestSync.published()
    await this.#work.add(() => this.#known().content.handOver(target, how, signal))
  }

  /** `forget`: what the store has of the content goes too. Safe to call twice. */
  async close(forget = false): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    if (this.#version !== undefined) stopWork(this.#version)
    await this.reuse.stop()
    this.access.stop()
    this.sharing.end()
    this.links.close()
    await this.#work.onIdle()
    await this.#version?.manifestSync.published().catch(() => {})
    this.#changes.fail(new DragonflyError('aborted', 'the node was stopped'))
    await Promise.all([...this.observers].map(observer => observer.ended?.()))
    await this.#version?.content.close(forget || this.isTransient)
  }
  /** Name of its store entry; undefined while nothing is known. */
  get entryKey(): string | undefined {
    return this.#version?.content.key
  }
  /** Has the finished content lie in one file with that of another store entry, if its bytes are the same. */
  async shareData(key: string, signal: AbortSignal): Promise<boolean> {
    return await this.#known().content.shareData(key, signal)
  }

  /** Fixes the version that this active task is about; takes up what the store has of it. Does nothing when done before. */
  async adopt(info: VersionInfo, trust: Trust, from: Adopted = {}): Promise<void> {
    await this.#work.add(() => this.#adopt(info, trust, from))
  }

  /** Like `adopt`, with a store entry that is open already. It is closed when another version has begun meanwhile. */
  async adoptCached(cached: CachedManifest & { entry: StoreEntry }, vouched?: Freshness): Promise<void> {
    this.access.checkPinned(cached.manifest.info.version)
    await this.#work.add(async () => {
      if (this.#version !== undefined || this.#closed) return await cached.entry.close()
      await this.#begin(await StoredVersion.resume(cached, this.task, this.wanted !== undefined), vouched)
    })
  }

  /** Says what is known of the version that the origin shows now; neighbours that were not listened to are asked again. */
  setCurrent(current: Current): void {
    if (this.manifest !== undefined) return
    this.#trust.current = current
    if (current !== 'unknown') this.links.sayHelloToAll()
  }
  /** From now on a digest makes up for no signature: only seeds and our own read say what the content is. */
  believeNoStrangers(): void {
    this.#trust.believesStrangers = false
  }

  // ---- what the origin gives
  /** See `readOrigin`. */
  async ingest(source: AsyncIterable<Uint8Array>, first: number): Promise<number> {
    return await readOrigin(this.#ctx, this, this.#known(), { source, first })
  }

  /** Our own read has reached the end: seals the manifest. Every piece must be here. */
  async seal(length: number, root: string): Promise<void> {
    await this.#known().manifestSync.seal(length, root)
    this.reuse.sealed()
  }
  /** Where a reader stands; undefined: no order. */
  setCursor(piece: number | undefined): void {
    this.#version?.driver.tell({ type: 'cursor', piece })
  }
  get isOver(): boolean {
    return this.#closed || this.hasFailed
  }

  // ---- what manifest sync and driver say (ManifestSyncOwner, DriverOwner)
  onGrown(): void {
    this.#version?.driver.grown()
    this.onStored()
  }
  onStored(): void {
    this.#grewAt = now()
    this.#changes.notify()
  }
  onWrongPiece(peer: string, piece: number): void {
    this.#handlers.onWrongPiece(peer, piece)
  }
  #known(): VersionParts {
    if (this.#version === undefined) throw new DragonflyError('internal', 'nothing is known of the content yet')
    return this.#version
  }

  async #adopt(info: VersionInfo, trust: Trust, { signer, vouched }: Adopted): Promise<void> {
    if (this.#version !== undefined || this.#closed) return
    this.access.checkPinned(info.version)
    const how = { trust, signer, isReserved: this.ranges.isWhole, isComputed: this.wanted !== undefined }
    const content = await StoredVersion.open(this.#ctx.store, this.task, info, how).catch(error => {
      // whoever told us of the version cannot help it
      this.fail(error)
      throw error
    })
    await this.#begin(content, vouched)
  }

  async #begin(content: StoredVersion, vouched?: Freshness): Promise<void> {
    this.originFreshness.begin(content, vouched)
    this.access.begin(content.manifest.info.version)
    const driver = new SwarmDriver(this.#ctx, this, content)
    const manifestSync = new ManifestSync(this.#ctx, this, content, this.#work)
    const exchanges = {
      pieceExchange: new PieceExchange(content, driver, e => this.fail(e)),
      chunkExchange: new ChunkExchange(this.#ctx.chunkLists, content),
    }
    this.#version = { content, driver, manifestSync, ...exchanges }
    if (content.older !== undefined) this.reuse.expect()
    driver.grown()
    driver.recovered(await content.transfer.recover())
    this.reuse.begin(content)
    await content.keepFreshness()
    this.originOffer.begin(driver)
    this.#handlers.versionKnown()
    this.#changes.notify()
  }
}
