// How starved this process is: how long its main thread waits for a processor, by what the system counts (Linux).
import { readFileSync } from 'node:fs'

/** Nanoseconds that the main thread ran, and that it was ready to run and did not: two numbers at the beginning of the line. */
const COUNTS = '/proc/self/schedstat'
/** What counts is this far back, ms. */
const MEMORY_MS = 10_000
/** It is looked at most so often, ms. */
const EVERY_MS = 500
/** A host that is only busy takes so many times as long as an idle one: its clocks stay as they are. */
const USUAL = 4
/** A second of a starved process is at least this part of one. */
const LEAST_PACE = 0.1

export interface Counts {
  ranMs: number
  waitedMs: number
}

/**
 * Where many processes share few processors, whoever is waited for on the same machine is as slow as we are: a seed that answers in 0.1 s takes
 * half a minute. So the clocks by which others are judged run as slowly as this process does.
 */
export class OwnPace {
  readonly #read: () => Counts | undefined
  readonly #now: () => number
  #at: number
  #last: Counts = { ranMs: 0, waitedMs: 0 }
  /** The same, of the last seconds. */
  #recent: Counts = { ranMs: 0, waitedMs: 0 }
  #lostMs = 0

  constructor(read: () => Counts | undefined = readCounts, now: () => number = () => performance.now()) {
    this.#read = read
    this.#now = now
    this.#at = now()
    this.#look(0)
  }

  /** How many seconds of work this process does in a second of the clock, as if it had a processor for itself: 1 to `LEAST_PACE`. */
  get pace(): number {
    const { ranMs, waitedMs } = this.#recent
    if (ranMs <= 0) return 1
    return Math.min(1, Math.max(LEAST_PACE, (USUAL * ranMs) / (ranMs + waitedMs)))
  }

  /** What takes so many milliseconds otherwise, at our pace; at most so many times as long. A whole number, as timers want it. */
  stretched(ms: number, most: number): number {
    return Math.round(ms * Math.min(most, 1 / this.pace))
  }

  /** Milliseconds, altogether, by which clocks that run at our pace are behind. */
  get lostMs(): number {
    const now = this.#now()
    const elapsed = now - this.#at
    if (elapsed >= EVERY_MS) {
      this.#lostMs += elapsed * (1 - this.pace)
      this.#at = now
      this.#look(elapsed)
    }
    return this.#lostMs
  }

  #look(elapsed: number): void {
    const counts = this.#read()
    if (counts === undefined) {
      this.#recent = { ranMs: 0, waitedMs: 0 }
      return
    }
    const kept = Math.exp(-elapsed / MEMORY_MS)
    this.#recent.ranMs = this.#recent.ranMs * kept + counts.ranMs - this.#last.ranMs
    this.#recent.waitedMs = this.#recent.waitedMs * kept + counts.waitedMs - this.#last.waitedMs
    this.#last = counts
  }
}

/** Undefined: this system does not say. */
function readCounts(): Counts | undefined {
  try {
    const [ran, waited] = readFileSync(COUNTS, 'latin1').split(' ').map(Number)
    if (!Number.isFinite(ran) || !Number.isFinite(waited)) return undefined
    return { ranMs: (ran as number) / 1e6, waitedMs: (waited as number) / 1e6 }
  } catch {
    return undefined
  }
}
