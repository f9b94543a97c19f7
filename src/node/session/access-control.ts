// Access control of an active task: whether its content is shared by grants.
import { CID } from 'multiformats/cid'
import { DragonflyError } from '../../core/errors.ts'
import type { Manifest } from '../../core/manifest.ts'
import { sameBytes } from '../../core/piece.ts'
import { contentId, type Task } from '../../core/task.ts'
import type { Resolved } from '../../wire/codec-resolve.ts'
import { GrantBook, type GrantContext } from '../peers/grant-book.ts'
import type { PeerLink } from '../peers/peer-link.ts'
import type { PeerLinks } from '../peers/peer-links.ts'

/** What it needs of its active task. */
export interface AccessControlOwner {
  readonly task: Task
  readonly links: PeerLinks
  readonly manifest: Manifest | undefined
  readonly isClosed: boolean
}

export class AccessControl {
  readonly #ctx: GrantContext
  readonly #owner: AccessControlOwner
  #grants: GrantBook | undefined

  constructor(ctx: GrantContext, owner: AccessControlOwner) {
    this.#ctx = ctx
    this.#owner = owner
    const { version } = owner.task
    if (version !== undefined) this.#set(new GrantBook(ctx, owner.task.id, version))
  }

  /** While the content is shared by grants. */
  get grants(): GrantBook | undefined {
    return this.#grants
  }

  /** Key by which others find us in the DHT; undefined: they do not. */
  get dhtKey(): CID | undefined {
    return this.#grants === undefined ? CID.parse(this.#owner.task.id) : this.#grants.dhtKey
  }

  /** Applies the grant in a seed's answer, if there is one. Rejects with `protocol` when it is for another content. */
  async enterBy({ topic, version, grant, dhtKey }: Resolved): Promise<void> {
    if (grant === undefined) return
    const { task } = this.#owner
    const id = contentId(task, version)
    if (!task.isPrivate || !sameBytes(topic, CID.parse(id).bytes)) {
      throw new DragonflyError('protocol', 'the grant of the seed is for another content than the requested one')
    }
    await this.enter(id, version, grant, dhtKey === undefined ? undefined : CID.decode(dhtKey))
  }

  /**
   * From now on the private content of this id is shared only with who shows a grant, as we do. Does nothing when another
   * version has begun. Rejects with `protocol` when the grant is not for us.
   */
  async enter(id: string, version: string, grant: Uint8Array, dhtKey: CID | undefined): Promise<void> {
    this.checkPinned(version)
    const grants = this.#grants?.version === version ? this.#grants : new GrantBook(this.#ctx, id, version)
    await grants.take(grant)
    const { isClosed, manifest, links } = this.#owner
    if (isClosed || (manifest !== undefined && manifest.info.version !== version)) return
    grants.dhtKey = dhtKey ?? grants.dhtKey
    if (grants !== this.#grants) this.#set(grants)
    links.sayHelloToAll()
  }

  /** A neighbour shows a newer grant. Rejects with `protocol` when that is forged. */
  async onGrant({ peer }: PeerLink, grant: Uint8Array): Promise<void> {
    if (!this.#ctx.trusted.has(peer)) await this.#grants?.renew(peer, grant)
  }

  /** Throws `origin-changed` for a version that the task is not about. */
  checkPinned(version: string): void {
    const { version: pinned } = this.#owner.task
    if (pinned === undefined || pinned === version) return
    throw new DragonflyError('origin-changed', 'the origin shows another version than it did a moment ago')
  }

  /** The active task is about this version from now on. */
  begin(version: string): void {
    // grants are about one version, and the origin has shown us another meanwhile: we go on without
    if (this.#grants !== undefined && this.#grants.version !== version) this.#set(undefined)
  }

  stop(): void {
    this.#grants?.stop()
  }

  /** Links of another topic than ours end. */
  #set(grants: GrantBook | undefined): void {
    const { links } = this.#owner
    this.#grants?.stop()
    this.#grants = grants
    grants?.start(peer => links.cut(peer))
    links.part()
  }
}
