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
  readonly #cores: number
  /** Where the look that is under way began, bytes. */
  #from: number | undefined
  #busyness = performance.eventLoopUtilization()

  constructor(cores = availableParallelism()) {
    this.#cores = cores
  }

  /** `done`: bytes that are hashed. `length`: of all, undefined: not known. */
  isThere(done: number, length: number | undefined): boolean {
    // as many as could run beside this one
    if (HashThread.running >= this.#cores - 1 || length === undefined || length - done < LEAST_LEFT) return false
    if (this.#from === undefined) this.#look(done)
    else if (done - this.#from >= LOOKED_AT) return this.#look(done) >= BUSY
    return false
  }

  /** Answers how busy it was since the last look. */
  #look(done: number): number {
    const { utilization } = performance.eventLoopUtilization(this.#busyness)
    this.#busyness = performance.eventLoopUtilization()
    this.#from = done
    return utilization
  }
}
