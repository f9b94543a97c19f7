// A seed's duties for private contents: lets in whom the origin lets in, one swarm for all of them.
import { CID } from 'multiformats/cid'
import { DragonflyError } from '../core/errors.ts'
import { sharedTask, type Task } from '../core/task.ts'
import type { ResolveReply } from '../wire/codec-resolve.ts'
import { sealGrant } from '../wire/envelope.ts'
import type { Network, NodeContext } from './context.ts'
import { Readers } from './readers.ts'
import { resolved, untilGone } from './resolving.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

/** So often the origin may change, or refuse the one with whose credentials it is read, while one peer is served. */
const MAX_ROUNDS = 3
/** What says that a read has ended for whoever began it, not for all. */
const ANOTHER_MAY = new Set(['origin-changed', 'origin-forbidden'])

export class PrivateDuty {
  readonly #ctx: NodeContext
  readonly #sessions: Sessions
  readonly #network: Network
  readonly #readers: Readers
  /** By subject: ids of the versions that were shared. */
  readonly #versions = new Map<string, Set<string>>()

  constructor(ctx: NodeContext, sessions: Sessions, network: Network, stopping: AbortSignal) {
    this.#ctx = ctx
    this.#sessions = sessions
    this.#network = network
    this.#readers = new Readers(ctx, stopping)
  }

  /**
   * Serves a private task until `signal`; resolves to false at once when its version is none that readers can share.
   * `renews`: the topic of which only a new grant is wanted. Rejects with what the origin says to these credentials.
   */
  async serve(
    peer: string,
    task: Task,
    renews: Uint8Array | undefined,
    say: (reply: ResolveReply) => void,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (renews !== undefined) {
      await this.#renew(peer, task, renews, say)
      return true
    }
    for (let round = 1; ; round++) {
      const shared = sharedTask(task, await this.#readers.current(task))
      if (shared === undefined) return false
      try {
        await this.#share(peer, shared, say, signal)
        return true
      } catch (error) {
        const isOver = signal.aborted || !(error instanceof DragonflyError) || !ANOTHER_MAY.has(error.code)
        if (isOver || round === MAX_ROUNDS) throw error
        // what has failed was read with somebody's credentials: those of this peer are asked about anew, and go on if good
        this.#readers.forget(task)
      }
    }
  }

  async #renew(peer: string, task: Task, renews: Uint8Array, say: (reply: ResolveReply) => void): Promise<void> {
    const shared = sharedTask(task, await this.#readers.recent(task))
    const topic = shared === undefined ? '' : Buffer.from(CID.parse(shared.id).bytes).toString('hex')
    if (topic !== Buffer.from(renews).toString('hex')) {
      throw new DragonflyError('origin-changed', 'the origin shows another version now')
    }
    say({ type: 'granted', grant: await this.#grant(peer, renews) })
  }

  async #share(peer: string, shared: Task, say: (reply: ResolveReply) => void, signal: AbortSignal): Promise<void> {
    const session = this.#session(shared)
    try {
      while (session.manifest === undefined) await session.changed(signal)
      const topic = CID.parse(shared.id).bytes
      const { dhtKey } = session
      const grant = await this.#grant(peer, topic)
      say({ ...resolved(session, topic), grant, ...(dhtKey === undefined ? {} : { dhtKey: dhtKey.bytes }) })
      while (!session.isComplete) await session.changed(signal)
      await untilGone(signal)
    } finally {
      await this.#sessions.release(session, 'keep')
    }
  }

  /** Of one version there is one; a finished one is as current as its version. */
  #session(shared: Task): Session {
    const session = this.#sessions.current(shared.id)
    const isWhole = session?.isComplete === true && !session.isClosed && !session.hasFailed
    if (isWhole) return this.#sessions.share(shared.id)
    const begun = this.#sessions.begin(shared, undefined, true)
    void this.#forgetOthers(shared)
    return begun
  }

  /** The other versions of this URL give their place on the disk. */
  async #forgetOthers({ subject, id }: Task): Promise<void> {
    const versions = this.#versions.get(subject) ?? new Set()
    this.#versions.set(subject, versions.add(id))
    for (const other of versions) if (other !== id && (await this.#sessions.forget(other))) versions.delete(other)
  }

  async #grant(peer: string, topic: Uint8Array): Promise<Uint8Array> {
    const expires = Date.now() + this.#ctx.access.grant
    return await sealGrant({ peer, topic, expires }, this.#network.host.privateKey)
  }
}
