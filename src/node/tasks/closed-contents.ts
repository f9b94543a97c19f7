// Finished contents that were closed to save memory and file handles, and how a peer's request opens them again.
import { LRUCache } from 'lru-cache'
import { CID } from 'multiformats/cid'
import PQueue from 'p-queue'
import type { Task } from '../../core/task.ts'
import { isPrivateEntry, loadManifest } from '../content/manifest-records.ts'
import { type NodeContext, now } from '../context/node-context.ts'
import { pause } from '../context/waiting.ts'
import { ActiveTask } from '../session/active-task.ts'
import { contentTopics, isPublicContent } from './topics.ts'

/** Closed contents that can be found; about 1 KiB each. */
const MAX_CLOSED = 10_000
/** Requests that wait for a content to be opened. */
const MAX_WAITING = 16
/**
 * Opening verifies every piece, and strangers may ask for it: after each opening there is a pause so many times as long, so that
 * they cost a third of one core and of the disk at most.
 */
const PAUSE_SHARE = 2

/** What is left of a closed content. */
export interface ClosedContent {
  readonly task: Task
  /** Name of its store entry. */
  readonly key: string
  readonly version: string
  /** Besides the task. */
  readonly topics: readonly string[]
}

export class ClosedContents {
  readonly #ctx: NodeContext
  readonly #signal: AbortSignal
  readonly #byTask: LRUCache<string, ClosedContent>
  readonly #byTopic = new Map<string, ClosedContent>()
  readonly #turns = new PQueue({ concurrency: 1 })
  /** Those that wait for their turn, by task. */
  readonly #waiting = new Map<string, (nothing: undefined) => void>()

  /** `forgotten`: told of keys in the DHT by which nobody finds anything any more. */
  constructor(ctx: NodeContext, signal: AbortSignal, forgotten: (keys: CID[]) => void) {
    this.#ctx = ctx
    this.#signal = signal
    this.#byTask = new LRUCache({
      max: MAX_CLOSED,
      dispose: (closed, _task, reason) => {
        for (const topic of closed.topics) if (this.#byTopic.get(topic) === closed) this.#byTopic.delete(topic)
        if (reason === 'evict') forgotten([closed.task.id, ...closed.topics].map(text => CID.parse(text)))
      },
    })
  }

  get size(): number {
    return this.#byTask.size
  }

  /** Remembers a content that is about to be closed; false for one that peers do not find without its users. */
  add(active: ActiveTask): boolean {
    const { task, entryKey, manifest } = active
    if (!isPublicContent(active) || active.grants !== undefined || entryKey === undefined || manifest === undefined) return false
    // it goes with its active task
    if (isPrivateEntry(entryKey)) return false
    const closed = { task, key: entryKey, version: manifest.info.version, topics: contentTopics(active) }
    this.#byTask.set(task.id, closed)
    for (const topic of closed.topics) this.#byTopic.set(topic, closed)
    return true
  }

  /** It is open again, or another version of it. Whoever waits for it gets nothing. */
  forget(task: string): void {
    this.#byTask.delete(task)
    this.#waiting.get(task)?.(undefined)
  }

  byTask(topic: string): ClosedContent | undefined {
    return this.#byTask.get(topic)
  }

  byContent(topic: string): ClosedContent | undefined {
    return this.#byTopic.get(topic)
  }

  get isBusy(): boolean {
    return this.#turns.size >= MAX_WAITING
  }

  /** Opens it from the store; resolves to undefined when it is not there any more, or not whole. One at a time, with pauses. */
  async open(closed: ClosedContent): Promise<ActiveTask | undefined> {
    const { promise, resolve } = Promise.withResolvers<ActiveTask | undefined>()
    const { id } = closed.task
    this.#waiting.set(id, resolve)
    const turn = async () => {
      this.#waiting.delete(id)
      // it was forgotten while it waited
      if (this.#signal.aborted || this.#byTask.peek(id) !== closed) return resolve(undefined)
      const begun = now()
      resolve(await this.#open(closed).catch(() => undefined))
      await pause(PAUSE_SHARE * (now() - begun), this.#signal)
    }
    void this.#turns.add(turn)
    return await promise
  }

  async #open({ task, key, version }: ClosedContent): Promise<ActiveTask | undefined> {
    const entry = await this.#ctx.store.open(key)
    const cached = await loadManifest(entry).catch(() => undefined)
    if (cached === undefined) {
      // it was evicted
      await entry.remove()
      return undefined
    }
    if (cached.manifest.seal === undefined || cached.manifest.info.version !== version) {
      await entry.close()
      return undefined
    }
    const active = new ActiveTask(this.#ctx, task, undefined)
    active.ranges.add(undefined)
    await active.adoptCached({ ...cached, entry }).catch(() => {})
    if (active.isWhole && active.isComplete) return active
    active.pace.close()
    await active.close()
    return undefined
  }
}
