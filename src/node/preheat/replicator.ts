// Keeps finished contents on several seeds: the first ones in the order in which a task's seeds are asked.
import PQueue from 'p-queue'
import { isAbort } from '../../core/errors.ts'
import type { DialablePeer } from '../../core/peer.ts'
import { rendezvousOrder } from '../../core/rendezvous.ts'
import type { Task } from '../../core/task.ts'
import { causeOf } from '../api/events.ts'
import { type Network, type NodeContext, now } from '../context/node-context.ts'
import type { ActiveTask } from '../session/active-task.ts'
import { preheatAt } from './preheat-request.ts'

/** So often it is looked whether the others still have it, ms: a seed that lost its disk is whole again in an hour or so. */
export const CHECK_MS = 10 * 60_000
/** A seed that was not there is asked again so soon, ms. */
const AGAIN_MS = 60_000
/** Contents that are looked after; of more, those that were finished first are left alone. */
const MAX_KEPT = 1000
/** Requests to other seeds at a time: copying them must not be felt by anybody. */
const AT_ONCE = 2
const LOOK_MS = 5000
const DEFAULT_REPLICAS = 2

interface Kept {
  task: Task
  sha256: Uint8Array
  /** When each other seed is to be asked next, by peer id. */
  dueAt: Map<string, number>
}

export class Replicator {
  readonly #ctx: Pick<NodeContext, 'emit' | 'counters' | 'otherSeeds' | 'isSeed'>
  readonly #network: Network
  readonly #replicas: number
  readonly #stopping = new AbortController()
  readonly #kept = new Map<string, Kept>()
  readonly #turns = new PQueue({ concurrency: AT_ONCE })
  readonly #look: NodeJS.Timeout

  /** `replicas`: on how many seeds a content is kept, this one counted. Default 2 */
  constructor(
    ctx: Pick<NodeContext, 'emit' | 'counters' | 'otherSeeds' | 'isSeed'>,
    network: Network,
    replicas = DEFAULT_REPLICAS,
  ) {
    this.#ctx = ctx
    this.#network = network
    this.#replicas = replicas
    this.#look = setInterval(() => this.#askAll(), LOOK_MS).unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#look)
    this.#stopping.abort()
    await this.#turns.onIdle()
  }

  /** A content is complete here. Whoever read it from the origin sees at once that the others get it; they look after it later. */
  finished({ task, manifest, counts, isTransient }: ActiveTask): void {
    const seal = manifest?.seal
    const isShared = this.#ctx.isSeed && this.#replicas > 1 && !task.isPrivate && !isTransient
    if (seal === undefined || !isShared || this.#kept.has(task.id)) return
    const first = counts.fromOrigin > 0 ? now() : now() + CHECK_MS
    const dueAt = new Map(this.#others(task).map(({ peer }) => [peer, first]))
    if (dueAt.size === 0) return
    this.#kept.set(task.id, { task, sha256: seal.sha256, dueAt })
    if (this.#kept.size > MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value as string)
    this.#askAll()
  }

  /** The other seeds that are to have it; none when this one is not among the first. */
  #others({ subject }: Pick<Task, 'subject'>): DialablePeer[] {
    const self = this.#network.host.id
    const order = rendezvousOrder(subject, [...this.#ctx.otherSeeds, { peer: self, address: '' }])
    return order.slice(0, this.#replicas).filter(({ peer }) => peer !== self)
  }

  #askAll(): void {
    for (const kept of this.#kept.values()) {
      for (const seed of this.#others(kept.task)) {
        if ((kept.dueAt.get(seed.peer) ?? -Infinity) > now()) continue
        kept.dueAt.set(seed.peer, Infinity)
        void this.#turns.add(() => this.#ask(seed, kept))
      }
    }
  }

  /** Asking is enough: a seed that has it says so, and one that has not takes it from whoever has it. */
  async #ask(seed: DialablePeer, kept: Kept): Promise<void> {
    const { task, sha256: wanted } = kept
    let next = AGAIN_MS
    const { signal } = this.#stopping
    try {
      if (signal.aborted) return
      const { alreadyThere } = await preheatAt(this.#network.host, seed, { task, wanted, isCopy: true, onProgress() {} }, signal)
      if (!alreadyThere) this.#ctx.counters.count('dragonfly_replicas_made_total')
      next = CHECK_MS
    } catch (error) {
      if (!signal.aborted && !isAbort(error)) this.#ctx.emit({ code: 'replica-failed', peer: seed.peer, ...causeOf(error) })
    } finally {
      kept.dueAt.set(seed.peer, now() + next)
    }
  }
}
