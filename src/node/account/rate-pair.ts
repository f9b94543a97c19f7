// The rates of both directions, of bytes that are counted elsewhere. No clock of its own.
import { RateWindow } from '../../core/rate-window.ts'
import type { LiveRates } from '../api/live.ts'

export class RatePair {
  readonly #down: RateWindow
  readonly #up: RateWindow

  /** From this moment on, when so many bytes had passed. Milliseconds of a clock that never goes back. */
  constructor(at: number, down: number, up: number) {
    this.#down = new RateWindow(at, down)
    this.#up = new RateWindow(at, up)
  }

  /** Bytes a second, now that so many have passed. */
  add(at: number, down: number, up: number): LiveRates {
    return { down: Math.max(0, Math.round(this.#down.add(at, down))), up: Math.max(0, Math.round(this.#up.add(at, up))) }
  }
}
