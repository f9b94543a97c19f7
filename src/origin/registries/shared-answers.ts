// One question, one answer: whoever asks the same while it is under way waits for it, and later ones get it until it expires.
import { LRUCache } from 'lru-cache'
import { raceSignal } from 'race-signal'
import { DragonflyError } from '../../core/errors.ts'

/** How long a refusal holds, and any other failure, ms: short, since somebody may be repairing it. */
const REFUSAL_LIFE_MS = 10_000
const FAILURE_LIFE_MS = 2000
const MAX_FAILURE_LIFE_MS = 60_000

export interface Answer<T> {
  value: T
  /** Milliseconds from now; 0: only those who wait get it. */
  lifeMs: number
}

type Kept<T> = { value: T } | { error: unknown }

/** `max`: answers that are kept, the least recently used one goes first. */
export class SharedAnswers<T> {
  readonly #underWay = new Map<string, Promise<T>>()
  readonly #kept: LRUCache<string, Kept<T>>

  constructor(max: number) {
    this.#kept = new LRUCache({ max })
  }

  /**
   * `signal` ends the caller's wait only: `ask` goes on for the others, and has to end by a clock of its own. Rejects as `ask`
   * did, also for a short time afterwards.
   */
  async get(key: string, ask: () => Promise<Answer<T>>, signal: AbortSignal): Promise<T> {
    const kept = this.#kept.get(key)
    if (kept !== undefined) {
      if ('error' in kept) throw kept.error
      return kept.value
    }
    let asked = this.#underWay.get(key)
    if (asked === undefined) {
      asked = this.#ask(key, ask).finally(() => this.#underWay.delete(key))
      this.#underWay.set(key, asked)
      // everybody who waits may have gone
      asked.catch(() => {})
    }
    return await raceSignal(asked, signal)
  }

  delete(key: string): void {
    this.#kept.delete(key)
  }

  async #ask(key: string, ask: () => Promise<Answer<T>>): Promise<T> {
    try {
      const { value, lifeMs } = await ask()
      if (lifeMs >= 1) this.#kept.set(key, { value }, { ttl: lifeMs })
      return value
    } catch (error) {
      this.#kept.set(key, { error }, { ttl: failureLife(error) })
      throw error
    }
  }
}

function failureLife(error: unknown): number {
  if (!(error instanceof DragonflyError)) return FAILURE_LIFE_MS
  if (error.retryAfter !== undefined) return Math.min(Math.max(error.retryAfter, 1), MAX_FAILURE_LIFE_MS)
  return error.code === 'origin-forbidden' ? REFUSAL_LIFE_MS : FAILURE_LIFE_MS
}
