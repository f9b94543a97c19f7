// Batches announcements as the real driver does: the first at once, later ones together.
import { Call } from './alarm.ts'
import type { World } from './world.ts'

/** What "at once" is for a timer, milliseconds. */
const AT_ONCE_MS = 1

export class Bulletin {
  readonly #world: World
  readonly #everyMs: number
  readonly #publish: () => void
  readonly #call: Call
  #lastAt = -Infinity

  /** `everyMs` 0: nothing is collected. */
  constructor(world: World, everyMs: number, publish: () => void) {
    this.#world = world
    this.#everyMs = everyMs
    this.#publish = publish
    this.#call = new Call(() => this.#go())
  }

  /** There is something to tell. */
  note(): void {
    if (this.#everyMs === 0) this.#publish()
    else if (this.#call.at === Infinity) {
      this.#world.set(this.#call, Math.max(this.#world.now + AT_ONCE_MS, this.#lastAt + this.#everyMs))
    }
  }

  /** There is nothing to tell any more. */
  forget(): void {
    this.#world.clear(this.#call)
  }

  #go(): void {
    this.#lastAt = this.#world.now
    this.#publish()
  }
}
