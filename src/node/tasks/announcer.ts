// Announces contents in the DHT, as soon as there is one.
import { CID } from 'multiformats/cid'
import PQueue from 'p-queue'
import { isAbort } from '../../core/errors.ts'
import { causeOf } from '../api/events.ts'
import { joinedRoot } from '../content/joined-root.ts'
import type { Network, NodeContext } from '../context/node-context.ts'
import { pause } from '../context/waiting.ts'
import type { ActiveTask } from '../session/active-task.ts'
import { contentTopics, isPublicContent } from './topics.ts'

const ANNOUNCE_TIMEOUT_MS = 30_000
/** Walks through the DHT at the same time. */
const AT_ONCE = 8
/** Keys that wait for a DHT; of more, the oldest are forgotten. */
const MAX_WAITING = 10_000
/**
 * A node that leaves when it is done does not announce what it has completed within so many ms: nobody can take a record back, so those who
 * search later would dial a host that has gone. Searches begin no sooner than that themselves.
 */
export const BRIEF_MS = 250

export class Announcer {
  readonly #ctx: NodeContext
  readonly #signal: AbortSignal
  readonly #queue = new PQueue({ concurrency: AT_ONCE })
  readonly #waiting = new Map<string, CID>()
  #isWaiting = false

  /** `signal`: the node is being stopped. */
  constructor(ctx: NodeContext, signal: AbortSignal) {
    this.#ctx = ctx
    this.#signal = signal
  }

  /** Says in the DHT that we have some of the task, and later all of the content. Never rejects. */
  async follow(active: ActiveTask): Promise<void> {
    try {
      while (active.manifest === undefined || active.manifest.count === 0) await active.changed(this.#signal)
      if (!this.#ctx.isLongLived) {
        await pause(BRIEF_MS, this.#signal)
        if (active.isWhole || this.#signal.aborted) return
      }
      const { dhtKey } = active.access
      if (dhtKey !== undefined) this.#announce([dhtKey])
      // who leaves soon after the end need not be found by the whole content
      if (!this.#ctx.isLongLived) return
      // who has the same bytes under another URL need not wait for the last of them
      while (!active.isWhole && joinedRoot(active) === undefined) await active.changed(this.#signal)
      const root = joinedRoot(active)
      if (root !== undefined) this.#announce([CID.parse(root)])
      while (!active.isWhole) await active.changed(this.#signal)
      // who is to find a shared content has its CID, and nobody is to learn that from the DHT
      if (isPublicContent(active) && active.task.root === undefined)
        this.#announce(contentTopics(active).map(text => CID.parse(text)))
    } catch {
      // the active task has failed or the node stops: there is nothing to announce
    }
  }

  /** Ends the repetition of announcements. */
  withdraw(keys: readonly CID[]): void {
    for (const key of keys) {
      this.#waiting.delete(key.toString())
      this.#ctx.network?.dht.withdraw(key).catch(() => {})
    }
  }

  /** Keys only: what waits for the first peer must not hold on to contents. */
  #announce(keys: readonly CID[]): void {
    for (const key of keys) this.#waiting.set(key.toString(), key)
    for (const oldest of this.#waiting.keys()) {
      if (this.#waiting.size <= MAX_WAITING) break
      this.#waiting.delete(oldest)
    }
    if (this.#isWaiting) return
    this.#isWaiting = true
    this.#announceAll().catch(() => {})
  }

  async #announceAll(): Promise<void> {
    try {
      const network = await this.#ctx.networkUp()
      if (network === undefined || network.host.addresses.length === 0) return
      await network.dht.ready(this.#signal)
      for (const key of this.#waiting.values()) this.#queue.add(() => this.#provide(network, key))
    } finally {
      this.#waiting.clear()
      this.#isWaiting = false
    }
  }

  async #provide(network: Network, key: CID): Promise<void> {
    if (this.#signal.aborted) return
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(ANNOUNCE_TIMEOUT_MS)])
    await network.dht.announce(key, signal).catch(error => {
      if (!isAbort(error)) this.#ctx.emit({ code: 'dht-announce-failed', ...causeOf(error) })
    })
  }
}
