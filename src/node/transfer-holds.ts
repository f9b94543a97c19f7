// Keeps a transfer going between two of its parts, which a client may ask for one after the other.
import { now } from './context/node-context.ts'
import type { ActiveTask } from './session/active-task.ts'

/** Since the last part was read, ms. */
const HOLD_MS = 10_000

export class TransferHolds {
  /** Until when each is held. */
  readonly #until = new Map<ActiveTask, number>()

  /** `leave` is called at once where the task is held already or has nothing to wait for, and else when it is complete or nobody has come. */
  async hold(active: ActiveTask, leave: () => Promise<void>): Promise<void> {
    const isHeld = this.#until.has(active)
    if (!isUnderWay(active)) return await leave()
    this.#until.set(active, now() + HOLD_MS)
    if (isHeld) return await leave()
    void this.#wait(active).then(leave, leave)
  }

  async #wait(active: ActiveTask): Promise<void> {
    try {
      for (let left = HOLD_MS; left > 0 && isUnderWay(active); left = (this.#until.get(active) ?? 0) - now())
        await active.changed(AbortSignal.timeout(Math.ceil(left))).catch(() => {})
    } finally {
      this.#until.delete(active)
    }
  }
}

function isUnderWay({ isComplete, hasFailed, isClosed }: ActiveTask): boolean {
  return !isComplete && !hasFailed && !isClosed
}
