// A session: one content on this node. Brings together what it is, who shares it, and the swarm that decides.
import { CID } from 'multiformats/cid'
import { DragonflyError } from '../core/errors.ts'
import type { Manifest, ManifestHead, VersionInfo } from '../core/manifest.ts'
import type { VerifiedPiece } from '../core/piece.ts'
import type { Task } from '../core/task.ts'
import type { StoreEntry } from '../store/store.ts'
import type { PeerAddress } from '../wire/codec-peers.ts'
import { openHead } from '../wire/envelope.ts'
import { Belief, type Current } from './belief.ts'
import { Changes } from './changes.ts'
import { Content, digestMismatch } from './content.ts'
import { type NodeContext, now } from './context.ts'
import { Guard, shownGrant } from './guard.ts'
import { Links, type LinksOwner } from './links.ts'
import type { KeptManifest } from './manifest-records.ts'
import { ManifestTalk, type TalkOwner } from './manifest-talk.ts'
import { OneByOne } from './one-by-one.ts'
import type { Trust } from './options.ts'
import { PieceTalk } from './piece-talk.ts'
import type { PieceEars, SessionLink } from './session-link.ts'
import { type Counts, type DriverOwner, type RangeReader, SwarmDriver } from './swarm-driver.ts'
import type { SwarmObserver } from './swarm-observer.ts'

/** What there is once the version is known. */
interface Shared {
  content: Content
  driver: SwarmDriver
  manifestTalk: ManifestTalk
  pieceTalk: PieceTalk
}

export class Session implements LinksOwner, TalkOwner, DriverOwner {
  readonly task: Task
  /** sha2-256 that the whole content must have; undefined: none was given. */
  readonly wanted: Uint8Array | undefined
  readonly links: Links
  /** While the content is shared by grants. */
  guard: Guard | undefined
  readonly counts: Counts = { fromOrigin: 0, fromPeers: 0, fromSeeds: 0, resumed: 0 }
  /** Peers that pieces came from. */
  readonly givers = new Set<string>()
  /** Told of everything that the swarm hears and answers; may be added to at any time. */
  readonly observers = new Set<SwarmObserver>()
  readonly #ctx: NodeContext
  readonly #belief: Belief
  readonly #changes = new Changes()
  /** What is done to the content as a whole: beginning with it, its manifest, handing it over. */
  readonly #work = new OneByOne()
  #shared: Shared | undefined
  #rangeReader: RangeReader | undefined
  #closed = false
  #grewAt = now()

  constructor(ctx: NodeContext, task: Task, wanted: Uint8Array | undefined) {
    this.#ctx = ctx
    this.task = task
    this.wanted = wanted
    this.links = new Links(ctx, this)
    this.#belief = new Belief(ctx, task, wanted)
    if (task.version !== undefined) this.#setGuard(new Guard(ctx, task.id, task.version))
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

  hasPiece(piece: number): boolean {
    return this.#shared?.content.has(piece) === true
  }

  /** Whether all pieces that the manifest knows so far are here. */
  get hasAllKnown(): boolean {
    return this.#shared?.driver.swarm.have.isFull === true
  }

  /** Resolves at the next change of any kind; rejects once the session has failed. */
  async changed(signal?: AbortSignal): Promise<void> {
    await this.#changes.next(signal)
  }

  throwIfFailed(): void {
    this.#changes.throwIfFailed()
  }

  /** Ends every wait on this session with an error. The first failure stands. */
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
    await this.#shared?.manifestTalk.published()
    await this.#work.run(() => this.#known().content.handOver(target, how, signal))
  }

