// Decides whether another thread is to hash a content: only where this one has no time for it.
import { availableParallelism } from 'node:os'
import { HashThread } from './hash-thread.ts'

/** A thread costs some 30 ms of a core to start, and 15 MiB: what is left has to be worth that, bytes. */
const LEAST_LEFT = 128 * 1024 * 1024
/** It is judged by what so many bytes took. */
const LOOKED_AT = 16 * 1024 * 1024
/** Part of the time in which the event loop was at work. Where it is less, the line is waited for, and another thread gains nothing. */
const BUSY = 0.7

export class ThreadWorth {
  readonly #cores: number | undefined
  /** Where the look that is under way began. */
  #look: { bytes: number; busyness: ReturnType<typeof performance.eventLoopUtilization> } | undefined

  /** `cores`: default what this process may use. */
  constructor(cores?: number) {
    this.#cores = cores
  }

  /** `done`: bytes that are hashed. `length`: of all, undefined: not known. */
  isThere(done: number, length: number | undefined): boolean {
    if (length === undefined || length - done < LEAST_LEFT) return false
    if (this.#look !== undefined && done - this.#look.bytes < LOOKED_AT) return false
    const before = this.#look?.busyness
    this.#look = { bytes: done, busyness: performance.eventLoopUtilization() }
    if (before === undefined || performance.eventLoopUtilization(this.#look.busyness, before).utilization < BUSY) return false
    // as many as could run beside this one
    return HashThread.running < (this.#cores ?? availableParallelism()) - 1
  }
}
