// Work with keys: what has the same key is done one after another.
import { abortError } from '../../core/errors.ts'

export class OneByKey {
  readonly #last = new Map<string, Promise<void>>()

  /** Settles as `work` does. Rejects at once, and never begins, when `signal` is aborted while it waits for its turn. */
  async run<T>(key: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const before = this.#last.get(key)
    const over = Promise.withResolvers<void>()
    const mine = (before ?? Promise.resolve()).then(() => over.promise)
    this.#last.set(key, mine)
    try {
      if (before !== undefined) await untilAborted(before, signal)
      return await work()
    } finally {
      over.resolve()
      if (this.#last.get(key) === mine) this.#last.delete(key)
    }
  }
}

async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(abortError(signal))
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
