// The first moments of a host in its fleet: before it has heard of the others it must not take itself for responsible.
import { raceSignal } from 'race-signal'
import { now } from '../context/node-context.ts'
import { pause } from '../context/waiting.ts'

/** A host that has started within `NEW_MS` waits so long for the first member, ms. */
const FIRST_MS = 3000
const NEW_MS = 30_000
/** It has heard of all of them when nobody was new for so long, ms. */
const SETTLED_MS = 750

export class Arrival {
  readonly #startedAt = now()
  readonly #first = Promise.withResolvers<void>()
  #isKnown = false

  /** Whether we were told of everybody once. */
  get isKnown(): boolean {
    return this.#isKnown
  }

  /** We were told of everybody. */
  known(): void {
    this.#isKnown = true
    this.#first.resolve()
  }

  /**
   * Resolves when there is nothing more to wait for, after 3 s at most. `metAt`: when somebody was heard of for the first time; hosts
   * that start together are to agree on who is responsible.
   */
  async over(metAt: () => number, signal: AbortSignal): Promise<void> {
    const isNew = now() < this.#startedAt + NEW_MS
    if (!isNew) return
    const over = AbortSignal.any([signal, AbortSignal.timeout(FIRST_MS)])
    await raceSignal(this.#first.promise, over).catch(() => {})
    for (let wait = metAt() + SETTLED_MS - now(); wait > 0 && !over.aborted; wait = metAt() + SETTLED_MS - now()) {
      await pause(wait, over)
    }
  }
}
