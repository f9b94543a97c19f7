// An active task: one content on this node. Brings together what it is, who shares it, and the swarm that decides.
import type { Bitfield } from '../../core/bitfield.ts'
import { DragonflyError } from '../../core/errors.ts'
import type { Freshness } from '../../core/freshness.ts'
import type { Manifest, ManifestHead, VersionInfo } from '../../core/manifest.ts'
import type { VerifiedPiece } from '../../core/piece.ts'
import type { Task } from '../../core/task.ts'
import type { StoreEntry } from '../../store/store.ts'
import type { PeerAddress } from '../../wire/codec-peers.ts'
import { openHead } from '../../wire/envelope.ts'
import type { Trust } from '../api/options.ts'
import type { CachedManifest } from '../content/manifest-records.ts'
import { digestMismatch, StoredVersion } from '../content/stored-version.ts'
import { Changes } from '../context/changes.ts'
import { type NodeContext, now } from '../context/node-context.ts'
import { OneByOne } from '../context/one-by-one.ts'
import type { GrantBook } from '../peers/grant-book.ts'
import type { PeerLink, PieceListener } from '../peers/peer-link.ts'
import { PeerLinks, type PeerLinksOwner } from '../peers/peer-links.ts'
import { AccessControl } from './access-control.ts'
import { ManifestSync, type ManifestSyncOwner } from './manifest-sync.ts'
import { type Current, ManifestTrust } from './manifest-trust.ts'
import { OriginFreshness } from './origin-freshness.ts'
import { OriginGauge } from './origin-gauge.ts'
import { OriginOffer } from './origin-offer.ts'
import { PieceExchange } from './piece-exchange.ts'
import { type Counts, type DriverOwner, SwarmDriver } from './swarm-driver.ts'
import type { SwarmObserver } from './swarm-observer.ts'

/** How a version became known. */
interface Adopted {
  /** Peer id of who signed for it; undefined: nobody but us. */
  signer?: string
  /** What the origin has just said of it, when it was the origin. */
  vouched?: Freshness | undefined
}

/** What there is once the version is known. */
interface Shared {
  content: StoredVersion
  driver: SwarmDriver
  manifestSync: ManifestSync
  pieceExchange: PieceExchange
}

export class ActiveTask implements PeerLinksOwner, ManifestSyncOwner, DriverOwner {
  readonly task: Task
  /** sha2-256 that the whole content must have; undefined: none was given. */
  readonly wanted: Uint8Array | undefined
  /** The origin forbids that more than the askers of this moment get it: nothing stays when they have gone. */
  isTransient = false
  readonly links: PeerLinks
  readonly originFreshness: OriginFreshness
  readonly originOffer = new OriginOffer()
  /** How fast the origin gives, as far as this node read it in order. */
  readonly gauge = new OriginGauge()
  /** Who may have it. */
  readonly access: AccessControl
  readonly counts: Counts = { fromOrigin: 0, fromPeers: 0, fromSeeds: 0, resumed: 0 }
  /** Peers that pieces came from. */
  readonly givers = new Set<string>()
  /** Told of everything that the swarm hears and answers; may be added to at any time. */
  readonly observers = new Set<SwarmObserver>()
  readonly #ctx: NodeContext
  readonly #trusting: ManifestTrust
  readonly #changes = new Changes()
  /** What is done to the content as a whole: beginning with it, its manifest, handing it over. */
  readonly #work = new OneByOne()
  #shared: Shared | undefined
  #closed = false
  #grewAt = now()

