// Reports the origin's rate and the number of listeners to those who wait at a seed.
import { setTimeout as sleep } from 'node:timers/promises'
import type { ResolveReply } from '../../wire/codec-resolve.ts'
import { now } from '../context/node-context.ts'
import type { ActiveTask } from '../session/active-task.ts'
import { RateNews } from './rate-news.ts'

/** How often it is looked whether there is news. */
const LOOK_MS = 1000

export class RateReports {
  /** How many listen, by what they asked for. */
  readonly #listeners = new WeakMap<ActiveTask, number>()

  /** Somebody waits for this content. Returns what to call when he does no more. */
  listens(active: ActiveTask): () => void {
    this.#count(active, 1)
    return () => this.#count(active, -1)
  }

  /** Says what the origin gives, until the signal; nothing where we did not read it ourselves. Never rejects. */
  async tell(active: ActiveTask, say: (reply: ResolveReply) => void, signal: AbortSignal): Promise<void> {
    const news = new RateNews()
    try {
      while (!signal.aborted) {
        const told = news.next(active.gauge.rate, this.#listeners.get(active) ?? 0, now())
        if (told !== undefined) say({ type: 'origin-rate', ...told })
        await sleep(LOOK_MS, undefined, { signal })
      }
    } catch {
      // who does not listen any more misses nothing
    }
  }

  #count(active: ActiveTask, change: 1 | -1): void {
    this.#listeners.set(active, (this.#listeners.get(active) ?? 0) + change)
  }
}
