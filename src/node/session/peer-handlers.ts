// Handles the messages of an active task's peers: hellos, signed heads, pieces, addresses, and the end of a link.
import type PQueue from 'p-queue'
import { DragonflyError } from '../../core/errors.ts'
import type { Manifest, ManifestHead, VersionInfo } from '../../core/manifest.ts'
import { MAX_PIECES } from '../../core/piece.ts'
import type { Task } from '../../core/task.ts'
import type { Trust } from '../../core/trust.ts'
import type { PayloadPace } from '../../net/payload-pace.ts'
import type { PeerAddress } from '../../wire/codec-peers.ts'
import { type OpenedHead, openHead } from '../../wire/envelope.ts'
import { causeOf } from '../api/events.ts'
import type { Joinable } from '../content/joined-root.ts'
import { digestMismatch, type StoredVersion } from '../content/stored-version.ts'
import type { NodeContext } from '../context/node-context.ts'
import type { GrantBook } from '../peers/grant-book.ts'
import type { DigestRange } from '../peers/hearsay.ts'
import type { PeerLink, PieceListener } from '../peers/peer-link.ts'
import type { PeerLinks, PeerLinksOwner } from '../peers/peer-links.ts'
import type { Roles } from '../peers/roles.ts'
import type { AccessControl } from './access-control.ts'
import type { ChunkExchange } from './chunk-exchange.ts'
import type { ManifestSync } from './manifest-sync.ts'
import type { ManifestTrust } from './manifest-trust.ts'
import type { PieceExchange } from './piece-exchange.ts'
import { RootPeers } from './root-peers.ts'
import type { SharedRead } from './shared-read.ts'
import { Suspects } from './suspects.ts'
import type { SwarmDriver } from './swarm-driver.ts'

/**
 * Sealed heads of unknown signers that one link may bring. An honest one brings one, another when it is asked again, and those
 * that it heard of others meanwhile are of the same version and not passed on.
 */
export const MAX_STRANGERS_HEADS = 16

/** The parts of an active task that exist once its version is known. */
export interface VersionParts {
  content: StoredVersion
  driver: SwarmDriver
  manifestSync: ManifestSync
  pieceExchange: PieceExchange
  chunkExchange: ChunkExchange
}

export function stopWork({ manifestSync, driver, content }: VersionParts): void {
  manifestSync.stop()
  driver.stop()
  content.transfer.stop()
}

/** What the handlers need of their active task. */
export interface PeerHandlersOwner extends Joinable {
  readonly task: Task
  readonly links: PeerLinks
  readonly access: AccessControl
  readonly roles: Roles
  readonly pace: PayloadPace
  readonly sharing: SharedRead
  readonly manifest: Manifest | undefined
  readonly isClosed: boolean
  readonly isOver: boolean
  fail(error: unknown): void
}

/** What only the active task itself and its handlers may touch. */
export interface PeerHandlersParts {
  trust: ManifestTrust
  work: PQueue
  /** Undefined while the version is not known. */
  version(): VersionParts | undefined
  /** Begins with a version; called within `work`. Does nothing when one has begun. */
  begin(info: VersionInfo, trust: Trust, signer: string): Promise<void>
  /** Wakes everybody who waits for a change. */
  notify(): void
}

/** With the version of that head, unless another one has begun before; called within `work`. */
export async function begun(parts: PeerHandlersParts, { head, signer }: OpenedHead, trust: Trust): Promise<VersionParts> {
  const { task, version, pieceLength, length, fileName } = head
  await parts.begin({ task, version, pieceLength, length, fileName }, trust, signer)
  const known = parts.version()
  if (known === undefined) throw new DragonflyError('internal', 'the active task was closed while it began')
  return known
}

export class PeerHandlers implements PeerLinksOwner {
  readonly #ctx: NodeContext
  readonly #owner: PeerHandlersOwner
  readonly #parts: PeerHandlersParts
  readonly #suspects: Suspects
  readonly rootPeers: RootPeers

  constructor(ctx: NodeContext, owner: PeerHandlersOwner, parts: PeerHandlersParts) {
    this.#ctx = ctx
    this.#owner = owner
    this.#parts = parts
    this.#suspects = new Suspects(ctx, owner)
    this.rootPeers = new RootPeers(ctx, owner)
  }

  get task(): Task {
    return this.#owner.task
  }

  get grants(): GrantBook | undefined {
    return this.#owner.access.grants
  }

