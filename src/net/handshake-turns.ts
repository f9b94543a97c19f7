// Lets handshakes that come in have their turns: a crowd's, all at once, would each take as long as all of them together.

/** Handshakes under way at a time, as long as each gets on. */
const MAX_TURNS = 8
/** Whoever takes longer waits for its own line, not for our processor: the next one begins beside it, milliseconds. */
const TURN_MS = 50

/**
 * First come, first served. With few under way each turn of the event loop is short, so that those who are in already, and those who only
 * ask whether we live, are answered soon. Whoever stalls holds up 8 others for 50 ms.
 */
export class HandshakeTurns {
  readonly #most: number
  readonly #turnMs: number
  #running = 0
  /** In the order in which they came. */
  readonly #waiting = new Set<() => void>()

  constructor(most: number = MAX_TURNS, turnMs: number = TURN_MS) {
    this.#most = most
    this.#turnMs = turnMs
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** Resolves to what ends the turn when it has come. Rejects when the signal is given before. */
  async enter(signal: AbortSignal | undefined): Promise<() => void> {
    signal?.throwIfAborted()
    if (this.#running >= this.#most) await this.#wait(signal)
    else this.#running++
    return this.#begin()
  }

  /** The place of whoever leaves is handed on, so that nobody who comes later takes it. */
  async #wait(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const abort = () => {
      this.#waiting.delete(resolve)
      reject(signal?.reason)
    }
    this.#waiting.add(resolve)
    signal?.addEventListener('abort', abort, { once: true })
    try {
      await promise
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  #begin(): () => void {
    let isOver = false
    const end = () => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      this.#next()
    }
    const timer = setTimeout(end, this.#turnMs)
    return end
  }

  #next(): void {
    for (const begin of this.#waiting) {
      this.#waiting.delete(begin)
      return begin()
    }
    this.#running--
  }
}
