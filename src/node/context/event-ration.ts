// Limits how many events of one code are told, where strangers choose how often it happens.
import type { EventCode } from '../api/events.ts'

/** Milliseconds for which a ration is. */
export const RATION_MS = 60_000
/** Events of one code that are told in that time: enough to see what goes on, too few to fill a log. */
export const RATION = 20

export class EventRation {
  readonly #windows = new Map<EventCode, { begun: number; told: number }>()

  /** Whether to tell an event at `now` (ms), to say instead that no more are told, or nothing. */
  take(code: EventCode, now: number): 'tell' | 'say-withheld' | 'withhold' {
    let window = this.#windows.get(code)
    if (window === undefined || now - window.begun >= RATION_MS) {
      window = { begun: now, told: 0 }
      this.#windows.set(code, window)
    }
    window.told++
    if (window.told <= RATION) return 'tell'
    return window.told === RATION + 1 ? 'say-withheld' : 'withhold'
  }
}