  get isOver(): boolean {
    return this.#owner.isOver
  }

  get standing(): { version: string; manifestCount: number } {
    const { manifest } = this.#owner
    return { version: manifest?.info.version ?? this.#parts.trust.named, manifestCount: manifest?.count ?? 0 }
  }

  isOutdated({ version }: PeerLink): boolean {
    return version !== '' && !this.#mayBegin(version)
  }

  get pace(): PayloadPace {
    return this.#owner.pace
  }

  get pieces(): PieceListener | undefined {
    return this.#parts.version()?.pieceExchange
  }

  get chunks(): ChunkExchange | undefined {
    return this.#parts.version()?.chunkExchange
  }

  get mostPieces(): number {
    return this.#owner.manifest?.mostPieces ?? MAX_PIECES
  }

  /** Nothing after the seal, and nothing beyond what the manifest can become. */
  get provable(): DigestRange | undefined {
    const { manifest } = this.#owner
    if (manifest?.seal !== undefined) return undefined
    return { from: manifest?.count ?? 0, to: this.mostPieces }
  }

  async onGrant(from: PeerLink, grant: Uint8Array): Promise<void> {
    await this.#owner.access.onGrant(from, grant)
  }

  async onHead(from: PeerLink, envelope: Uint8Array): Promise<void> {
    const opened = await openHead(envelope, claimed => this.#wouldCount(from, claimed))
    if (opened === undefined) return from.dropProvisional()
    await this.#parts.work.add(() => this.#take(from, envelope, opened.head, opened.signer))
  }

  onVersion(from: PeerLink): void {
    this.welcome(from)
    // whoever waits for a link to a seed waits for it, not for what it will say
    if (this.#parts.version() === undefined) this.#parts.notify()
  }

  onHave(from: PeerLink, pieces: readonly number[]): void {
    if (from.isNeighbour) this.#parts.version()?.pieceExchange.onHave(from, pieces)
    else this.welcome(from)
    this.#parts.version()?.manifestSync.askWhenBehind()
  }

  onPeers({ peer, isJoined }: PeerLink, peers: readonly PeerAddress[], links: number): void {
    const { keeper } = this.#owner.links
    if (peers.length === 0) keeper?.asked(peer, links)
    else keeper?.heard(peer, peers, isJoined)
  }

  onClosed(from: PeerLink, error: unknown): void {
    if (error instanceof DragonflyError && error.code === 'protocol') {
      this.#ctx.emit({ code: 'peer-violation', peer: from.peer, ...causeOf(error) })
    }
    if (!this.#owner.links.forget(from, error)) return
    this.#suspects.left(from.peer)
    if (from.isNeighbour) this.#parts.version()?.pieceExchange.left(from)
    this.#parts.notify()
  }

  onWrongPiece(peer: string, piece: number): void {
    const version = this.#parts.version()
    if (version !== undefined) this.#suspects.gaveWrong(version.content, peer, piece)
  }

  /** We know the version now, which we did not when these links began: says hello to them again, and goes on. */
  versionKnown(): void {
    for (const link of this.#owner.links.values()) {
      this.#owner.links.sayHello(link)
      this.welcome(link)
    }
  }

  /** Makes a link of the same version a neighbour; tells one that knows no version ours. */
  welcome(from: PeerLink): void {
    const version = this.#parts.version()
    if (version === undefined || this.#owner.links.get(from.peer) !== from) return
    const { content, manifestSync, pieceExchange } = version
    if (!from.mayBeAt(content.manifest.info.version)) return from.link.close('other-version')
    manifestSync.tell(from)
    if (from.version === '' || from.isNeighbour) return
    pieceExchange.join(from, this.#owner.roles.isSeed(from.peer) ? 'seed' : 'peer')
    this.#parts.notify()
  }

  /**
   * Whether a head says anything, if it is signed by whom it names. A stranger's does only where a digest was given, and each
   * signature of one has to be verified: so a link may bring a few. Throws `protocol` when it brings more.
   */
  #wouldCount(from: PeerLink, { head, signer }: OpenedHead): boolean {
    const { trust } = this.#parts
    const why = trust.isHopeless(head, signer, from.peer) ? 'seed' : trust.trustIn(head, signer, from.peer)
    if (why === 'digest' && ++from.strangersHeads > MAX_STRANGERS_HEADS) {
      throw new DragonflyError('protocol', 'signed heads without end from strangers')
    }
    if (why !== undefined) return true
    // of those that were of no use each has cost as much as one that was
    return from.strangersHeads <= MAX_STRANGERS_HEADS && this.#isBorrowed(from, head, signer)
  }

  #isBorrowed(from: PeerLink, head: ManifestHead, signer: string, trust?: Trust): boolean {
    if (this.#ctx.isBanned(signer)) return false
    const content = this.#parts.version()?.content
    // beside our own read a stranger's word is not worth more for naming the digest that was given: it may name others for the pieces
    if (trust === 'digest') return content?.trust === 'origin'
    return trust === undefined && this.#owner.sharing.wouldTake(content, head, signer, from.peer)
  }

  /** Takes a stranger's head of the version that we are reading ourselves; see SharedRead. */
  async #borrow(from: PeerLink, head: ManifestHead, signer: string): Promise<void> {
    const { content, manifestSync } = this.#parts.version() as VersionParts
    const { count } = content.manifest
    const yields = this.#owner.sharing.wouldTake(content, head, signer, from.peer)
    if (!content.manifest.describesSame(head)) return from.link.close('other-version')
    from.isAt(head.version, head.count, head.seal !== undefined)
    if (content.manifest.seal !== undefined) {
      from.dropProvisional()
      return this.welcome(from)
    }
    const digests = from.takeProvisional(count, head.count)
    if (digests !== undefined && (await manifestSync.borrow(count, digests, head))) {
      from.wasAskedAgain = false
      this.welcome(from)
      return this.#owner.sharing.took(content, head, signer, yields)
    }
    from.strangersHeads++
    // its digests came when its heads did not count yet
    if (!from.wasAskedAgain) this.#owner.links.sayHello(from)
    from.wasAskedAgain = true
  }

  /** Begins with the version of a head that is believed, and extends the manifest by it. */
  async #take(from: PeerLink, envelope: Uint8Array, head: ManifestHead, signer: string): Promise<void> {
    const { trust: trusting } = this.#parts
    if (trusting.isHopeless(head, signer, from.peer)) this.#owner.fail(digestMismatch())
    const trust = trusting.trustIn(head, signer, from.peer)
    if (!this.#owner.isOver && this.#isBorrowed(from, head, signer, trust)) return await this.#borrow(from, head, signer)
    if (trust === undefined || this.#owner.isClosed || !this.#mayBegin(head.version)) return from.dropProvisional()
    if (this.#owner.task.root !== undefined && this.#parts.version() === undefined) {
      return await this.#takeRooted(from, envelope, { head, signer }, trust)
    }
    const { manifestSync, content } = await begun(this.#parts, { head, signer }, trust)
    if (trust === 'seed' && this.#suspects.showed(from.peer, head, signer)) return from.dropProvisional()
    if (trust === 'seed' && this.#isContradiction(content, head, signer)) return from.link.close('other-version')
    if (await manifestSync.take(from, head, envelope)) this.welcome(from)
  }

  /** Nothing is begun, and no piece asked for, before the digests are known to make the root that names the content. */
  async #takeRooted(from: PeerLink, envelope: Uint8Array, opened: OpenedHead, trust: Trust): Promise<void> {
    const { head, signer } = opened
    const digests = from.takeProvisional(0, head.count)
    if (digests === undefined) {
      // its digests came when its heads did not count yet
      if (!from.wasAskedAgain) this.#owner.links.sayHello(from)
      from.wasAskedAgain = true
      return
    }
    if (!this.#parts.trust.isOfRoot(head, digests)) {
      this.#ctx.ban(signer, `signed digests that do not make the content that ${this.#owner.task.id} is about`)
      return from.link.close('other-version')
    }
    from.isAt(head.version, head.count, true)
    const { manifestSync } = await begun(this.#parts, opened, trust)
    if (await manifestSync.takeWhole(digests, head, envelope)) this.welcome(from)
  }

  /** Whether two seeds that we trust have signed different bytes: who passes on the one or the other is honest, and no link of ours. */
  #isContradiction({ manifest, signer: ours, trust }: StoredVersion, head: ManifestHead, signer: string): boolean {
    if (trust !== 'seed' || ours === undefined || ours === signer || !manifest.contradicts(head)) return false
    this.#ctx.emit({ code: 'seeds-contradict', seed: ours, other: signer, version: head.version })
    return true
  }

  #mayBegin(version: string): boolean {
    return this.#owner.manifest !== undefined || this.#parts.trust.mayBegin(version)
  }
}
