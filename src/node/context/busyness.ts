// Whether this process has its hands full.

/** It is looked at most so often, ms. */
const EVERY_MS = 100
/**
 * Part of the time in which the event loop was not waiting for anything. What it takes for the processor to be free for it counts, too: on
 * a machine that many share it is high for everybody.
 */
const BUSY = 0.4

type Loop = ReturnType<typeof performance.eventLoopUtilization>

export class Busyness {
  readonly #look: () => Loop
  readonly #now: () => number
  #last: Loop
  #at: number
  /** Who has just started has everything before it. */
  #isBusy = true

  constructor(look: () => Loop = () => performance.eventLoopUtilization(), now: () => number = () => performance.now()) {
    this.#look = look
    this.#now = now
    this.#last = look()
    this.#at = now()
  }

  /** Of the last tenth of a second, or since this was asked last. */
  get isBusy(): boolean {
    const now = this.#now()
    if (now - this.#at < EVERY_MS) return this.#isBusy
    const loop = this.#look()
    const active = loop.active - this.#last.active
    const idle = loop.idle - this.#last.idle
    this.#isBusy = active > BUSY * (active + idle)
    this.#last = loop
    this.#at = now
    return this.#isBusy
  }
}

/** This process's: it has one event loop for all of its nodes. */
export const busyness = new Busyness()
