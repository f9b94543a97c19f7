// Derives the ids of private tasks off the main thread, one after the other for each asker.
import { createHmac, randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import PQueue from 'p-queue'
import type { Task } from '../../core/task.ts'
import { KeyedTurns } from '../tasks/keyed-turns.ts'

/** Derivations at the same time: half of the threads that Node has for disks, names and hashes. Each takes 30 ms and 16 MiB. */
export const MAX_DERIVATIONS = 2
/** What is kept of those that were derived, as URLs and headers have characters: about 10,000 ordinary ones. */
const MAX_KEPT = 4 * 1024 * 1024

export class TaskKeys {
  readonly #queue = new PQueue({ concurrency: MAX_DERIVATIONS })
  readonly #askers = new KeyedTurns()
  readonly #names = new KeyedTurns()
  /** By a name that is of no use to who guesses passwords. A crowd with the same credentials costs one derivation. */
  readonly #derived = new LRUCache<string, Task>({ maxSize: MAX_KEPT, sizeCalculation: sizeOf })
  readonly #key = randomBytes(32)

  /** Derivations so far. */
  count = 0

  /** The same task, its id and secret derived: reading them takes no time. `peer`: the asker, who waits only behind itself. */
  async of(peer: string, task: Task): Promise<Task> {
    const name = this.nameOf(task)
    const inQueue = () => this.#derived.get(name) ?? this.#queue.add(() => this.#derive(name, task))
    return await this.#askers.run(peer, () => this.#names.run(name, async () => await inQueue()))
  }

  async #derive(name: string, task: Task): Promise<Task> {
    this.count++
    await task.derive?.()
    this.#derived.set(name, task)
    return task
  }

  /** Equal for those who send the same to the origin; costs no derivation, and says nothing of credentials. */
  nameOf({ url, headers, filter, tag, digest }: Task): string {
    return createHmac('sha256', this.#key)
      .update(
        JSON.stringify([url, headers, filter, tag ?? null, digest === undefined ? null : Buffer.from(digest).toString('hex')]),
      )
      .digest('base64')
  }
}

function sizeOf({ url, headers }: Task): number {
  return url.length + headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0) + 256
}
