// A session: one content on this node. Brings together what it is, who shares it, and the swarm that decides.
import { CID } from 'multiformats/cid'
import { DragonflyError } from '../core/errors.ts'
import type { Manifest, ManifestHead, VersionInfo } from '../core/manifest.ts'
import { sameBytes, type VerifiedPiece } from '../core/piece.ts'
import { makeProof, type Task } from '../core/task.ts'
import { LinkRefused } from '../net/exchange.ts'
import type { Link } from '../net/link.ts'
import type { StoreEntry } from '../store/store.ts'
import type { SwarmEvent } from '../swarm/events.ts'
import type { Hello } from '../wire/codec-hello.ts'
import type { PeerAddress } from '../wire/codec-peers.ts'
import { openHead, sealHead } from '../wire/envelope.ts'
import type { RefusalReason } from '../wire/refusal.ts'
import { Changes } from './changes.ts'
import { Content, digestMismatch } from './content.ts'
import { type NodeContext, now } from './context.ts'
import type { LinkKeeper } from './link-keeper.ts'
import type { KeptManifest } from './manifest-records.ts'
import type { Trust } from './options.ts'
import { OriginGauge } from './origin-gauge.ts'
import { type SessionEars, SessionLink } from './session-link.ts'
import { type Counts, type DriverOwner, type RangeReader, SwarmDriver } from './swarm-driver.ts'
import type { SwarmObserver } from './swarm-observer.ts'

/** Signing and telling once for all pieces of so many milliseconds: every small message costs as much CPU as 50 KiB of bulk. */
const PUBLISH_MS = 100
/** Others know more of the manifest than we for so long: ask one of them for it. Who reads the origin tells unasked. */
const MANIFEST_PATIENCE_MS = 300
/** A link younger than this may be one half of two peers dialling each other at the same time. */
const CROSSING_MS = 10_000

/** Which version neighbours may begin with: any; the one that a seed named; none while nobody who knows it has spoken. */
export type Current = 'any' | 'unknown' | { version: string }

export class Session implements SessionEars, DriverOwner {
  readonly task: Task
  /** sha2-256 that the whole content must have; undefined: none was given. */
  readonly wanted: Uint8Array | undefined
  readonly counts: Counts = { fromOrigin: 0, fromPeers: 0, fromSeeds: 0, resumed: 0 }
  /** Peers that pieces came from. */
  readonly givers = new Set<string>()
  /** Told of everything that the swarm hears and answers; may be added to at any time. */
  readonly observers = new Set<SwarmObserver>()
  /** Neighbours by peer id. */
  readonly links = new Map<string, SessionLink>()
  /** Peers that were tried and are no neighbours. */
  readonly unreachable = new Set<string>()
  /** How fast the origin gives, as far as this node read it in order. */
  readonly gauge = new OriginGauge()
  /** Who decides on links; while there is none everybody may come. */
  keeper: LinkKeeper | undefined
  readonly #ctx: NodeContext
  readonly #changes = new Changes()
  readonly #dialling = new Set<string>()
  #content: Content | undefined
  #driver: SwarmDriver | undefined
  #rangeReader: RangeReader | undefined
  #originRate: Extract<SwarmEvent, { type: 'origin-rate' }> | undefined
  #closed = false
  #lock: Promise<unknown> = Promise.resolve()
  #publishing: Promise<void> | undefined
  #asking: NodeJS.Timeout | undefined
  #current: Current = 'any'
  #grewAt = now()

  constructor(ctx: NodeContext, task: Task, wanted: Uint8Array | undefined) {
    this.#ctx = ctx
    this.task = task
    this.wanted = wanted
  }

  get manifest(): Manifest | undefined {
    return this.#content?.manifest
  }

  get trust(): Trust | undefined {
    return this.#content?.trust
  }

  /** Who signed the manifest; undefined for our own. */
  get signer(): string | undefined {
    return this.#content?.signer
  }

  get isComplete(): boolean {
    return this.#driver?.swarm.isComplete === true
  }

  get hasFailed(): boolean {
    return this.#changes.hasFailed
  }

  get isClosed(): boolean {
    return this.#closed
  }

  get linkCount(): number {
    return this.links.size
  }

  /** Milliseconds since the manifest, or what we have of it, last grew. */
  get quietFor(): number {
    return now() - this.#grewAt
  }

  get linkedPeers(): string[] {
    return [...this.links.keys()]
  }

