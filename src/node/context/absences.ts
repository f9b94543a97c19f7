// For how long this process could not run although it wanted to, by how late a timer is. Measured while somebody wants to know.

/** Of the timer, ms. */
const EVERY_MS = 50
/** Less is the usual lateness of timers, ms. */
const LEAST_MS = 25

export class Absences {
  #total = 0
  #watchers = 0
  #timer: NodeJS.Timeout | undefined
  #dueAt = 0

  /** Milliseconds altogether, as far as anybody watched. */
  get total(): number {
    // one that lasts: timers that are due run one after the other, and ours may be the last of them
    if (this.#timer !== undefined) this.#look()
    return this.#total
  }

  /** Returns what ends it; safe to call twice. */
  watch(): () => void {
    if (this.#watchers++ === 0) {
      this.#dueAt = performance.now() + EVERY_MS
      this.#timer = setInterval(() => this.#look(), EVERY_MS).unref()
    }
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      if (--this.#watchers > 0) return
      clearInterval(this.#timer)
      this.#timer = undefined
    }
  }

  #look(): void {
    const now = performance.now()
    if (now < this.#dueAt) return
    const late = now - this.#dueAt
    if (late >= LEAST_MS) this.#total += late
    this.#dueAt = now + EVERY_MS
  }
}
