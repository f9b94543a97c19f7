// One peer of an active task: its version, pieces and manifest state, and the messages in both directions.
import { Bitfield } from '../../core/bitfield.ts'
import type { Manifest } from '../../core/manifest.ts'
import type { Link, LinkListener } from '../../net/link.ts'
import type { PayloadPace } from '../../net/payload-pace.ts'
import type { ChunksPart } from '../../wire/codec-chunks.ts'
import type { ControlMessage } from '../../wire/codec-control.ts'
import type { PeerAddress } from '../../wire/codec-peers.ts'
import { LIMITS } from '../../wire/limits.ts'
import type { RefusalReason } from '../../wire/refusal.ts'
import { isJoining } from '../content/joined-root.ts'
import type { SignedState } from '../content/signed-state.ts'
import { type DigestRange, Hearsay } from './hearsay.ts'
import { ManifestTeller } from './manifest-teller.ts'

/** What a neighbour's words lead to; the active task is the only one who listens. */
export interface PeerLinkListener {
  /** Who listens to talk of pieces; nobody while the version is not known. */
  readonly pieces: PieceListener | undefined
  /** Who listens to talk of chunks; nobody while the version is not known. */
  readonly chunks: ChunkListener | undefined
  /** How fast payload may come and go. */
  readonly pace: PayloadPace
  /** Pieces that can exist, as far as is known; what is said of others counts for nothing. */
  readonly mostPieces: number
  /** Digests of the version that its head might prove to us; undefined: there are none. */
  readonly provable: DigestRange | undefined
  onHead(from: PeerLink, envelope: Uint8Array): Promise<void>
  /** It says hello again, and may show a new grant. */
  onGrant(from: PeerLink, grant: Uint8Array): Promise<void>
  /** It has said which version it is at, or that it knows none. */
  onVersion(from: PeerLink): void
  onHave(from: PeerLink, pieces: readonly number[]): void
  onPeers(from: PeerLink, peers: readonly PeerAddress[], links: number): void
  /** Who listens to talk of equal contents. */
  readonly rootPeers: RootPeersListener
  onClosed(from: PeerLink, error: unknown): void
}

/** Peers with the same bytes under another task; an empty list asks for some. */
export interface RootPeersListener {
  onRootPeers(from: PeerLink, peers: readonly PeerAddress[]): void
}

/** The list of the content's chunks. */
export interface ChunkListener {
  onWanted(from: PeerLink, index: number): void
  onChunks(from: PeerLink, part: ChunksPart): void
}

/** What is asked and given, piece by piece. */
export interface PieceListener {
  onAsk(from: PeerLink, piece: number, load: number, has: number | undefined): void
  onWithdraw(from: PeerLink, piece: number): void
  /** It took some of what we send; told once a second at most. */
  onSent(from: PeerLink): void
  onBuffer(size: number): Uint8Array
  onProgress(from: PeerLink, piece: number, bytes: number): void
  onHeld(from: PeerLink, ms: number): void
  onPiece(from: PeerLink, piece: number, bytes: Uint8Array): void
  onRefused(from: PeerLink, piece: number, reason: RefusalReason): void
}

export class PeerLink implements LinkListener {
  readonly link: Link
  readonly since: number
  /**
   * Each side has the content under a task of its own, and its whole manifest: the root is what they have in common. Nothing that is
   * said of manifests on such a link counts.
   */
  readonly isJoined: boolean
  readonly #ears: PeerLinkListener
  /** What it has, as it told us. */
  have = new Bitfield()
  queue = 0
  /** Whether the swarm knows it. */
  isNeighbour = false
  /** Heads that it has passed on whose signer we do not know. */
  strangersHeads = 0
  /** Its last head came without the digests that lead to it, and it was told where we stand. */
  wasAskedAgain = false
  /** Digests that came and wait for the head that vouches for them. */
  readonly #hearsay: Hearsay
  readonly #teller: ManifestTeller
  #version: string

  constructor(link: Link, ears: PeerLinkListener, since: number) {
    this.link = link
    this.since = since
    this.#ears = ears
    this.isJoined = isJoining(link.isDialer ? link.ourHello : link.hello)
    this.#version = link.hello.version
    this.#teller = new ManifestTeller(link, link.hello.manifestCount)
    // what would still come is of no use without what had to go
    this.#hearsay = new Hearsay(link.peer, link.hearsay, () => link.close('too-busy'))
  }