  constructor(ctx: NodeContext, task: Task, wanted: Uint8Array | undefined) {
    this.#ctx = ctx
    this.task = task
    this.wanted = wanted
    this.links = new PeerLinks(ctx, this)
    this.originFreshness = new OriginFreshness(ctx, this, this.#work)
    this.#trusting = new ManifestTrust(ctx, task, wanted)
    this.access = new AccessControl(ctx, this)
  }

  /** While the content is shared by grants. */
  get grants(): GrantBook | undefined {
    return this.access.grants
  }

  get manifest(): Manifest | undefined {
    return this.#shared?.content.manifest
  }

  get trust(): Trust | undefined {
    return this.#shared?.content.trust
  }

  /** Who signed the manifest; undefined for our own. */
  get signer(): string | undefined {
    return this.#shared?.content.signer
  }

  get isComplete(): boolean {
    return this.#shared?.driver.swarm.isComplete === true
  }

  get hasFailed(): boolean {
    return this.#changes.hasFailed
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** Milliseconds since the manifest, or what we have of it, last grew. */
  get quietFor(): number {
    return now() - this.#grewAt
  }

  /** Pieces that are here; undefined while nothing is known of the content. Not to be changed. */
  get have(): Bitfield | undefined {
    return this.#shared?.driver.swarm.have
  }

  hasPiece(piece: number): boolean {
    return this.#shared?.content.has(piece) === true
  }

  /** Whether all pieces that the manifest knows so far are here. */
  get hasAllKnown(): boolean {
    return this.have?.isFull === true
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

  /** sha2-256 of the whole content. Only when complete. */
  async wholeDigest(): Promise<Uint8Array> {
    return await this.#known().content.wholeDigest()
  }

  /** Bytes of a piece that is here, from the store. */
  async readPiece(piece: number): Promise<Uint8Array> {
    return await this.#known().content.read(piece)
  }

  /** Makes the finished content appear at `target`, an absolute path. After a `move` it is no longer served from here. */
  async handOver(target: string, how: 'move' | 'copy', signal?: AbortSignal): Promise<void> {
    await this.#shared?.manifestSync.published()
    await this.#work.run(() => this.#known().content.handOver(target, how, signal))
  }

  /** `forget`: what the store has of the content goes too. Safe to call twice. */
  async close(forget = false): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#shared?.manifestSync.stop()
    this.#shared?.driver.stop()
    this.access.stop()
    this.links.close()
    await this.#work.idle()
    await this.#shared?.manifestSync.published().catch(() => {})
    this.#changes.fail(new DragonflyError('aborted', 'the node was stopped'))
    await Promise.all([...this.observers].map(observer => observer.ended?.()))
    await this.#shared?.content.close(forget || this.isTransient)
  }

  /** Name of its store entry; undefined while nothing is known. */
  get entryKey(): string | undefined {
    return this.#shared?.content.key
  }

  /** Has the finished content lie in one file with that of another store entry, if its bytes are the same. */
  async shareData(key: string, signal: AbortSignal): Promise<boolean> {
    return await this.#known().content.shareData(key, signal)
  }

  // ---- what the content is

  /** Fixes the version that this active task is about; takes up what the store has of it. Does nothing when done before. */
  async adopt(info: VersionInfo, trust: Trust, from: Adopted = {}): Promise<void> {
    await this.#work.run(() => this.#adopt(info, trust, from))
  }

  /** Like `adopt`, with an entry that is open already; the active task closes it from now on. */
  async adoptCached(kept: CachedManifest & { entry: StoreEntry }, vouched?: Freshness): Promise<void> {
    this.access.checkPinned(kept.manifest.info.version)
    await this.#work.run(async () => this.#begin(await StoredVersion.resume(kept, this.task), vouched))
  }

  /** Says what is known of the version that the origin shows now; neighbours that were not listened to are asked again. */
  setCurrent(current: Current): void {
    if (this.manifest !== undefined) return
    this.#trusting.current = current
    if (current !== 'unknown') this.links.sayHelloToAll()
  }

  // ---- what the origin gives

  /** Memory for a piece of our own read. */
  buffer(size: number): Uint8Array {
    return this.#known().content.buffers.take(size)
  }

  /** Bytes of our own read came in; they are not checked yet. */
  read(bytes: number): void {
    this.#ctx.counters.fromOrigin += bytes
    for (const observer of this.observers) observer.read?.(bytes, now())
  }

  /** A piece of our own read of the origin: checked against the manifest where it is known, else added to it. */
  async ingest(piece: VerifiedPiece): Promise<void> {
    const { driver, manifestSync } = this.#known()
    manifestSync.check(piece)
    // first here, then known: nobody needs to be asked for it
    await driver.ingest(piece)
    manifestSync.add(piece)
  }

  /** Our own read has reached the end: seals the manifest. Every piece must be here. */
  async seal(length: number, root: string): Promise<void> {
    await this.#known().manifestSync.seal(length, root)
  }

  // ---- what the swarm is told

  /** Where a reader stands; undefined: no order. */
  setCursor(piece: number | undefined): void {
    this.#shared?.driver.tell({ type: 'cursor', piece })
  }

  // ---- what the links ask, and hear (LinksOwner)

  get isOver(): boolean {
    return this.#closed || this.hasFailed
  }

  get standing(): { version: string; manifestCount: number } {
    const { manifest } = this
    return { version: manifest?.info.version ?? this.#trusting.named, manifestCount: manifest?.count ?? 0 }
  }

  isOutdated({ version }: PeerLink): boolean {
    return version !== '' && !this.#mayBegin(version)
  }

  get pieces(): PieceListener | undefined {
    return this.#shared?.pieceExchange
  }

  async onGrant(from: PeerLink, grant: Uint8Array): Promise<void> {
    await this.access.onGrant(from, grant)
  }

  async onHead(from: PeerLink, envelope: Uint8Array): Promise<void> {
    const { head, signer } = await openHead(envelope)
    await this.#work.run(() => this.#take(from, envelope, head, signer))
  }

  onVersion(from: PeerLink): void {
    this.#welcome(from)
  }

  onHave(from: PeerLink, pieces: readonly number[]): void {
    if (from.isNeighbour) this.#shared?.pieceExchange.onHave(from, pieces)
    else this.#welcome(from)
    this.#shared?.manifestSync.askWhenBehind()
  }

  onPeers({ peer }: PeerLink, peers: readonly PeerAddress[], links: number): void {
    if (peers.length === 0) this.links.keeper?.asked(peer, links)
    else this.links.keeper?.heard(peer, peers)
  }

  onClosed(from: PeerLink, error: unknown): void {
    if (error instanceof DragonflyError && error.code === 'protocol') {
      this.#ctx.warn(`peer ${from.peer} broke the protocol: ${error.message}`)
    }
    if (!this.links.forget(from, error)) return
    if (from.isNeighbour) this.#shared?.pieceExchange.left(from)
    this.#changes.notify()
  }

  // ---- what talk and driver say (TalkOwner, DriverOwner)

  onGrown(): void {
    this.#grewAt = now()
    this.#shared?.driver.grown()
    this.#changes.notify()
  }

  onStored(): void {
    this.#grewAt = now()
    this.#changes.notify()
  }

  onLiar(peer: string): void {
    this.links.expel(peer)
  }

  // ---- inside

  #known(): Shared {
    if (this.#shared === undefined) throw new DragonflyError('internal', 'nothing is known of the content yet')
    return this.#shared
  }

  #mayBegin(version: string): boolean {
    return this.manifest !== undefined || this.#trusting.mayBegin(version)
  }

  async #adopt(info: VersionInfo, trust: Trust, { signer, vouched }: Adopted): Promise<void> {
    if (this.#shared !== undefined || this.#closed) return
    this.access.checkPinned(info.version)
    const content = await StoredVersion.open(this.#ctx.store, this.task, info, trust, signer).catch(error => {
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
    const pieceExchange = new PieceExchange(content, driver, error => this.fail(error))
    this.#shared = { content, driver, manifestSync, pieceExchange }
    driver.grown()
    driver.recovered(await content.recover())
    await content.keepFreshness()
    this.originOffer.begin(driver)
    for (const link of this.links.values()) {
      // this link began before we knew the version: say hello again, and go on
      this.links.sayHello(link)
      this.#welcome(link)
    }
    this.#changes.notify()
  }

  /** Adopts the version of a head that is believed, and lets the manifest grow by it. */
  async #take(from: PeerLink, envelope: Uint8Array, head: ManifestHead, signer: string): Promise<void> {
    if (this.#trusting.isHopeless(head, signer)) this.fail(digestMismatch())
    const trust = this.#trusting.trustIn(head, signer)
    if (trust === undefined || this.#closed || !this.#mayBegin(head.version)) return from.dropProvisional()
    const { task, version, pieceLength, length, fileName } = head
    await this.#adopt({ task, version, pieceLength, length, fileName }, trust, { signer })
    if (await this.#known().manifestSync.take(from, head, envelope)) this.#welcome(from)
  }

  /** Makes a link of the same version a neighbour; tells one that knows no version ours. */
  #welcome(from: PeerLink): void {
    if (this.#shared === undefined || this.links.get(from.peer) !== from) return
    const { content, manifestSync, pieceExchange } = this.#shared
    if (from.version !== '' && from.version !== content.manifest.info.version) return from.link.close('other-version')
    manifestSync.tell(from)
    if (from.version === '' || from.isNeighbour) return
    pieceExchange.join(from, this.#ctx.trusted.has(from.peer) ? 'seed' : 'peer')
    this.#changes.notify()
  }
}
