// Waits until contents are complete: one look at each change for all who wait, a crowd or one client.
import { raceSignal } from 'race-signal'
import type { ActiveTask } from '../session/active-task.ts'

export class Completions {
  readonly #waiting = new WeakMap<ActiveTask, Promise<void>>()

  /** Resolves when the content is complete. Rejects with what ended it before, or when `signal` is given. */
  async of(active: ActiveTask, signal: AbortSignal): Promise<void> {
    if (active.isComplete) return
    const complete = this.#waiting.get(active) ?? untilComplete(active)
    this.#waiting.set(active, complete)
    await raceSignal(complete, signal)
  }
}

function untilComplete(active: ActiveTask): Promise<void> {
  const complete = look(active)
  // each who waits hears of a failure by himself
  complete.catch(() => {})
  return complete
}

async function look(active: ActiveTask): Promise<void> {
  while (!active.isComplete) await active.changed()
}
