// A session: one content on this node. Holds manifest, pieces and neighbours, and performs what its swarm decides.
import { CID } from 'multiformats/cid'
import { DragonflyError } from '../core/errors.ts'
import { Manifest, type ManifestHead, type VersionInfo } from '../core/manifest.ts'
import { sameBytes, type VerifiedPiece, verifyPiece } from '../core/piece.ts'
import { PieceBuffers } from '../core/piece-buffers.ts'
import { makeProof, type Task } from '../core/task.ts'
import { isResumable } from '../core/version.ts'
import type { Link } from '../net/link.ts'
import type { StoreEntry } from '../store/store.ts'
import type { SwarmAction, SwarmEvent } from '../swarm/events.ts'
import { Swarm } from '../swarm/swarm.ts'
import type { Hello } from '../wire/codec-hello.ts'
import type { PeerAddress } from '../wire/codec-peers.ts'
import { openHead, sealHead } from '../wire/envelope.ts'
import type { RefusalReason } from '../wire/refusal.ts'
import { type NodeContext, now } from './context.ts'
import {
  entryKey,
  type KeptManifest,
  keepDigests,
  keepHead,
  keepInfo,
  keepSeal,
  loadManifest,
  openEntry,
} from './manifest-records.ts'
import type { Trust } from './options.ts'
import { type SessionEars, SessionLink, type SignedState } from './session-link.ts'
import { WholeHash } from './whole-hash.ts'

/** The origin as a neighbour of the swarm; no peer id looks like it. */
export const ORIGIN = 'origin'
/** Signing and telling once for all pieces of so many milliseconds: every small message costs as much as 50 KiB of bulk. */
const PUBLISH_MS = 100
const ANNOUNCE_MS = 100
/** Others know more of the manifest than we for so long: ask one of them for it. Who reads the origin tells unasked. */
const MANIFEST_PATIENCE_MS = 300
/** A link younger than this may be one half of two peers dialling each other at the same time. */
const CROSSING_MS = 10_000
const MAX_LINKS = 16
const MAX_SEED_LINKS = 2000

/** Where a piece came from. */
export type Source = 'origin' | 'peer' | 'seed'

/** Reads one piece from the origin; undefined when the origin does not give ranges. */
export type RangeReader = (start: number, end: number) => Promise<Uint8Array>

export class Session implements SessionEars {
  readonly task: Task
  /** sha2-256 that the whole content must have; undefined: none was given. */
  readonly wanted: Uint8Array | undefined
  readonly counts = { fromOrigin: 0, fromPeers: 0, fromSeeds: 0, resumed: 0 }
  /** Peers that pieces came from. */
  readonly givers = new Set<string>()
  /** Called with peers that a neighbour named. */
  onCandidates: ((peers: readonly PeerAddress[]) => void) | undefined
  readonly #ctx: NodeContext
  readonly #links = new Map<string, SessionLink>()
  readonly #dialling = new Set<string>()
  #manifest: Manifest | undefined
  #entry: StoreEntry | undefined
  /** Whether a later process may find the entry again; otherwise it goes when the session ends. */
  #isEntryShared = true
  #swarm: Swarm | undefined
  #hash: WholeHash | undefined
  #digest: Promise<Uint8Array> | undefined
  #buffers: PieceBuffers | undefined
  #trust: Trust | undefined
  #signer: string | undefined
  #signed: SignedState | undefined
  #failure: unknown
  #closed = false
  #kept = 0
  #sealKept = false
  #lock: Promise<unknown> = Promise.resolve()
  #publishing: Promise<void> | undefined
  #news: number[] = []
  #wake: NodeJS.Timeout | undefined
  #wakeAt = 0
  #asking: NodeJS.Timeout | undefined
  #announcedAt = -Infinity
  #change = Promise.withResolvers<void>()
  #rangeReader: RangeReader | undefined
  #grewAt = now()

  constructor(ctx: NodeContext, task: Task, wanted: Uint8Array | undefined) {
    this.#ctx = ctx
    this.task = task
    this.wanted = wanted
    this.#change.promise.catch(() => {})
  }

  get manifest(): Manifest | undefined {
    return this.#manifest
  }

  get entry(): StoreEntry | undefined {
    return this.#entry
  }

  get trust(): Trust | undefined {
    return this.#trust
  }

  /** Who signed the manifest; undefined for our own. */
  get signer(): string | undefined {
    return this.#signer
  }

