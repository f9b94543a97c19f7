// Applies the limits that a node was given: those of this time of the day, and shares of the measured line.
import { isVariable, parseRateLimit, type RateLimit, rateAt } from '../../core/rate-limit.ts'
import type { RateLimits } from '../../swarm/rates.ts'
import type { Limits, LimitsNow } from '../api/limits.ts'
import type { Pacing } from './pacing.ts'

/** How often limits that depend on the time, or on the line, are looked at. */
const LOOK_MS = 1000

type Parsed = { readonly [K in keyof Limits]?: RateLimit }

export class LimitSchedule {
  readonly #pacing: Pacing
  #limits: Limits = {}
  #parsed: Parsed = {}
  #timer: NodeJS.Timeout | undefined

  constructor(pacing: Pacing) {
    this.#pacing = pacing
  }

  /** In place of all before. Throws `bad-option`, and changes nothing then. */
  set({ down, up, total }: Limits): void {
    const limits = {
      ...(down !== undefined && { down }),
      ...(up !== undefined && { up }),
      ...(total !== undefined && { total }),
    }
    const parsed = Object.fromEntries(Object.entries(limits).map(([name, limit]) => [name, parseRateLimit(limit)]))
    this.#limits = limits
    this.#parsed = parsed
    this.stop()
    this.#look()
    if (Object.values(this.#parsed).some(isVariable)) this.#timer = setInterval(() => this.#look(), LOOK_MS).unref()
  }

  get(): LimitsNow {
    const { down, up, total } = this.#pacing.limits
    return {
      ...this.#limits,
      now: {
        ...(down !== undefined && { down }),
        ...(up !== undefined && { up }),
        ...(total !== undefined && { total }),
      },
    }
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const time = new Date()
    const minute = time.getHours() * 60 + time.getMinutes()
    const { down, up } = this.#pacing.line
    const best = down.best === undefined && up.best === undefined ? undefined : (down.best ?? 0) + (up.best ?? 0)
    const { down: ofDown, up: ofUp, total } = this.#parsed
    const limits: RateLimits = {
      down: ofDown && rateAt(ofDown, minute, down.best),
      up: ofUp && rateAt(ofUp, minute, up.best),
      total: total && rateAt(total, minute, best),
    }
    this.#pacing.limit(limits)
  }
}
