// One terminal line that shows the progress of a long run and disappears at the end.
import type { Sink } from './report.ts'

/** A shorter run, milliseconds, says nothing. */
const QUIET_MS = 1000
/** Where the terminal does not say, or says 0. */
const DEFAULT_COLUMNS = 80
const CLEAR = '\r\x1b[K'

export class ProgressLine {
  readonly #sink: Sink
  readonly #now: () => number
  readonly #start: number
  #isShown = false

  /** On anything but a terminal it says nothing. `now` in milliseconds, on a clock that never goes back. */
  constructor(sink: Sink, now: () => number = () => performance.now()) {
    this.#sink = sink
    this.#now = now
    this.#start = now()
  }

  /** In place of the line before. */
  show(words: string): void {
    if (this.#sink.isTTY !== true || this.#now() - this.#start < QUIET_MS) return
    this.#isShown = true
    this.#sink.write(`${CLEAR}${words.slice(0, Math.max(1, (this.#sink.columns || DEFAULT_COLUMNS) - 1))}`)
  }

  clear(): void {
    if (this.#isShown) this.#sink.write(CLEAR)
    this.#isShown = false
  }
}