  get hasSeed(): boolean {
    return this.linkedPeers.some(peer => this.#ctx.trusted.has(peer))
  }

  hasPiece(piece: number): boolean {
    return this.#content?.has(piece) === true
  }

  /** Whether all pieces that the manifest knows so far are here. */
  get hasAllKnown(): boolean {
    return this.#driver?.swarm.have.isFull === true
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
    return await this.#known().wholeDigest()
  }

  /** Bytes of a piece that is here, from the store. */
  async readPiece(piece: number): Promise<Uint8Array> {
    return await this.#known().read(piece)
  }

  /** Makes the finished content appear at `target`, an absolute path. After a `move` it is no longer served from here. */
  async handOver(target: string, how: 'move' | 'copy', signal?: AbortSignal): Promise<void> {
    await this.#publishing
    await this.#locked(() => this.#known().handOver(target, how, signal))
  }

  // ---- what the content is

  /** Fixes the version that this session is about; takes up what the store has of it. Does nothing when done before. */
  async adopt(info: VersionInfo, trust: Trust, signer?: string): Promise<void> {
    await this.#locked(() => this.#adopt(info, trust, signer))
  }

  /** Like `adopt`, with an entry that is open already; the session closes it from now on. */
  async adoptKept(kept: KeptManifest & { entry: StoreEntry }): Promise<void> {
    await this.#locked(() => this.#begin(Content.resume(kept)))
  }

  /** Says what is known of the version that the origin shows now; neighbours that were not listened to are asked again. */
  setCurrent(current: Current): void {
    if (this.manifest !== undefined) return
    this.#current = current
    if (current !== 'unknown') for (const link of this.links.values()) this.#sayHello(link)
  }

  /** Makes the origin a neighbour that the swarm asks when nobody else can give. */
  offerOrigin(reader: RangeReader): void {
    this.#rangeReader = reader
    this.#driver?.offerOrigin(reader)
  }

  /** What a seed that we asked says of the origin: bytes a second, and how many peers listen to it. 0: not known. */
  tellOriginRate(rate: number, peers: number): void {
    if (rate === 0) return
    this.#originRate = { type: 'origin-rate', rate: rate / 1000, peers }
    this.#driver?.tell(this.#originRate)
  }

  /** A piece of our own read of the origin: checked against the manifest where it is known, else added to it. */
  async ingest(piece: VerifiedPiece): Promise<void> {
    const { manifest } = this.#known()
    checkAgainst(manifest, piece)
    // first here, then known: nobody needs to be asked for it
    await this.#driver?.ingest(piece)
    // a seed may have told the digest meanwhile
    checkAgainst(manifest, piece)
    if (piece.index === manifest.count) {
      manifest.append(piece.digest)
      this.#grown()
    }
    this.#publishSoon()
  }

  /** Bytes of our own read came in; they are not checked yet. */
  read(bytes: number): void {
    for (const observer of this.observers) observer.read?.(bytes, now())
  }

  /** Our own read has reached the end: seals the manifest. Every piece must be here. */
  async seal(length: number, root: string): Promise<void> {
    const { manifest } = this.#known()
    if (manifest.seal === undefined) {
      manifest.sealWith({ length, sha256: await this.wholeDigest(), root })
      this.#grown()
    }
    await this.#locked(() => this.#publish())
  }

  /** Where a reader stands; undefined: no order. */
  setCursor(piece: number | undefined): void {
    this.#driver?.tell({ type: 'cursor', piece })
  }

  // ---- neighbours

  get topic(): Uint8Array {
    return CID.parse(this.task.id).bytes
  }

  /** Our hello for a peer on this task. */
  hello(peer: string): Hello {
    return { type: 'hello', topic: this.topic, proof: makeProof(this.task.secret, this.#self, peer), ...this.#state() }
  }

  /** Links up with a connected peer unless linked. Rejects when it refuses or is gone. */
  async link(peer: string, signal: AbortSignal, topic?: Uint8Array): Promise<void> {
    const { network } = this.#ctx
    if (network === undefined || peer === this.#self || this.#ctx.isBanned(peer)) return
    const present = this.links.get(peer)
    if ((present !== undefined && !this.#isOutdated(present)) || this.#dialling.has(peer)) return
    this.#dialling.add(peer)
    try {
      const hello = topic === undefined ? this.hello(peer) : { ...this.hello(peer), topic, proof: new Uint8Array() }
      await network.exchange.dial(peer, hello, link => this.#admit(link, topic === undefined), signal)
    } catch (error) {
      if (error instanceof LinkRefused && error.peers.length > 0) this.keeper?.heard(peer, error.peers)
      throw error
    } finally {
      this.#dialling.delete(peer)
    }
  }

  unlink(peer: string): void {
    this.links.get(peer)?.link.close()
  }

  /** Whether a neighbour is known to have everything, as far as there is an everything. */
  isWhole({ have }: SessionLink): boolean {
    return this.manifest?.seal !== undefined && have.count >= this.manifest.count
  }

  /** Whether a neighbour has anything that we lack. */
  offers({ have }: SessionLink): boolean {
    const ours = this.#driver?.swarm.have.words
    return have.words.some((word, i) => (word & ~(ours?.[i] ?? 0)) !== 0)
  }

  /** Tells a neighbour of others; an empty list asks it for some. */
  tellPeers(to: string, peers: PeerAddress[]): void {
    this.links.get(to)?.link.send({ type: 'peers', peers, links: this.keeper?.degree ?? 0 })
  }

  /** Why a peer that says hello to us is not wanted, and whom it may try; undefined when it is. The proof was checked before. */
  refusal(peer: string, hello: Hello): { refused: RefusalReason; peers?: PeerAddress[] } | undefined {
    if (this.#ctx.isBanned(peer)) return { refused: 'bad-proof' }
    if (this.#closed || this.hasFailed) return { refused: 'going-away' }
    const { version } = this.#state()
    if (hello.version !== '' && version !== '' && hello.version !== version) return { refused: 'other-version' }
    const present = this.links.get(peer)
    const crossing = this.#dialling.has(peer) || (present?.link.isDialer === true && now() - present.since < CROSSING_MS)
    if (crossing && this.#self < peer) return { refused: 'too-busy' }
    const peers = present === undefined ? this.keeper?.refuses(peer, hello.links) : undefined
    return peers === undefined ? undefined : { refused: 'too-busy', peers }
  }

  /** Takes a new link in. One that replaces an older one of the same peer ends that. */
  attach(link: Link): SessionLink {
    const sessionLink = new SessionLink(link, this, now())
    const before = this.links.get(link.peer)
    this.links.set(link.peer, sessionLink)
    before?.link.close()
    this.keeper?.linked(sessionLink)
    if (this.#closed) queueMicrotask(() => link.close('going-away'))
    else queueMicrotask(() => this.#welcome(sessionLink))
    return sessionLink
  }

  /** `forget`: what the store has of the content goes too. Safe to call twice. */
  async close(forget = false): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#asking)
    this.#driver?.stop()
    for (const { link } of [...this.links.values()]) link.close('going-away')
    this.links.clear()
    await this.#lock.catch(() => {})
    await this.#publishing?.catch(() => {})
    this.#changes.fail(new DragonflyError('aborted', 'the node was stopped'))
    await Promise.all([...this.observers].map(observer => observer.ended?.()))
    await this.#content?.close(forget)
  }

  // ---- what neighbours say (SessionEars)

  async onHead(from: SessionLink, envelope: Uint8Array): Promise<void> {
    const { head, signer } = await openHead(envelope)
    await this.#locked(() => this.#offerHead(from, envelope, head, signer))
  }

  onVersion(from: SessionLink): void {
    this.#welcome(from)
  }

  onHave(from: SessionLink, pieces: readonly number[]): void {
    if (from.isNeighbour) this.#driver?.tell({ type: 'have', peer: from.peer, pieces, queue: from.queue })
    else this.#welcome(from)
    this.#askForManifest()
  }

  onPeers(from: SessionLink, peers: readonly PeerAddress[], links: number): void {
    if (peers.length === 0) this.keeper?.asked(from.peer, links)
    else this.keeper?.heard(from.peer, peers)
  }

  onAsk(from: SessionLink, piece: number, load: number): void {
    if (from.isNeighbour) this.#driver?.tell({ type: 'request', peer: from.peer, piece, load })
    else from.link.refuse(piece, 'no-such-piece')
  }

  onWithdraw(from: SessionLink, piece: number): void {
    this.#driver?.tell({ type: 'cancel', peer: from.peer, piece })
  }

  onBuffer(size: number): Uint8Array {
    return this.#content?.buffers.take(size) ?? new Uint8Array(size)
  }

  onProgress(from: SessionLink, piece: number, bytes: number): void {
    this.#driver?.tell({ type: 'progress', peer: from.peer, piece, bytes })
  }

  onPiece(from: SessionLink, piece: number, bytes: Uint8Array): void {
    this.#driver?.take(from.peer, piece, bytes).catch(error => this.fail(error))
  }

  onRefused(from: SessionLink, piece: number, reason: RefusalReason): void {
    this.#driver?.tell({ type: 'refused', peer: from.peer, piece, forever: reason === 'no-such-piece' })
  }

  onClosed(from: SessionLink, error: unknown): void {
    if (error instanceof DragonflyError && error.code === 'protocol') {
      this.#ctx.warn(`peer ${from.peer} broke the protocol: ${error.message}`)
    }
    if (this.links.get(from.peer) !== from) return
    this.links.delete(from.peer)
    this.keeper?.unlinked(from, error)
    if (from.isNeighbour) this.#driver?.tell({ type: 'left', peer: from.peer })
    this.#changes.notify()
  }

  // ---- what the driver says (DriverOwner)

  onStored(): void {
    this.#grewAt = now()
    this.#changes.notify()
  }

  onLiar(peer: string): void {
    const link = this.links.get(peer)
    this.links.delete(peer)
    link?.link.close('bad-proof')
    if (link !== undefined) this.keeper?.unlinked(link, undefined)
  }

  // ---- inside

  get #self(): string {
    return this.#ctx.network?.host.id ?? ''
  }

  #known(): Content {
    if (this.#content === undefined) throw new DragonflyError('internal', 'nothing is known of the content yet')
    return this.#content
  }

  #state(): { version: string; manifestCount: number; links: number } {
    const wanted = typeof this.#current === 'string' ? '' : this.#current.version
    return {
      version: this.manifest?.info.version ?? wanted,
      manifestCount: this.manifest?.count ?? 0,
      links: this.keeper?.degree ?? 0,
    }
  }

  async #locked<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#lock.then(work)
    this.#lock = mine.catch(() => {})
    return await mine
  }

  async #adopt(info: VersionInfo, trust: Trust, signer: string | undefined): Promise<void> {
    if (this.#content !== undefined || this.#closed) return
    await this.#begin(await Content.open(this.#ctx.store, this.task, info, trust, signer))
  }

  async #begin(content: Content): Promise<void> {
    this.#content = content
    const driver = new SwarmDriver(this.#ctx, this, content)
    this.#driver = driver
    driver.grown()
    driver.recovered(await content.recover())
    if (this.#rangeReader !== undefined) driver.offerOrigin(this.#rangeReader)
    if (this.#originRate !== undefined) driver.tell(this.#originRate)
    for (const link of this.links.values()) {
      // this link began before we knew the version: say hello again, and go on
      this.#sayHello(link)
      this.#welcome(link)
    }
    this.#changes.notify()
  }

  async #offerHead(from: SessionLink, envelope: Uint8Array, head: ManifestHead, signer: string): Promise<void> {
    const belief = this.#belief(head, signer)
    if (belief === undefined || this.#closed || !this.#mayBegin(head.version)) {
      from.takeProvisional(0, 0)
      return
    }
    await this.#adopt(infoOf(head), belief, signer)
    const { manifest } = this.#known()
    if (!manifest.describesSame(head)) return from.link.close('other-version')
    from.version = head.version
    from.knowsManifest(head.count, head.seal !== undefined)
    const sealsIt = head.seal !== undefined && manifest.seal === undefined && head.count === manifest.count
    const digests = from.takeProvisional(manifest.count, Math.max(manifest.count, head.count))
    if (head.count > manifest.count || sealsIt) {
      if (digests === undefined) return this.#askAgain(from)
      from.wasAskedAgain = false
      manifest.extend(digests, head)
      // a seed vouches for what it passes on, by its own signature
      if (this.#ctx.isSeed) await this.#publish()
      else await this.#known().keep(head, envelope)
      this.#grown()
    }
    this.#welcome(from)
  }

  /**
   * Why a head is believed; undefined: it is not. A given digest makes up for a stranger's signature, once the seal names
   * it: what is never sealed could never be found out.
   */
  #belief(head: ManifestHead, signer: string): Trust | undefined {
    const isTrusted = this.#ctx.trusted.has(signer) && head.task === this.task.id
    if (this.wanted !== undefined && head.seal !== undefined && !sameBytes(head.seal.sha256, this.wanted)) {
      if (isTrusted) this.fail(digestMismatch())
      return undefined
    }
    if (this.#ctx.isBanned(signer)) return undefined
    if (isTrusted) return 'seed'
    return this.wanted === undefined || head.seal === undefined ? undefined : 'digest'
  }

  /** Heads of older versions stay signed: whoever still has one must not decide what this download is about. */
  #mayBegin(version: string): boolean {
    if (this.manifest !== undefined || this.#current === 'any') return true
    return this.#current !== 'unknown' && this.#current.version === version
  }

  /** Whether the other side is at a version that is known not to be the current one. */
  #isOutdated({ version }: SessionLink): boolean {
    return this.manifest === undefined && version !== '' && !this.#mayBegin(version)
  }

  #grown(): void {
    this.#grewAt = now()
    this.#driver?.grown()
    this.#changes.notify()
  }

  #publishSoon(): void {
    this.#publishing ??= new Promise<void>(resolve => setTimeout(resolve, PUBLISH_MS)).then(() => {
      this.#publishing = undefined
      return this.#locked(() => this.#publish())
    })
    this.#publishing.catch(error => this.fail(error))
  }

  /** Keeps, signs and tells our own manifest as far as it goes. */
  async #publish(): Promise<void> {
    const content = this.#known()
    const head = content.manifest.head()
    const { signed } = content
    if (head.count === signed?.count && (head.seal !== undefined) === signed.isSealed) return
    const privateKey = this.#ctx.network?.host.privateKey
    await content.keep(head, privateKey === undefined ? undefined : await sealHead(head, privateKey))
    for (const link of this.links.values()) this.#tellManifest(link)
  }

  #tellManifest(link: SessionLink): void {
    const { manifest, signed } = this.#known()
    if (signed === undefined) return
    if (link.version === '' || link.version === manifest.info.version) link.tellManifest(manifest, signed)
  }

  /** It may have told us before, under a head that we did not believe; but the answer to a question has to be whole. */
  #askAgain(from: SessionLink): void {
    if (from.wasAskedAgain) throw new DragonflyError('protocol', 'manifest head without its digests')
    from.wasAskedAgain = true
    this.#sayHello(from)
  }

  #sayHello(link: SessionLink): void {
    link.link.send({ ...link.link.ourHello, ...this.#state() })
  }

  /** Whoever answers our hello has to know the task too, or all of it would be his for announcing himself as a provider. */
  #admit(link: Link, byTask: boolean): SessionLink {
    const expected = makeProof(this.task.secret, link.peer, this.#self)
    if (byTask && !sameBytes(link.hello.proof, expected)) {
      throw new DragonflyError('peer-refused', 'peer does not prove that it was asked for this task')
    }
    return this.attach(link)
  }

  /** Makes a link of the same version a neighbour; tells one that knows no version ours. */
  #welcome(from: SessionLink): void {
    const content = this.#content
    if (content === undefined || this.#driver === undefined || this.links.get(from.peer) !== from) return
    if (from.version !== '' && from.version !== content.manifest.info.version) return from.link.close('other-version')
    if (content.signed === undefined && content.trust === 'origin') this.#publishSoon()
    this.#tellManifest(from)
    if (from.version === '' || from.isNeighbour) return
    from.isNeighbour = true
    const { swarm } = this.#driver
    this.#driver.tell({ type: 'joined', peer: from.peer, kind: this.#ctx.trusted.has(from.peer) ? 'seed' : 'peer' })
    from.link.send({ type: 'pieces', have: swarm.have, queue: swarm.queue })
    this.#driver.tell({ type: 'bitfield', peer: from.peer, have: from.have, queue: from.queue })
    this.#changes.notify()
  }

  /** A neighbour that has what we have no digest of knows more than we: when nobody tells us unasked, we say where we stand. */
  #askForManifest(): void {
    if (this.#asking !== undefined || this.#knowingMore().length === 0) return
    this.#asking = setTimeout(() => {
      this.#asking = undefined
      const knowing = this.#knowingMore()
      const chosen = knowing[Math.floor(Math.random() * knowing.length)]
      if (this.#closed || chosen === undefined) return
      this.#sayHello(chosen)
      this.#askForManifest()
    }, MANIFEST_PATIENCE_MS)
  }

  #knowingMore(): SessionLink[] {
    const { manifest } = this
    if (manifest === undefined || manifest.seal !== undefined) return []
    const isStuck = this.hasAllKnown && this.quietFor > MANIFEST_PATIENCE_MS
    const knows = (link: SessionLink) => link.have.size > manifest.count || (isStuck && link.have.size >= manifest.count)
    return [...this.links.values()].filter(link => link.isNeighbour && knows(link))
  }
}

/** Throws `origin-changed` when the manifest names another digest. */
function checkAgainst(manifest: Manifest, { index, digest }: VerifiedPiece): void {
  const known = manifest.digest(index)
  if (known === undefined || sameBytes(known, digest)) return
  throw new DragonflyError('origin-changed', `the origin's bytes are not those of its version any more (piece ${index})`)
}

function infoOf({ task, version, pieceLength, length, fileName }: ManifestHead): VersionInfo {
  return { task, version, pieceLength, length, fileName }
}
