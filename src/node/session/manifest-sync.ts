// Synchronises one manifest: extends it from signed heads and our own read, and sends it to peers.
import type PQueue from 'p-queue'
import { hex } from '../../core/digest.ts'
import { DragonflyError } from '../../core/errors.ts'
import type { ManifestHead } from '../../core/manifest.ts'
import { sameBytes } from '../../core/piece.ts'
import type { Task } from '../../core/task.ts'
import type { PieceFact } from '../../transfer/piece-transfer.ts'
import { sealHead } from '../../wire/envelope.ts'
import { digestMismatch, type StoredVersion } from '../content/stored-version.ts'
import { type NodeContext, now } from '../context/node-context.ts'
import type { PeerLink } from '../peers/peer-link.ts'
import type { PeerLinks } from '../peers/peer-links.ts'
import type { Roles } from '../peers/roles.ts'

/** Signing and telling once for all pieces of so many milliseconds: every small message costs as much CPU as 50 KiB of bulk. */
const PUBLISH_MS = 100
/** Others know more of the manifest than we for so long: ask one of them for it. Who reads the origin tells unasked. */
const PATIENCE_MS = 300

/** What the talk needs of its active task. */
export interface ManifestSyncOwner {
  readonly task: Pick<Task, 'digest'>
  readonly links: Pick<PeerLinks, 'values' | 'sayHello'>
  readonly roles: Pick<Roles, 'serves'>
  /** Whether all pieces that the manifest knows so far are here. */
  readonly hasAllKnown: boolean
  /** Milliseconds since the manifest, or what we have of it, last grew. */
  readonly quietFor: number
  /** The manifest has grown or was sealed. */
  onGrown(): void
  fail(error: unknown): void
}

export class ManifestSync {
  readonly #ctx: Pick<NodeContext, 'network'>
  readonly #owner: ManifestSyncOwner
  readonly #content: StoredVersion
  /** The active task's: what is written of the content is written one by one. */
  readonly #work: PQueue
  /** Set while something is to be published that was not yet. */
  #publishing: NodeJS.Timeout | undefined
  #publishedAt = -Infinity
  #asking: NodeJS.Timeout | undefined

  constructor(ctx: Pick<NodeContext, 'network'>, owner: ManifestSyncOwner, content: StoredVersion, work: PQueue) {
    this.#ctx = ctx
    this.#owner = owner
    this.#content = content
    this.#work = work
  }

