// How much of a connection may be on its way through the link worker that holds its socket: waking a thread takes tens of microseconds, so
// that much at a time is cheap; but what comes behind it waits, so that it is little on a slow line.

const MIN = 64 * 1024
const MAX = 2 * 1024 * 1024
/** The half of it is written within so many milliseconds: then there may be more. */
const FAST_MS = 10

interface Asked {
  bytes: number
  at: number
}

export class SendRoom {
  #most = MIN
  /** Given on, and the worker was not asked to say when it is written. */
  #unasked = 0
  readonly #asked: Asked[] = []
  #underWay = 0

  get isFull(): boolean {
    return this.#underWay >= this.#most
  }

  /** So many bytes are given on. True: the worker is to say when all so far is written. `now`: milliseconds. */
  give(bytes: number, now: number): boolean {
    this.#underWay += bytes
    this.#unasked += bytes
    if (this.#unasked < this.#most / 2 && !this.isFull) return false
    this.#asked.push({ bytes: this.#unasked, at: now })
    this.#unasked = 0
    return true
  }

  /** What it was asked first for is written. */
  written(now: number): void {
    const asked = this.#asked.shift()
    if (asked === undefined) return
    this.#underWay -= asked.bytes
    const isFast = now - asked.at <= FAST_MS
    // never below what nobody is going to tell of: it would be full for ever
    const least = Math.max(MIN, 2 * this.#unasked)
    this.#most = isFast ? Math.min(2 * this.#most, MAX) : Math.max(this.#most / 2, least)
  }
}
