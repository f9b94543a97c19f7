// The abort scope of one call: it ends with the caller's signal, with `stop`, or when the call gives up.
import { abortError, DragonflyError } from '../core/errors.ts'

/** All calls that are under way, so that `stop` can end them. */
export class AbortScopes {
  readonly #open = new Set<AbortScope>()
  #stopped = false

  /** Rejects with the abort if the caller's signal has fired, or after `stop`. */
  begin(signal?: AbortSignal): AbortScope {
    if (this.#stopped) throw stopped()
    if (signal?.aborted) throw abortError(signal)
    const abortScope = new AbortScope(signal, () => this.#open.delete(abortScope))
    this.#open.add(abortScope)
    return abortScope
  }

  stop(): void {
    this.#stopped = true
    for (const abortScope of [...this.#open]) abortScope.abort(stopped())
  }
}

export class AbortScope {
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
