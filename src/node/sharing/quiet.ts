// When what changes all the time is worth a look: after a moment without a change, and from time to time although there is none.

export interface QuietTimes {
  /** Without a change before it is time, ms. */
  quiet: number
  /** From the first change on, ms: it is time although it changes on. */
  most: number
}

export class Quiet {
  readonly #times: QuietTimes
  #since: number | undefined
  #timer: NodeJS.Timeout | undefined
  #due = Promise.withResolvers<void>()

  constructor(times: QuietTimes) {
    this.#times = times
  }

  /** Something has changed. */
  readonly changed = (): void => {
    const now = performance.now()
    this.#since ??= now
    clearTimeout(this.#timer)
    const left = Math.max(0, Math.min(this.#times.quiet, this.#since + this.#times.most - now))
    this.#timer = setTimeout(() => this.#due.resolve(), left)
  }

  /** Resolves when it is time: to whether something had changed, or `rest` ms have gone by. At once, when `signal` fires. */
  async next(rest: number, signal: AbortSignal): Promise<boolean> {
    const resting = Promise.withResolvers<void>()
    const timer = setTimeout(resting.resolve, rest)
    const end = () => resting.resolve()
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
    await Promise.race([this.#due.promise, resting.promise])
    signal.removeEventListener('abort', end)
    clearTimeout(timer)
    clearTimeout(this.#timer)
    const hasChanged = this.#since !== undefined
    this.#since = undefined
    this.#due = Promise.withResolvers<void>()
    return hasChanged
  }
}
