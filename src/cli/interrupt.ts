// Handles SIGINT, SIGTERM and SIGHUP: the first one stops the command, the second one ends the process at once.
import { HUNG_UP, INTERRUPTED, TERMINATED } from './exit-codes.ts'

const EXIT_CODES = { SIGINT: INTERRUPTED, SIGTERM: TERMINATED, SIGHUP: HUNG_UP }
type SignalName = keyof typeof EXIT_CODES
const SIGNALS = Object.keys(EXIT_CODES) as SignalName[]

export class Interrupt implements Disposable {
  readonly #controller = new AbortController()
  readonly #listener = (name: SignalName): void => {
    // under nohup
    if (name === 'SIGHUP' && process.env.DRAGONFLY_NOHUP !== undefined) return
    if (this.#controller.signal.aborted) process.exit(EXIT_CODES[name])
    this.#exitCode = EXIT_CODES[name]
    this.#controller.abort()
  }
  #exitCode: number | undefined

  constructor() {
    for (const name of SIGNALS) process.on(name, this.#listener)
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** As a first signal would, from within. */
  end(): void {
    this.#controller.abort()
  }

  /** 129, 130 or 143 after a signal. */
  get exitCode(): number | undefined {
    return this.#exitCode
  }

  /** Resolves with the first signal, or after `ms` when given. */
  async wait(ms?: number): Promise<void> {
    if (this.signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    // Without a limit the timer only keeps the process alive: a pending promise alone does not.
    const timer = ms === undefined ? setInterval(() => {}, 2 ** 30) : setTimeout(resolve, ms)
    this.signal.addEventListener('abort', () => resolve(), { once: true })
    await promise
    clearTimeout(timer)
  }

  [Symbol.dispose](): void {
    for (const name of SIGNALS) process.off(name, this.#listener)
  }
}
