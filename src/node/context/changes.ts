// A condition to wait for: any number of waiters, and one failure that ends all waits.
import { raceSignal } from 'race-signal'

export class Changes {
  #next = Promise.withResolvers<void>()
  #failure: unknown
  #hasFailed = false

  constructor() {
    this.#next.promise.catch(() => {})
  }

  get hasFailed(): boolean {
    return this.#hasFailed
  }

  /** Resolves at the next change; rejects at once or then when there was a failure, or when `signal` is aborted. */
  async next(signal?: AbortSignal): Promise<void> {
    this.throwIfFailed()
    await raceSignal(this.#next.promise, signal)
  }

  notify(): void {
    if (this.#hasFailed) return
    const { resolve } = this.#next
    this.#next = Promise.withResolvers<void>()
    this.#next.promise.catch(() => {})
    resolve()
  }

  /** The first failure stands. */
  fail(error: unknown): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#failure = error
    this.#next.reject(error)
  }

  throwIfFailed(): void {
    if (this.#hasFailed) throw this.#failure
  }
}
