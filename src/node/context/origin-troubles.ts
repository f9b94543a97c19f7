// Which origins this node could not reach for which tasks a moment ago: its tries are used up once, and not for each who asks.
import { LRUCache } from 'lru-cache'

/** Tasks that are remembered; the one that is asked about least goes first. */
export const MAX_TROUBLES = 1000
/**
 * It is read with few tries for so long, milliseconds: longer than all who are asked one after the other take. Who has come back
 * answers the first of these tries, and then has as many as ever.
 */
export const FEW_TRIES_MS = 30_000

/** The origin cannot be reached from here; the host there has said nothing. */
export const OUT_OF_REACH: ReadonlySet<string> = new Set(['origin-unreachable', 'origin-unknown-host', 'origin-timeout'])

/** Told the time: milliseconds of a clock that never goes back. */
export class OriginTroubles {
  /** When the tries were used up, by id of the task. */
  readonly #since = new LRUCache<string, number>({ max: MAX_TROUBLES })

  failed(task: string, now: number): void {
    this.#since.set(task, now)
  }

  isRecent(task: string, now: number): boolean {
    return now < (this.#since.get(task) ?? -Infinity) + FEW_TRIES_MS
  }
}
