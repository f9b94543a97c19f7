// Reports the origin's rate and the number of listeners to those who wait at a seed.
import { setTimeout as sleep } from 'node:timers/promises'
import type { ResolveReply } from '../../wire/codec-resolve.ts'
import { now } from '../context/node-context.ts'
import type { OriginGauge } from '../session/origin-gauge.ts'
import { RateNews } from './rate-news.ts'

/** How often it is looked whether there is news. */
const LOOK_MS = 1000

export class RateReports {
  /** How many listen, by the gauge of what they asked for: the content itself may be closed meanwhile. */
  readonly #listeners = new WeakMap<OriginGauge, number>()

  /** Somebody waits for this content. Returns what to call when he does no more. */
  listens(gauge: OriginGauge): () => void {
    this.#count(gauge, 1)
    return () => this.#count(gauge, -1)
  }

  /** Says what the origin gives, until the signal; nothing where we did not read it ourselves. Never rejects. */
  async tell(gauge: OriginGauge, say: (reply: ResolveReply) => void, signal: AbortSignal): Promise<void> {
    const news = new RateNews()
    try {
      while (!signal.aborted) {
        const told = news.next(gauge.rate, this.#listeners.get(gauge) ?? 0, now())
        if (told !== undefined) say({ type: 'origin-rate', ...told })
        await sleep(LOOK_MS, undefined, { signal })
      }
    } catch {
      // who does not listen any more misses nothing
    }
  }

  #count(gauge: OriginGauge, change: 1 | -1): void {
    this.#listeners.set(gauge, (this.#listeners.get(gauge) ?? 0) + change)
  }
}
