// Reports the origin's rate and the number of listeners to those who wait at a seed.
import type { ResolveReply } from '../../wire/codec-resolve.ts'
import { now } from '../context/node-context.ts'
import type { OriginGauge } from '../session/origin-gauge.ts'
import { RateNews } from './rate-news.ts'

/** How often it is looked whether there is news. */
const LOOK_MS = 1000

interface Listener {
  readonly gauge: OriginGauge
  readonly news: RateNews
  readonly say: (reply: ResolveReply) => void
}

export class RateReports {
  /** How many listen, by the gauge of what they asked for: the content itself may be closed meanwhile. */
  readonly #counts = new WeakMap<OriginGauge, number>()
  readonly #listeners = new Set<Listener>()
  /** One for all: a crowd's own would each wake up by themselves. */
  #timer: NodeJS.Timeout | undefined

  /** Somebody waits for this content. Returns what to call when he does no more. */
  listens(gauge: OriginGauge): () => void {
    this.#count(gauge, 1)
    return () => this.#count(gauge, -1)
  }

  /** Says what the origin gives, from now until the signal; nothing where we did not read it ourselves. `say` does not throw. */
  tell(gauge: OriginGauge, say: (reply: ResolveReply) => void, signal: AbortSignal): void {
    if (signal.aborted) return
    const listener = { gauge, news: new RateNews(), say }
    this.#listeners.add(listener)
    signal.addEventListener('abort', () => this.#leaves(listener), { once: true })
    this.#timer ??= setInterval(() => {
      for (const each of this.#listeners) this.#look(each)
    }, LOOK_MS).unref()
    this.#look(listener)
  }

  #look({ gauge, news, say }: Listener): void {
    const told = news.next(gauge.rate, this.#counts.get(gauge) ?? 0, now())
    if (told !== undefined) say({ type: 'origin-rate', ...told })
  }

  #leaves(listener: Listener): void {
    this.#listeners.delete(listener)
    if (this.#listeners.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #count(gauge: OriginGauge, change: 1 | -1): void {
    this.#counts.set(gauge, (this.#counts.get(gauge) ?? 0) + change)
  }
}
