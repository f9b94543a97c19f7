// The abort signal of one call: it fires with the caller's, with `stop`, or when the call itself is given up.
import { abortError, DragonflyError } from '../core/errors.ts'

/** All calls that are under way, so that `stop` can end them. */
export class Lifelines {
  readonly #open = new Set<Lifeline>()
  #stopped = false

  /** Rejects with the abort if the caller's signal has fired, or after `stop`. */
  begin(signal?: AbortSignal): Lifeline {
    if (this.#stopped) throw stopped()
    if (signal?.aborted) throw abortError(signal)
    const lifeline = new Lifeline(signal, () => this.#open.delete(lifeline))
    this.#open.add(lifeline)
    return lifeline
  }

  stop(): void {
    this.#stopped = true
    for (const lifeline of [...this.#open]) lifeline.abort(stopped())
  }
}

export class Lifeline {
  readonly #controller = new AbortController()
  readonly #outer: AbortSignal | undefined
  readonly #onEnd: () => void
  readonly #onOuter = (): void => this.abort(this.#outer?.reason)

  constructor(outer: AbortSignal | undefined, onEnd: () => void) {
    this.#outer = outer
    this.#onEnd = onEnd
    outer?.addEventListener('abort', this.#onOuter, { once: true })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason)
    this.end()
  }

  /** The call is over: nothing of it stays behind at the caller's signal. Safe to call twice. */
  end(): void {
    this.#outer?.removeEventListener('abort', this.#onOuter)
    this.#onEnd()
  }
}

function stopped(): DragonflyError {
  return new DragonflyError('aborted', 'the origin client was stopped')
}
