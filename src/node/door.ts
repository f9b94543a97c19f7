// The door of a session: whether its content is shared by grants, and with what guard.
import { CID } from 'multiformats/cid'
import { DragonflyError } from '../core/errors.ts'
import type { Manifest } from '../core/manifest.ts'
import type { Task } from '../core/task.ts'
import { Guard, type GuardContext, shownGrant } from './guard.ts'
import type { Links } from './links.ts'
import type { SessionLink } from './session-link.ts'

/** What it needs of its session. */
export interface DoorOwner {
  readonly task: Task
  readonly links: Links
  readonly manifest: Manifest | undefined
  readonly isClosed: boolean
}

export class Door {
  readonly #ctx: GuardContext
  readonly #owner: DoorOwner
  #guard: Guard | undefined

  constructor(ctx: GuardContext, owner: DoorOwner) {
    this.#ctx = ctx
    this.#owner = owner
    const { version } = owner.task
    if (version !== undefined) this.#set(new Guard(ctx, owner.task.id, version))
  }

  /** While the content is shared by grants. */
  get guard(): Guard | undefined {
    return this.#guard
  }

  /** Key by which others find us in the DHT; undefined: they do not. */
  get dhtKey(): CID | undefined {
    return this.#guard === undefined ? CID.parse(this.#owner.task.id) : this.#guard.dhtKey
  }

  /**
   * From now on the private content of this id is shared only with who shows a grant, as we do. Does nothing when another
   * version has begun. Rejects with `protocol` when the grant is not for us.
   */
  async enter(id: string, version: string, grant: Uint8Array, dhtKey: CID | undefined): Promise<void> {
    this.checkPinned(version)
    const guard = this.#guard?.version === version ? this.#guard : new Guard(this.#ctx, id, version)
    await guard.take(grant)
    const { isClosed, manifest, links } = this.#owner
    if (isClosed || (manifest !== undefined && manifest.info.version !== version)) return
    guard.dhtKey = dhtKey ?? guard.dhtKey
    if (guard !== this.#guard) this.#set(guard)
    links.sayHelloToAll()
  }

  /** A neighbour shows a newer grant. */
  async onGrant({ peer }: SessionLink, grant: Uint8Array): Promise<void> {
    this.#guard?.admits(peer, await shownGrant({ grant }))
  }

  /** Throws `origin-changed` for a version that the task is not about. */
  checkPinned(version: string): void {
    const { version: pinned } = this.#owner.task
    if (pinned === undefined || pinned === version) return
    throw new DragonflyError('origin-changed', 'the origin shows another version than it did a moment ago')
  }

  /** The session is about this version from now on. */
  begin(version: string): void {
    // grants are about one version, and the origin has shown us another meanwhile: we go on without
    if (this.#guard !== undefined && this.#guard.version !== version) this.#set(undefined)
  }

  stop(): void {
    this.#guard?.stop()
  }

  /** Links of another topic than ours end. */
  #set(guard: Guard | undefined): void {
    const { links } = this.#owner
    this.#guard?.stop()
    this.#guard = guard
    guard?.start(peer => links.cut(peer))
    links.part()
  }
}
