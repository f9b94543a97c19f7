// Serial queues by key: work with the same key runs one after another.
import PQueue from 'p-queue'
import { abortError } from '../../core/errors.ts'

export class KeyedQueue {
  readonly #queues = new Map<string, PQueue>()

  /** Settles as `work` does. Rejects at once, and never begins, when `signal` is aborted while it waits for its turn. */
  async run<T>(key: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const queue = this.#queues.get(key) ?? new PQueue({ concurrency: 1 })
    this.#queues.set(key, queue)
    let hasBegun = false
    const begin = () => {
      hasBegun = true
      return work()
    }
    try {
      return await queue.add(begin, { signal })
    } catch (error) {
      throw hasBegun ? error : abortError(signal)
    } finally {
      if (queue.size + queue.pending === 0) this.#queues.delete(key)
    }
  }
}