  /** Asks nobody any more. */
  stop(): void {
    clearTimeout(this.#asking)
  }

  // ---- how it grows

  /**
   * Takes a head that is believed, and the digests that came before it. To be run in turn. Resolves to whether the
   * neighbour is at our version and nothing is asked of it; rejects with `protocol` when the head makes no sense.
   */
  async take(from: PeerLink, head: ManifestHead, envelope: Uint8Array): Promise<boolean> {
    const { manifest } = this.#content
    if (!manifest.describesSame(head)) {
      from.link.close('other-version')
      return false
    }
    from.isAt(head.version, head.count, head.seal !== undefined)
    const sealsIt = head.seal !== undefined && manifest.seal === undefined && head.count === manifest.count
    const digests = from.takeProvisional(manifest.count, Math.max(manifest.count, head.count))
    if (head.count <= manifest.count && !sealsIt) return true
    if (digests === undefined) {
      this.#askAgain(from)
      return false
    }
    from.wasAskedAgain = false
    await this.#extend(digests, head, envelope)
    return true
  }

  /** Takes a sealed head that is believed, with all its digests. To be run in turn. Resolves to whether it is of our version. */
  async takeWhole(digests: readonly Uint8Array[], head: ManifestHead, envelope: Uint8Array): Promise<boolean> {
    const { manifest } = this.#content
    if (!manifest.describesSame(head)) return false
    if (manifest.count === 0) await this.#extend(digests, head, envelope)
    return manifest.seal !== undefined
  }

  /**
   * Takes digests from number `from` on that nobody vouches for, with what a head of the same version names. Resolves to whether that
   * agrees with what is known. To be run in turn.
   */
  async borrow(from: number, digests: readonly Uint8Array[], head: ManifestHead): Promise<boolean> {
    const { manifest } = this.#content
    // what is proven is written down and signed by itself; our own read may go on meanwhile
    if (this.#content.provenTo === Infinity) await this.#publish()
    const news = digests.slice(manifest.count - from)
    if (!manifest.leadsTo(news, head)) return false
    this.#content.provenTo = Math.min(this.#content.provenTo, manifest.count)
    if (news.length > 0) manifest.extend(news, { ...head, seal: undefined })
    this.#owner.onGrown()
    return true
  }

  /**
   * A piece of our own read: throws `origin-changed` when the manifest names another digest; `digest-mismatch` when the manifest
   * is a stranger's, for whom nothing speaks but the digest that was given: then it is more likely that he lies.
   */
  check({ index, digest }: PieceFact): void {
    const known = this.#content.manifest.digest(index)
    if (known === undefined || sameBytes(known, digest)) return
    if (this.#content.isDoubtful(index)) throw digestMismatch()
    throw new DragonflyError('origin-changed', `the content changed at the origin while it was read (piece ${index})`)
  }

  /** A piece of our own read is stored: adds its digest, unless a seed has told it meanwhile. Throws as `check`. */
  add(piece: PieceFact): void {
    const { manifest } = this.#content
    this.check(piece)
    if (piece.index === manifest.count) {
      manifest.append(piece.digest)
      this.#owner.onGrown()
    }
    this.#publishSoon()
  }

  /** Our own read has reached the end, and every piece is here. Resolves when others can know. */
  async seal(length: number, root: string): Promise<void> {
    const { manifest } = this.#content
    if (manifest.seal === undefined) {
      const sha256 = await this.#content.transfer.wholeDigest()
      // what is sealed under a digest is believed wherever it comes from
      const { digest } = this.#owner.task
      if (digest !== undefined && !sameBytes(sha256, digest)) throw digestMismatch(hex(sha256))
      this.#content.provenTo = Infinity
      manifest.sealWith({ length, sha256, root })
      this.#owner.onGrown()
    }
    await this.#publishNow()
  }

  // ---- how others hear of it

  /** Tells a link what it lacks, as far as somebody has signed; what is ours is signed for it. */
  tell(link: PeerLink): void {
    const { signed, trust } = this.#content
    if (signed === undefined && trust === 'origin') this.#publishSoon()
    this.#tell(link)
  }

  /** Keeps and tells at once what was to be kept and told soon. Rejects when that failed. */
  async published(): Promise<void> {
    if (this.#publishing !== undefined) await this.#publishNow()
  }

  // ---- how we ask

  /** A neighbour that has what we have no digest of knows more than we: when nobody tells us unasked, we say where we stand. */
  askWhenBehind(): void {
    if (this.#asking !== undefined || this.#knowingMore().length === 0) return
    this.#asking = setTimeout(() => {
      this.#asking = undefined
      const knowing = this.#knowingMore()
      const chosen = knowing[Math.floor(Math.random() * knowing.length)]
      if (chosen === undefined) return
      this.#owner.links.sayHello(chosen)
      this.askWhenBehind()
    }, PATIENCE_MS)
  }

  // ---- inside

  async #extend(digests: readonly Uint8Array[], head: ManifestHead, envelope: Uint8Array): Promise<void> {
    this.#content.manifest.extend(digests, head)
    // a seed vouches for what it passes on, by its own signature
    if (this.#owner.roles.serves) await this.#publish()
    else await this.#content.keep(head, envelope)
    this.#owner.onGrown()
  }

  #knowingMore(): PeerLink[] {
    const { manifest } = this.#content
    if (manifest.seal !== undefined) return []
    const isStuck = this.#owner.hasAllKnown && this.#owner.quietFor > PATIENCE_MS
    const knows = (link: PeerLink) => link.have.size > manifest.count || (isStuck && link.have.size >= manifest.count)
    return [...this.#owner.links.values()].filter(link => link.isNeighbour && knows(link))
  }

  /** It may have told us before, under a head that we did not believe; but the answer to a question has to be whole. */
  #askAgain(from: PeerLink): void {
    if (from.wasAskedAgain) throw new DragonflyError('protocol', 'manifest head without its digests')
    from.wasAskedAgain = true
    this.#owner.links.sayHello(from)
  }

  /** The first pieces are told at once: somebody waits for the first byte. */
  #publishSoon(): void {
    this.#publishing ??= setTimeout(
      () => {
        this.#publishNow().catch(error => this.#owner.fail(error))
      },
      Math.max(1, this.#publishedAt + PUBLISH_MS - now()),
    )
  }

  async #publishNow(): Promise<void> {
    clearTimeout(this.#publishing)
    this.#publishing = undefined
    this.#publishedAt = now()
    await this.#work.add(() => this.#publish())
  }

  /** Keeps, signs and tells our own manifest as far as it goes. */
  async #publish(): Promise<void> {
    const { manifest, signed, provenTo } = this.#content
    if (manifest.count > provenTo) return
    const head = manifest.head()
    if (head.count === signed?.count && (head.seal !== undefined) === signed.isSealed) return
    const privateKey = this.#ctx.network?.host.privateKey
    await this.#content.keep(head, privateKey === undefined ? undefined : await sealHead(head, privateKey))
    for (const link of this.#owner.links.values()) this.#tell(link)
  }

  #tell(link: PeerLink): void {
    const { manifest, signed } = this.#content
    if (signed === undefined) return
    if (link.version === '' || link.version === manifest.info.version) link.tellManifest(manifest, signed)
  }
}
