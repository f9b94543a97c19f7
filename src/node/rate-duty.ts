// Tells those who wait at a seed what the origin gives to it, and how many they are.
import { setTimeout as sleep } from 'node:timers/promises'
import type { ResolveReply } from '../wire/codec-resolve.ts'
import { now } from './context.ts'
import { RateNews } from './rate-news.ts'
import type { Session } from './session.ts'

/** How often it is looked whether there is news. */
const LOOK_MS = 1000

export class RateDuty {
  /** How many listen, by what they asked for. */
  readonly #listeners = new WeakMap<Session, number>()

  /** Somebody waits for this content. Returns what to call when he does no more. */
  listens(session: Session): () => void {
    this.#count(session, 1)
    return () => this.#count(session, -1)
  }

  /** Says what the origin gives, until the signal; nothing where we did not read it ourselves. Never rejects. */
  async tell(session: Session, say: (reply: ResolveReply) => void, signal: AbortSignal): Promise<void> {
    const news = new RateNews()
    try {
      while (!signal.aborted) {
        const told = news.next(session.gauge.rate, this.#listeners.get(session) ?? 0, now())
        if (told !== undefined) say({ type: 'origin-rate', ...told })
        await sleep(LOOK_MS, undefined, { signal })
      }
    } catch {
      // who does not listen any more misses nothing
    }
  }

  #count(session: Session, change: 1 | -1): void {
    this.#listeners.set(session, (this.#listeners.get(session) ?? 0) + change)
  }
}