  get isComplete(): boolean {
    return this.#swarm?.isComplete === true
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined
  }

  get isClosed(): boolean {
    return this.#closed
  }

  get linkCount(): number {
    return this.#links.size
  }

  /** Milliseconds since the manifest, or what we have of it, last grew. */
  get quietFor(): number {
    return now() - this.#grewAt
  }

  get linkedPeers(): string[] {
    return [...this.#links.keys()]
  }

  get hasSeed(): boolean {
    return [...this.#links.keys()].some(peer => this.#ctx.trusted.has(peer))
  }

  hasPiece(piece: number): boolean {
    return this.#entry?.has(piece) === true
  }

  /** Whether all pieces that the manifest knows so far are here. */
  get hasAllKnown(): boolean {
    return this.#swarm?.have.isFull === true
  }

  /** Resolves at the next change of any kind; rejects once the session has failed. */
  async changed(signal?: AbortSignal): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    signal?.throwIfAborted()
    const stop = Promise.withResolvers<never>()
    stop.promise.catch(() => {})
    const onAbort = () => stop.reject(signal?.reason)
    signal?.addEventListener('abort', onAbort)
    try {
      await Promise.race([this.#change.promise, stop.promise])
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Ends every wait on this session with an error. The first failure stands. */
  fail(error: unknown): void {
    if (this.#failure !== undefined || this.#closed) return
    this.#failure = error
    this.#notify()
  }

  /** sha2-256 of the whole content. Only when complete. */
  async wholeDigest(): Promise<Uint8Array> {
    this.#digest ??= (this.#hash as WholeHash).digest()
    return await this.#digest
  }

  /** Bytes of a piece that is here, from the store. */
  async readPiece(piece: number): Promise<Uint8Array> {
    const { entry, manifest } = this
    if (entry === undefined || manifest === undefined) throw new DragonflyError('internal', 'nothing is known yet')
    return await entry.read(piece * manifest.pieceLength, manifest.pieceSize(piece), manifest.pieceLength)
  }

  /** Makes the finished content appear at `target`, an absolute path. After a `move` it is no longer served from here. */
  async handOver(target: string, how: 'move' | 'copy', signal?: AbortSignal): Promise<void> {
    await this.#publishing
    await this.#locked(() => (this.#entry as StoreEntry).handOver(target, (this.#manifest as Manifest).length ?? 0, how, signal))
  }

  // ---- what the content is

  /** Fixes the version that this session is about; takes up what the store has of it. Does nothing when done before. */
  async adopt(info: VersionInfo, trust: Trust, signer?: string): Promise<void> {
    await this.#locked(() => this.#adopt(info, trust, signer))
  }

  /** Like `adopt`, with an entry that is open already; the session closes it from now on. */
  async adoptKept(kept: KeptManifest & { entry: StoreEntry }): Promise<void> {
    await this.#locked(() => this.#begin(kept.entry, kept, kept.manifest.info, kept.trust, undefined))
  }

  /** Makes the origin a neighbour that the swarm asks when nobody else can give. */
  offerOrigin(reader: RangeReader): void {
    this.#rangeReader = reader
    this.#joinOrigin()
  }

  withdrawOrigin(): void {
    this.#rangeReader = undefined
    this.#tell({ type: 'left', peer: ORIGIN })
  }

  /** A piece of our own read of the origin: checked against the manifest where it is known, else added to it. */
  async ingest(piece: VerifiedPiece): Promise<void> {
    const manifest = this.#manifest as Manifest
    const known = manifest.digest(piece.index)
    if (known !== undefined && !sameBytes(known, piece.digest)) {
      throw new DragonflyError(
        'origin-changed',
        `the origin's bytes are not those of its version any more (piece ${piece.index})`,
      )
    }
    // first here, then known: nobody needs to be asked for it
    if (!this.hasPiece(piece.index)) await this.#keep(piece, 'origin', undefined)
    this.#buffers?.give(piece.bytes)
    if (known === undefined) {
      manifest.append(piece.digest)
      this.#grow()
    }
    this.#publishSoon()
  }

  /** Our own read has reached the end: seals the manifest. Every piece must be here. */
  async seal(length: number, root: string): Promise<void> {
    const manifest = this.#manifest as Manifest
    if (manifest.seal === undefined) {
      manifest.sealWith({ length, sha256: await this.wholeDigest(), root })
      this.#grow()
    }
    await this.#publish()
  }

  /** Where a reader stands; undefined: no order. */
  setCursor(piece: number | undefined): void {
    this.#tell({ type: 'cursor', piece })
  }

  // ---- neighbours

  /** Our hello for a peer on this task. */
  hello(peer: string): Hello {
    const self = this.#ctx.network?.host.id ?? ''
    return { type: 'hello', topic: this.topic, proof: makeProof(this.task.secret, self, peer), ...this.#state() }
  }

  get topic(): Uint8Array {
    return CID.parse(this.task.id).bytes
  }

  /** Links up with a connected peer unless linked. Rejects when it refuses or is gone. */
  async link(peer: string, signal: AbortSignal, topic?: Uint8Array): Promise<void> {
    const network = this.#ctx.network
    if (network === undefined || peer === network.host.id || this.#ctx.isBanned(peer)) return
    if (this.#links.has(peer) || this.#dialling.has(peer)) return
    this.#dialling.add(peer)
    try {
      const hello = topic === undefined ? this.hello(peer) : { ...this.hello(peer), topic, proof: new Uint8Array() }
      await network.exchange.dial(peer, hello, link => this.#admit(link, topic === undefined), signal)
    } finally {
      this.#dialling.delete(peer)
    }
  }

  /** Tells a neighbour of others. */
  tellPeers(to: string, peers: PeerAddress[]): void {
    this.#links.get(to)?.link.send({ type: 'peers', peers })
  }

  /** Why a peer that says hello to us is not wanted; undefined when it is. The proof was checked before. */
  refusal(peer: string, hello: Hello): RefusalReason | undefined {
    if (this.#ctx.isBanned(peer)) return 'bad-proof'
    if (this.#closed || this.#failure !== undefined) return 'going-away'
    const { version } = this.#state()
    if (hello.version !== '' && version !== '' && hello.version !== version) return 'other-version'
    const weWin = (this.#ctx.network?.host.id ?? '') < peer
    const present = this.#links.get(peer)
    const crossing = this.#dialling.has(peer) || (present?.link.isDialer === true && now() - present.since < CROSSING_MS)
    if (crossing && weWin) return 'too-busy'
    if (present === undefined && this.#links.size >= (this.#ctx.isSeed ? MAX_SEED_LINKS : MAX_LINKS)) return 'too-busy'
    return undefined
  }

  /** Whoever answers our hello has to know the task too, or all of it would be his for announcing himself as a provider. */
  #admit(link: Link, byTask: boolean): SessionLink {
    const expected = makeProof(this.task.secret, link.peer, this.#ctx.network?.host.id ?? '')
    if (byTask && !sameBytes(link.hello.proof, expected)) {
      throw new DragonflyError('peer-refused', 'peer does not prove that it was asked for this task')
    }
    return this.attach(link)
  }

  /** Takes a new link in. One that replaces an older one of the same peer ends that. */
  attach(link: Link): SessionLink {
    const sessionLink = new SessionLink(link, this, now())
    const before = this.#links.get(link.peer)
    this.#links.set(link.peer, sessionLink)
    before?.link.close()
    if (this.#closed) queueMicrotask(() => link.close('going-away'))
    else queueMicrotask(() => this.#welcome(sessionLink))
    return sessionLink
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#wake)
    clearTimeout(this.#asking)
    for (const { link } of [...this.#links.values()]) link.close('going-away')
    this.#links.clear()
    await this.#lock.catch(() => {})
    await this.#publishing?.catch(() => {})
    this.#failure ??= new DragonflyError('aborted', 'the node was stopped')
    this.#notify()
    if (this.#isEntryShared) await this.#entry?.close()
    else await this.#entry?.remove()
  }

  /** Closes, and forgets what the store has of it. */
  async discard(): Promise<void> {
    this.#isEntryShared = false
    await this.close()
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
    if (from.isNeighbour) this.#tell({ type: 'have', peer: from.peer, pieces, queue: from.queue })
    else this.#welcome(from)
    if (this.#manifest !== undefined) this.#askForManifest()
  }

  onPeers(peers: readonly PeerAddress[]): void {
    this.onCandidates?.(peers)
  }

  onAsk(from: SessionLink, piece: number): void {
    if (from.isNeighbour) this.#tell({ type: 'request', peer: from.peer, piece })
    else from.link.refuse(piece, 'no-such-piece')
  }

  onWithdraw(from: SessionLink, piece: number): void {
    this.#tell({ type: 'cancel', peer: from.peer, piece })
  }

  onBuffer(size: number): Uint8Array {
    return this.#buffers?.take(size) ?? new Uint8Array(size)
  }

  onProgress(from: SessionLink, piece: number, bytes: number): void {
    this.#tell({ type: 'progress', peer: from.peer, piece, bytes })
  }

  onPiece(from: SessionLink, piece: number, bytes: Uint8Array): void {
    const source = this.#ctx.trusted.has(from.peer) ? 'seed' : 'peer'
    this.#take(from.peer, source, piece, bytes).catch(error => this.fail(error))
  }

  onRefused(from: SessionLink, piece: number, reason: RefusalReason): void {
    this.#tell({ type: 'refused', peer: from.peer, piece, forever: reason === 'no-such-piece' })
  }

  onClosed(from: SessionLink, error: unknown): void {
    if (this.#links.get(from.peer) !== from) return
    this.#links.delete(from.peer)
    if (from.isNeighbour) this.#tell({ type: 'left', peer: from.peer })
    if (error instanceof DragonflyError && error.code === 'protocol')
      this.#ctx.warn(`peer ${from.peer} broke the protocol: ${error.message}`)
    this.#notify()
  }

  // ---- inside

  #state(): { version: string; manifestCount: number } {
    return { version: this.#manifest?.info.version ?? '', manifestCount: this.#manifest?.count ?? 0 }
  }

  async #locked<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#lock.then(work)
    this.#lock = mine.catch(() => {})
    return await mine
  }

  async #adopt(info: VersionInfo, trust: Trust, signer: string | undefined): Promise<void> {
    if (this.#manifest !== undefined || this.#closed) return
    const { entry, kept } = await this.#openKept(info, trust)
    await this.#begin(entry, kept, info, trust, signer)
  }

  async #begin(
    entry: StoreEntry,
    kept: KeptManifest | undefined,
    info: VersionInfo,
    trust: Trust,
    signer: string | undefined,
  ): Promise<void> {
    const manifest = kept?.manifest ?? new Manifest(info)
    this.#entry = entry
    this.#hash = new WholeHash(entry, manifest)
    this.#buffers = new PieceBuffers(info.pieceLength)
    this.#swarm = new Swarm({ isSeed: this.#ctx.isSeed, pieceLength: info.pieceLength, random: Math.random })
    this.#trust = trust
    this.#signer = signer
    this.#kept = manifest.count
    this.#sealKept = manifest.seal !== undefined
    if (kept?.envelope !== undefined) this.#signed = { envelope: kept.envelope, count: manifest.count, isSealed: this.#sealKept }
    this.#manifest = manifest
    this.#tell({ type: 'manifest', count: manifest.count, sealed: manifest.seal !== undefined })
    const have = await entry.recover(manifest, piece => this.#hash?.stored(piece.index, piece.bytes))
    for (const piece of have) {
      this.counts.resumed += manifest.pieceSize(piece)
      this.#tell({ type: 'stored', piece })
    }
    this.#joinOrigin()
    for (const link of this.#links.values()) this.#greetAgain(link)
    this.#notify()
  }

  /** The store's entry for the version, with what it remembers when that is believed as much as what we hear now. */
  async #openKept(info: VersionInfo, trust: Trust) {
    const key = entryKey(this.task.id, info.version)
    await this.#dropOtherVersions(key)
    const first = await openEntry(this.#ctx.store, key)
    this.#isEntryShared = first.isShared
    const kept = await loadManifest(first.entry)
    if (kept?.trust === trust && kept.manifest.describesSame(info)) return { entry: first.entry, kept }
    await first.entry.remove()
    const { entry, isShared } = await openEntry(this.#ctx.store, key)
    this.#isEntryShared = isShared
    await keepInfo(entry, info, trust)
    return { entry, kept: undefined }
  }

  async #dropOtherVersions(key: string): Promise<void> {
    for (const other of await this.#ctx.store.keys()) {
      if (other !== key && other.startsWith(`${this.task.id}.`)) await this.#ctx.store.remove(other).catch(() => {})
    }
  }

  async #offerHead(from: SessionLink, envelope: Uint8Array, head: ManifestHead, signer: string): Promise<void> {
    const belief = this.#belief(head, signer)
    if (belief === undefined || this.#closed) {
      from.takeProvisional(0, 0)
      return
    }
    if (this.#manifest === undefined) await this.#adopt(infoOf(head), belief, signer)
    const manifest = this.#manifest as Manifest | undefined
    if (manifest === undefined) return
    if (!manifest.describesSame(head)) return from.link.close('other-version')
    from.version = head.version
    from.knowsManifest(head.count, head.seal !== undefined)
    const isNews =
      head.count > manifest.count || (head.seal !== undefined && manifest.seal === undefined && head.count === manifest.count)
    const digests = from.takeProvisional(manifest.count, Math.max(manifest.count, head.count))
    if (isNews) {
      if (digests === undefined) throw new DragonflyError('protocol', 'manifest head without its digests')
      manifest.extend(digests, head)
      await this.#vouch(envelope, head)
    }
    this.#welcome(from)
  }

  /**
   * Why a head is believed; undefined: it is not. A given digest makes up for a stranger's signature, once the seal names
   * it: what is never sealed could never be found out.
   */
  #belief(head: ManifestHead, signer: string): Trust | undefined {
    if (this.wanted !== undefined && head.seal !== undefined && !sameBytes(head.seal.sha256, this.wanted)) {
      if (this.#ctx.trusted.has(signer) && head.task === this.task.id) this.fail(digestMismatch())
      return undefined
    }
    if (this.#ctx.isBanned(signer)) return undefined
    if (this.#ctx.trusted.has(signer) && head.task === this.task.id) return 'seed'
    return this.wanted === undefined || head.seal === undefined ? undefined : 'digest'
  }

  async #vouch(envelope: Uint8Array, head: ManifestHead): Promise<void> {
    const entry = this.#entry as StoreEntry
    const manifest = this.#manifest as Manifest
    await keepDigests(entry, manifest, this.#kept)
    this.#kept = manifest.count
    this.#grow()
    const isSealed = manifest.seal !== undefined
    if (this.#ctx.isSeed) return await this.#publishNow()
    await keepHead(entry, envelope)
    this.#sealKept = isSealed
    this.#signed = { envelope, count: head.count, isSealed: head.seal !== undefined }
  }

  #grow(): void {
    const manifest = this.#manifest as Manifest
    this.#grewAt = now()
    this.#tell({ type: 'manifest', count: manifest.count, sealed: manifest.seal !== undefined })
    this.#joinOrigin()
    this.#notify()
  }

  #joinOrigin(): void {
    const manifest = this.#manifest
    if (this.#rangeReader === undefined || manifest === undefined || !isResumable(manifest.info.version)) return
    this.#tell({ type: 'joined', peer: ORIGIN, kind: 'origin' })
    this.#tell({ type: 'have', peer: ORIGIN, pieces: Array.from({ length: manifest.count }, (_, i) => i), queue: 0 })
  }

  #publishSoon(): void {
    this.#publishing ??= new Promise<void>(resolve => setTimeout(resolve, PUBLISH_MS)).then(() => {
      this.#publishing = undefined
      return this.#publish()
    })
    this.#publishing.catch(error => this.fail(error))
  }

  /** Keeps, signs and passes on our own manifest as far as it goes. */
  async #publish(): Promise<void> {
    await this.#locked(() => this.#publishNow())
  }

  async #publishNow(): Promise<void> {
    const manifest = this.#manifest as Manifest
    const entry = this.#entry as StoreEntry
    const head = manifest.head()
    const isSealed = head.seal !== undefined
    if (head.count === this.#signed?.count && isSealed === this.#signed.isSealed) return
    await keepDigests(entry, manifest, this.#kept)
    this.#kept = manifest.count
    const host = this.#ctx.network?.host
    if (host !== undefined) {
      const envelope = await sealHead(head, host.privateKey)
      await keepHead(entry, envelope)
      this.#signed = { envelope, count: head.count, isSealed }
      this.#passOn()
    } else if (isSealed && !this.#sealKept) {
      await keepSeal(entry, manifest)
    }
    this.#sealKept = isSealed
  }

  #passOn(): void {
    for (const link of this.#links.values()) this.#tellManifest(link)
  }

  #tellManifest(link: SessionLink): void {
    const manifest = this.#manifest
    if (manifest === undefined || this.#signed === undefined) return
    if (link.version === '' || link.version === manifest.info.version) link.tellManifest(manifest, this.#signed)
  }

  /** We know the version now, and did not when this link began: say hello again, and go on. */
  #greetAgain(link: SessionLink): void {
    link.link.send({ ...link.link.ourHello, ...this.#state() })
    this.#welcome(link)
  }

  /** Makes a link of the same version a neighbour; tells one that knows no version ours. */
  #welcome(from: SessionLink): void {
    const manifest = this.#manifest
    if (manifest === undefined || this.#links.get(from.peer) !== from) return
    if (from.version !== '' && from.version !== manifest.info.version) return from.link.close('other-version')
    if (this.#signed === undefined && this.#trust === 'origin') this.#publishSoon()
    this.#tellManifest(from)
    if (from.version === '' || from.isNeighbour) return
    from.isNeighbour = true
    const swarm = this.#swarm as Swarm
    this.#tell({ type: 'joined', peer: from.peer, kind: this.#ctx.trusted.has(from.peer) ? 'seed' : 'peer' })
    from.link.send({ type: 'pieces', have: swarm.have, queue: swarm.queue })
    this.#tell({ type: 'bitfield', peer: from.peer, have: from.have, queue: from.queue })
    this.#notify()
  }

  // ---- performing what the swarm decides

  #tell(event: SwarmEvent): void {
    if (this.#swarm === undefined || this.#closed) return
    const at = now()
    for (const action of this.#swarm.handle(event, at)) this.#perform(action)
    this.#wakeBy(this.#swarm.nextWake(at), at)
  }

  /** One timer; waking early does no harm, and setting it anew for every event would cost. */
  #wakeBy(wakeAt: number, at: number): void {
    if (wakeAt === Infinity || (this.#wake !== undefined && this.#wakeAt <= wakeAt)) return
    clearTimeout(this.#wake)
    this.#wakeAt = wakeAt
    this.#wake = setTimeout(
      () => {
        this.#wake = undefined
        this.#tell({ type: 'wake' })
      },
      Math.max(1, wakeAt - at),
    )
  }

  #perform(action: SwarmAction): void {
    switch (action.type) {
      case 'ask':
        return this.#ask(action.peer, action.piece)
      case 'cancel':
        return this.#links.get(action.peer)?.link.cancel(action.piece)
      case 'serve':
        void this.#serve(action.peer, action.piece)
        return
      case 'refuse':
        return this.#links.get(action.peer)?.link.refuse(action.piece, action.missing ? 'no-such-piece' : 'too-busy')
      case 'announce':
        return this.#announce(action.piece)
      case 'ban':
        return this.#ban(action.peer, action.piece)
    }
  }

  #ask(peer: string, piece: number): void {
    const manifest = this.#manifest as Manifest
    if (peer === ORIGIN) void this.#askOrigin(piece)
    else this.#links.get(peer)?.link.ask(piece, manifest.pieceSize(piece))
  }

  async #askOrigin(piece: number): Promise<void> {
    const manifest = this.#manifest as Manifest
    const start = piece * manifest.pieceLength
    try {
      const bytes = await (this.#rangeReader as RangeReader)(start, start + manifest.pieceSize(piece))
      await this.#take(ORIGIN, 'origin', piece, bytes)
    } catch (error) {
      if (error instanceof DragonflyError && error.code.startsWith('origin-')) {
        if (this.#trust === 'digest' && error.code === 'origin-changed') return this.fail(digestMismatch())
        this.#ctx.warn(`origin gave no piece ${piece}: ${error.message}`)
        this.#tell({ type: 'refused', peer: ORIGIN, piece, forever: false })
      } else this.fail(error)
    }
  }

  async #serve(peer: string, piece: number): Promise<void> {
    const manifest = this.#manifest as Manifest
    const link = this.#links.get(peer)?.link
    try {
      const { pieceLength } = manifest
      const bytes = await (this.#entry as StoreEntry).read(piece * pieceLength, manifest.pieceSize(piece), pieceLength)
      await link?.give(piece, bytes)
    } catch (error) {
      if (error instanceof DragonflyError && error.code === 'store-error') {
        this.#ctx.warn(`cannot serve piece ${piece}: ${error.message}`)
        link?.refuse(piece, 'no-such-piece')
      }
    } finally {
      this.#tell({ type: 'served', peer, piece })
    }
  }

  /** The first news go out at once, those of the next while together. */
  #announce(piece: number): void {
    if (this.#news.push(piece) > 1) return
    setTimeout(
      () => {
        const pieces = this.#news
        this.#news = []
        this.#announcedAt = now()
        for (const link of this.#links.values()) if (link.isNeighbour) link.tellHave(pieces, this.#swarm?.queue ?? 0)
      },
      Math.max(1, this.#announcedAt + ANNOUNCE_MS - now()),
    )
  }

  /** A neighbour that has what we have no digest of knows more than we: when nobody tells us unasked, we say where we stand. */
  #askForManifest(): void {
    if (this.#asking !== undefined || !this.#lacksManifest()) return
    this.#asking = setTimeout(() => {
      this.#asking = undefined
      if (this.#closed || !this.#lacksManifest()) return
      const knowing = [...this.#links.values()].filter(link => link.isNeighbour && this.#knowsMore(link))
      const chosen = knowing[Math.floor(Math.random() * knowing.length)]
      chosen?.link.send({ ...chosen.link.ourHello, ...this.#state() })
      this.#askForManifest()
    }, MANIFEST_PATIENCE_MS)
  }

  #lacksManifest(): boolean {
    return (
      this.#manifest !== undefined &&
      this.#manifest.seal === undefined &&
      [...this.#links.values()].some(link => this.#knowsMore(link))
    )
  }

  #knowsMore(link: SessionLink): boolean {
    const manifest = this.#manifest as Manifest
    const isStuck = this.hasAllKnown && link.have.size >= manifest.count && this.quietFor > MANIFEST_PATIENCE_MS
    return link.have.size > manifest.count || isStuck
  }

  #ban(peer: string, piece: number): void {
    if (peer === ORIGIN) {
      // a stranger's manifest, which the origin contradicts
      if (this.#trust === 'digest') return this.fail(digestMismatch())
      this.#ctx.warn(`origin sent wrong bytes for piece ${piece} of ${this.#manifest?.info.version}`)
      return
    }
    const link = this.#links.get(peer)
    this.#links.delete(peer)
    link?.link.close('bad-proof')
    // whether the bytes or the manifest are the lie is not known before the end
    if (this.#trust === 'digest') return
    this.#ctx.ban(peer, `piece ${piece} of ${this.task.id} does not have the digest that the manifest names`)
  }

  /** The way of every byte from outside: verified at the gate, stored, then counted and announced. */
  async #take(peer: string, source: Source, index: number, bytes: Uint8Array): Promise<void> {
    const manifest = this.#manifest as Manifest
    let piece: VerifiedPiece
    try {
      piece = await verifyPiece(index, bytes, manifest.digest(index))
    } catch (error) {
      if (!(error instanceof DragonflyError) || error.code !== 'corrupt-piece') throw error
      this.#tell({ type: 'corrupt', peer, piece: index })
      return
    }
    if (this.#closed) return
    await this.#keep(piece, source, peer)
    this.#buffers?.give(bytes)
  }

  async #keep(piece: VerifiedPiece, source: Source, peer: string | undefined): Promise<void> {
    const size = piece.bytes.byteLength
    await (this.#entry as StoreEntry).put(piece, (this.#manifest as Manifest).pieceLength)
    // two copies may have come at the same time: the second counts for nothing
    if (this.#swarm?.have.has(piece.index) !== true) {
      this.#hash?.stored(piece.index, piece.bytes)
      this.counts[source === 'origin' ? 'fromOrigin' : source === 'seed' ? 'fromSeeds' : 'fromPeers'] += size
      if (peer !== undefined && peer !== ORIGIN) this.givers.add(peer)
    }
    if (peer === undefined) this.#tell({ type: 'stored', piece: piece.index })
    else this.#tell({ type: 'received', peer, piece: piece.index, bytes: size })
    this.#grewAt = now()
    this.#notify()
  }

  #notify(): void {
    const { resolve, reject } = this.#change
    if (this.#failure !== undefined) {
      reject(this.#failure)
      return
    }
    this.#change = Promise.withResolvers<void>()
    this.#change.promise.catch(() => {})
    resolve()
  }
}

function infoOf({ task, version, pieceLength, length, fileName }: ManifestHead): VersionInfo {
  return { task, version, pieceLength, length, fileName }
}

export function digestMismatch(): DragonflyError {
  return new DragonflyError('digest-mismatch', 'the content does not have the digest that was asked for', {
    hint: 'check --digest, or ask who publishes the file whether it changed',
  })
}
