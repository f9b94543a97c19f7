// Answers resolve requests for private contents: grants access to those whom the origin accepts.
import { CID } from 'multiformats/cid'
import { DragonflyError } from '../../core/errors.ts'
import { sharedTask, type Task } from '../../core/task.ts'
import type { ResolveReply } from '../../wire/codec-resolve.ts'
import { sealGrant } from '../../wire/envelope.ts'
import type { Network, NodeContext } from '../context/node-context.ts'
import type { ActiveTask } from '../session/active-task.ts'
import type { CacheRules } from '../sources/cached.ts'
import type { TaskRegistry } from '../tasks/task-registry.ts'
import type { FreshnessCheck, Request } from './freshness-check.ts'
import type { OriginAuthorizer, Shown } from './origin-authorizer.ts'
import type { ResolveAnswer } from './resolve-answer.ts'
import { resolved, untilGone } from './resolving.ts'

/** So often the origin may change, or refuse the one with whose credentials it is read, while one peer is served. */
const MAX_ROUNDS = 3
/** What says that a read has ended for whoever began it, not for all. */
const ANOTHER_MAY = new Set(['origin-changed', 'origin-forbidden'])

export interface PrivateParts {
  registry: TaskRegistry
  readers: OriginAuthorizer
  freshness: FreshnessCheck
  answers: ResolveAnswer
}

export class PrivateResolve {
  readonly #ctx: Pick<NodeContext, 'access' | 'counters'>
  readonly #network: Network
  readonly #registry: TaskRegistry
  readonly #readers: OriginAuthorizer
  readonly #freshness: FreshnessCheck
  readonly #answers: ResolveAnswer
  /** By subject: ids of the versions that were shared. */
  readonly #versions = new Map<string, Set<string>>()

  constructor(ctx: Pick<NodeContext, 'access' | 'counters'>, network: Network, parts: PrivateParts) {
    this.#ctx = ctx
    this.#network = network
    this.#registry = parts.registry
    this.#readers = parts.readers
    this.#freshness = parts.freshness
    this.#answers = parts.answers
  }

  /**
   * Serves a private task until `signal`; resolves to false at once when its version is none that readers can share.
   * `renews`: the topic of which only a new grant is wanted. Rejects with what the origin says to these credentials.
   */
  async serve(
    peer: string,
    request: Request,
    renews: Uint8Array | undefined,
    say: (reply: ResolveReply) => void,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { task } = request
    if (renews !== undefined) {
      await this.#renew(peer, task, renews, say)
      return true
    }
    for (let round = 1; ; round++) {
      const { version, trouble } = await this.#shown(request)
      const shared = sharedTask(task, version)
      if (shared === undefined) return false
      try {
        const leave = await this.#share(peer, { ...request, task: shared }, trouble, say, signal)
        await untilGone(signal)
        leave()
        return true
      } catch (error) {
        const isOver = signal.aborted || !(error instanceof DragonflyError) || !ANOTHER_MAY.has(error.code)
        if (isOver || round === MAX_ROUNDS) throw error
        // what has failed was read with somebody's credentials: those of this peer are asked about anew, and go on if good
        this.#readers.forget(task)
      }
    }
  }

  /**
   * What the origin shows to this asker. Without a recent proof of his own it is asked, however fresh what we have is; with one,
   * not while that is fresh. What readers cannot share is fresh or not by itself.
   */
  async #shown({ task, revalidate }: Request): Promise<Shown> {
    const proven = revalidate ? undefined : this.#readers.proven(task)
    const shared = proven === undefined ? undefined : sharedTask(task, proven)
    if (proven !== undefined) {
      const active = shared && this.#whole(shared)
      if (shared === undefined || (active !== undefined && this.#freshness.isFresh(active, task))) return { version: proven }
    }
    return await this.#readers.current(task, revalidate)
  }

  async #renew(peer: string, task: Task, renews: Uint8Array, say: (reply: ResolveReply) => void): Promise<void> {
    const shared = sharedTask(task, await this.#readers.recent(task))
    const topic = shared === undefined ? '' : Buffer.from(CID.parse(shared.id).bytes).toString('hex')
    if (topic !== Buffer.from(renews).toString('hex')) {
      throw new DragonflyError('origin-changed', 'the origin shows another version now')
    }
    say({ type: 'granted', grant: await this.#grant(peer, renews) })
  }

  /** Resolves when the content is complete, to what is to be called when the client has gone. */
  async #share(
    peer: string,
    request: Request,
    trouble: DragonflyError | undefined,
    say: (reply: ResolveReply) => void,
    signal: AbortSignal,
  ): Promise<() => void> {
    const active = this.#active(request, trouble)
    const wasHere = active.isWhole
    const leave = this.#answers.listens(active)
    try {
      await this.#answers.known(active, signal)
      if (trouble !== undefined) this.#freshness.checkInTrouble(active, request.task, trouble)
      const topic = CID.parse(request.task.id).bytes
      const { dhtKey } = active.access
      const grant = await this.#grant(peer, topic)
      const answer = { ...resolved(active, topic), grant, ...(dhtKey === undefined ? {} : { dhtKey: dhtKey.bytes }) }
      await this.#answers.stay(active, answer, { ...request, wasHere }, say, signal)
      const listening = [this.#answers.listens(active), this.#registry.listeners.add(active.task.id)]
      return () => {
        for (const end of listening) end()
      }
    } finally {
      leave()
      await this.#registry.release(active, 'keep')
    }
  }

  /** Of one version there is one; a finished one is as current as its version. */
  #active(request: Request, trouble: DragonflyError | undefined): ActiveTask {
    const { task: shared } = request
    if (this.#whole(shared) !== undefined) return this.#registry.share(shared.id)
    const rules = this.#freshness.rules({ ...request, revalidate: false }) as CacheRules
    // the origin has just shown this very version: what the disk has of it needs no other question
    const cached = trouble === undefined ? { ...rules, isFresh: () => true } : rules
    const { active } = this.#registry.begin(shared, { reader: 'others', isAsked: true, cached })
    void this.#forgetOthers(shared)
    return active
  }

  #whole({ id }: Task): ActiveTask | undefined {
    const active = this.#registry.current(id)
    return active?.isWhole === true && !active.isClosed && !active.hasFailed ? active : undefined
  }

  /** The other versions of this URL give their place on the disk. */
  async #forgetOthers({ subject, id }: Task): Promise<void> {
    const versions = this.#versions.get(subject) ?? new Set()
    this.#versions.set(subject, versions.add(id))
    for (const other of versions) if (other !== id && (await this.#registry.forget(other))) versions.delete(other)
  }

  async #grant(peer: string, topic: Uint8Array): Promise<Uint8Array> {
    const expires = Date.now() + this.#ctx.access.grant
    this.#ctx.counters.count('dragonfly_grants_issued_total')
    return await sealGrant({ peer, topic, expires }, this.#network.host.privateKey)
  }
}
