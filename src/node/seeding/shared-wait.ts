// Waits for what becomes of active tasks: one look at each change for all who wait, a crowd or one client.
import { raceSignal } from 'race-signal'
import type { ActiveTask } from '../session/active-task.ts'

export class SharedWait {
  readonly #isDone: (active: ActiveTask) => boolean
  readonly #waiting = new WeakMap<ActiveTask, Promise<void>>()

  /** `isDone`: what is waited for. Once it is true of an active task, it stays so. */
  constructor(isDone: (active: ActiveTask) => boolean) {
    this.#isDone = isDone
  }

  /** Resolves when it is done. Rejects with what ended the active task before, or when `signal` is given. */
  async of(active: ActiveTask, signal: AbortSignal): Promise<void> {
    if (this.#isDone(active)) return
    const done = this.#waiting.get(active) ?? this.#until(active)
    this.#waiting.set(active, done)
    await raceSignal(done, signal)
  }

  #until(active: ActiveTask): Promise<void> {
    const done = this.#look(active)
    // each who waits hears of a failure by himself
    done.catch(() => {})
    return done
  }

  async #look(active: ActiveTask): Promise<void> {
    while (!this.#isDone(active)) await active.changed()
  }
}