  get peer(): string {
    return this.link.peer
  }

  /** The version that the other side named last; empty while it knows none. */
  get version(): string {
    return this.#version
  }

  /** Whether it has named no version, this one, or on a joined link any: the bytes are the same. */
  mayBeAt(version: string): boolean {
    return this.#version === '' || this.#version === version || this.isJoined
  }

  /** Digests from `from` on that this neighbour sent ahead of a head; undefined when there is a gap before them. */
  takeProvisional(from: number, to: number): Uint8Array[] | undefined {
    return this.#hearsay.take(from, to)
  }

  /** Forgets the digests that came ahead of a head which is not believed. */
  dropProvisional(): void {
    this.#hearsay.drop()
  }

  /** Passes on what it lacks of the manifest, up to the newest signed state. */
  tellManifest(manifest: Manifest, signed: SignedState): void {
    if (!this.isJoined) this.#teller.tell(manifest, signed)
  }

  /** Notes its version, and what it has of the manifest itself. */
  isAt(version: string, count: number, isSealed: boolean): void {
    this.#version = version
    this.#teller.has(count, isSealed)
  }

  tellHave(pieces: readonly number[], queue: number): void {
    for (let i = 0; i < pieces.length; i += LIMITS.havePieces) {
      this.link.send({ type: 'have', pieces: pieces.slice(i, i + LIMITS.havePieces), queue })
    }
  }

  async message(message: ControlMessage): Promise<void> {
    switch (message.type) {
      case 'hello':
        if (message.grant !== undefined) await this.#ears.onGrant(this, message.grant)
        // said again, it tells where the other side stands now, and asks for what comes after
        this.#version = message.version
        this.#teller.standsAt(message.manifestCount)
        return this.#ears.onVersion(this)
      case 'refused':
        return this.link.left(message.reason)
      case 'part':
        return this.#hearsay.add(message.from, message.digests, this.#ears.provable)
      case 'head':
        return this.isJoined ? this.#hearsay.drop() : await this.#ears.onHead(this, message.envelope)
      case 'pieces':
        return this.#learnAll(message.have, message.queue)
      case 'have':
        return this.#learn(message.pieces, message.queue)
      case 'peers':
        return this.#ears.onPeers(this, message.peers, message.links)
      case 'root-peers':
        return this.#ears.rootPeers.onRootPeers(this, message.peers)
      case 'chunks-wanted':
        return this.#ears.chunks?.onWanted(this, message.from)
      case 'chunks':
        return this.#ears.chunks?.onChunks(this, message)
    }
  }

  ask(piece: number, load: number, has: number | undefined): void {
    if (this.isNeighbour) this.#ears.pieces?.onAsk(this, piece, load, has)
    else this.link.refuse(piece, 'no-such-piece')
  }

  withdraw(piece: number): void {
    this.#ears.pieces?.onWithdraw(this, piece)
  }

  sent(): void {
    this.#ears.pieces?.onSent(this)
  }

  buffer(size: number): Uint8Array {
    return this.#ears.pieces?.onBuffer(size) ?? new Uint8Array(size)
  }

  progress(piece: number, bytes: number): void {
    this.#ears.pieces?.onProgress(this, piece, bytes)
  }

  get pace(): PayloadPace {
    return this.#ears.pace
  }

  held(ms: number): void {
    this.#ears.pieces?.onHeld(this, ms)
  }

  piece(piece: number, bytes: Uint8Array): void {
    this.#ears.pieces?.onPiece(this, piece, bytes)
  }

  refused(piece: number, reason: RefusalReason): void {
    this.#ears.pieces?.onRefused(this, piece, reason)
  }

  closed(error: unknown): void {
    this.#hearsay.drop()
    this.#ears.onClosed(this, error)
  }

  #learn(pieces: readonly number[], queue: number): void {
    this.queue = queue
    const possible = pieces.filter(piece => piece < this.#ears.mostPieces)
    for (const piece of possible) {
      this.have.grow(piece + 1)
      this.have.add(piece)
    }
    this.#ears.onHave(this, possible)
  }

  /** A bitfield costs what is new in it, not its length: it can be said again and again. */
  #learnAll(have: Bitfield, queue: number): void {
    this.queue = queue
    this.#ears.onHave(this, this.have.addAll(have, this.#ears.mostPieces).toArray())
  }
}