  /** `forget`: what the store has of the content goes too. Safe to call twice. */
  async close(forget = false): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#shared?.manifestTalk.stop()
    this.#shared?.driver.stop()
    this.guard?.stop()
    this.links.close()
    await this.#work.idle()
    await this.#shared?.manifestTalk.published().catch(() => {})
    this.#changes.fail(new DragonflyError('aborted', 'the node was stopped'))
    await Promise.all([...this.observers].map(observer => observer.ended?.()))
    await this.#shared?.content.close(forget)
  }

  // ---- what the content is

  /** Fixes the version that this session is about; takes up what the store has of it. Does nothing when done before. */
  async adopt(info: VersionInfo, trust: Trust, signer?: string): Promise<void> {
    await this.#work.run(() => this.#adopt(info, trust, signer))
  }

  /** Like `adopt`, with an entry that is open already; the session closes it from now on. */
  async adoptKept(kept: KeptManifest & { entry: StoreEntry }): Promise<void> {
    this.#checkPinned(kept.manifest.info.version)
    await this.#work.run(() => this.#begin(Content.resume(kept)))
  }

  /** Says what is known of the version that the origin shows now; neighbours that were not listened to are asked again. */
  setCurrent(current: Current): void {
    if (this.manifest !== undefined) return
    this.#belief.current = current
    if (current !== 'unknown') for (const link of this.links.values()) this.links.sayHello(link)
  }

  // ---- who may have it

  /** Key by which others find us in the DHT; undefined: they do not. */
  get dhtKey(): CID | undefined {
    return this.guard === undefined ? CID.parse(this.task.id) : this.guard.dhtKey
  }

  /**
   * From now on shares the private content of this id only with who shows a grant, as we do. Does nothing when another
   * version has begun. Rejects with `protocol` when the grant is not for us.
   */
  async enter(id: string, version: string, grant: Uint8Array, dhtKey: CID | undefined): Promise<void> {
    this.#checkPinned(version)
    const guard = this.guard?.version === version ? this.guard : new Guard(this.#ctx, id, version)
    await guard.take(grant)
    if (this.#closed || (this.manifest !== undefined && this.manifest.info.version !== version)) return
    guard.dhtKey = dhtKey ?? guard.dhtKey
    if (guard !== this.guard) this.#setGuard(guard)
    this.sayHello()
  }

  /** Tells all neighbours where we stand, and shows our grant. */
  sayHello(): void {
    for (const link of this.links.values()) this.links.sayHello(link)
  }

  // ---- what the origin gives

  /** Makes the origin a neighbour that the swarm asks when nobody else can give. */
  offerOrigin(reader: RangeReader): void {
    this.#rangeReader = reader
    this.#shared?.driver.offerOrigin(reader)
  }

  /** Memory for a piece of our own read. */
  buffer(size: number): Uint8Array {
    return this.#known().content.buffers.take(size)
  }

  /** Bytes of our own read came in; they are not checked yet. */
  read(bytes: number): void {
    for (const observer of this.observers) observer.read?.(bytes, now())
  }

  /** A piece of our own read of the origin: checked against the manifest where it is known, else added to it. */
  async ingest(piece: VerifiedPiece): Promise<void> {
    const { driver, manifestTalk } = this.#known()
    manifestTalk.check(piece)
    // first here, then known: nobody needs to be asked for it
    await driver.ingest(piece)
    manifestTalk.add(piece)
  }

  /** Our own read has reached the end: seals the manifest. Every piece must be here. */
  async seal(length: number, root: string): Promise<void> {
    await this.#known().manifestTalk.seal(length, root)
  }

  // ---- what the swarm is told

  /** Where a reader stands; undefined: no order. */
  setCursor(piece: number | undefined): void {
    this.#shared?.driver.tell({ type: 'cursor', piece })
  }

  /** Whether a neighbour is known to have everything, as far as there is an everything. */
  isWhole({ have }: SessionLink): boolean {
    return this.manifest?.seal !== undefined && have.count >= this.manifest.count
  }

  /** Whether a neighbour has anything that we lack. */
  offers({ have }: SessionLink): boolean {
    const ours = this.#shared?.driver.swarm.have.words
    return have.words.some((word, i) => (word & ~(ours?.[i] ?? 0)) !== 0)
  }

  // ---- what the links ask, and hear (LinksOwner)

  get isOver(): boolean {
    return this.#closed || this.hasFailed
  }

  get standing(): { version: string; manifestCount: number } {
    const { manifest } = this
    return { version: manifest?.info.version ?? this.#belief.named, manifestCount: manifest?.count ?? 0 }
  }

  isOutdated({ version }: SessionLink): boolean {
    return version !== '' && !this.#mayBegin(version)
  }

  get pieces(): PieceEars | undefined {
    return this.#shared?.pieceTalk
  }

  async onGrant(from: SessionLink, grant: Uint8Array): Promise<void> {
    this.guard?.admits(from.peer, await shownGrant({ grant }))
  }

  async onHead(from: SessionLink, envelope: Uint8Array): Promise<void> {
    const { head, signer } = await openHead(envelope)
    await this.#work.run(() => this.#take(from, envelope, head, signer))
  }

  onVersion(from: SessionLink): void {
    this.#welcome(from)
  }

  onHave(from: SessionLink, pieces: readonly number[]): void {
    if (from.isNeighbour) this.#shared?.pieceTalk.onHave(from, pieces)
    else this.#welcome(from)
    this.#shared?.manifestTalk.askWhenBehind()
  }

  onPeers({ peer }: SessionLink, peers: readonly PeerAddress[], links: number): void {
    if (peers.length === 0) this.links.keeper?.asked(peer, links)
    else this.links.keeper?.heard(peer, peers)
  }

  onClosed(from: SessionLink, error: unknown): void {
    if (error instanceof DragonflyError && error.code === 'protocol') {
      this.#ctx.warn(`peer ${from.peer} broke the protocol: ${error.message}`)
    }
    if (!this.links.forget(from, error)) return
    if (from.isNeighbour) this.#shared?.pieceTalk.left(from)
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
    return this.manifest !== undefined || this.#belief.mayBegin(version)
  }

  async #adopt(info: VersionInfo, trust: Trust, signer: string | undefined): Promise<void> {
    if (this.#shared !== undefined || this.#closed) return
    this.#checkPinned(info.version)
    await this.#begin(await Content.open(this.#ctx.store, this.task, info, trust, signer))
  }

  /** Rejects with `origin-changed` a version that the task is not about. */
  #checkPinned(version: string): void {
    const { version: pinned } = this.task
    if (pinned === undefined || pinned === version) return
    throw new DragonflyError('origin-changed', 'the origin shows another version than it did a moment ago')
  }

  /** Links of another topic than ours end. */
  #setGuard(guard: Guard | undefined): void {
    this.guard?.stop()
    this.guard = guard
    guard?.start(peer => this.links.cut(peer))
    this.links.part()
  }

  async #begin(content: Content): Promise<void> {
    // grants are about one version, and the origin has shown us another meanwhile: we go on without
    if (this.guard !== undefined && this.guard.version !== content.manifest.info.version) this.#setGuard(undefined)
    const driver = new SwarmDriver(this.#ctx, this, content)
    const manifestTalk = new ManifestTalk(this.#ctx, this, content, this.#work)
    const pieceTalk = new PieceTalk(content, driver, error => this.fail(error))
    this.#shared = { content, driver, manifestTalk, pieceTalk }
    driver.grown()
    driver.recovered(await content.recover())
    if (this.#rangeReader !== undefined) driver.offerOrigin(this.#rangeReader)
    for (const link of this.links.values()) {
      // this link began before we knew the version: say hello again, and go on
      this.links.sayHello(link)
      this.#welcome(link)
    }
    this.#changes.notify()
  }

  /** Adopts the version of a head that is believed, and lets the manifest grow by it. */
  async #take(from: SessionLink, envelope: Uint8Array, head: ManifestHead, signer: string): Promise<void> {
    if (this.#belief.isHopeless(head, signer)) this.fail(digestMismatch())
    const trust = this.#belief.trustIn(head, signer)
    if (trust === undefined || this.#closed || !this.#mayBegin(head.version)) return from.dropProvisional()
    const { task, version, pieceLength, length, fileName } = head
    await this.#adopt({ task, version, pieceLength, length, fileName }, trust, signer)
    if (await this.#known().manifestTalk.take(from, head, envelope)) this.#welcome(from)
  }

  /** Makes a link of the same version a neighbour; tells one that knows no version ours. */
  #welcome(from: SessionLink): void {
    if (this.#shared === undefined || this.links.get(from.peer) !== from) return
    const { content, manifestTalk, pieceTalk } = this.#shared
    if (from.version !== '' && from.version !== content.manifest.info.version) return from.link.close('other-version')
    manifestTalk.tell(from)
    if (from.version === '' || from.isNeighbour) return
    pieceTalk.join(from, this.#ctx.trusted.has(from.peer) ? 'seed' : 'peer')
    this.#changes.notify()
  }
}
