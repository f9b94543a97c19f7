// Ends the wait for a swarm: its reader left, it was silent, or its answer is not needed any more.

/** Aborts with another signal, at once, or after a silence. */
export class Stop {
  readonly #own = new AbortController()
  readonly #outer: AbortSignal
  #timer: NodeJS.Timeout | undefined
  readonly now = (): void => this.#own.abort()

  constructor(outer: AbortSignal) {
    this.#outer = outer
    if (outer.aborted) this.now()
    outer.addEventListener('abort', this.now)
  }

  get signal(): AbortSignal {
    return this.#own.signal
  }

  within(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.now, ms)
  }

  hold(): void {
    clearTimeout(this.#timer)
  }

  [Symbol.dispose](): void {
    this.hold()
    this.#outer.removeEventListener('abort', this.now)
  }
}
