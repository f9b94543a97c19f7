// Messages to another thread: what is said in one turn of the event loop is one message.

/** What grows until it is sent. */
export interface Growing<T> {
  finish(): T
}

export class Outgoing<T extends readonly unknown[]> {
  readonly #post: (messages: T[]) => void
  #messages: (T | Growing<T>)[] = []

  constructor(post: (messages: T[]) => void) {
    this.#post = post
  }

  /** What was said last in this turn. */
  get last(): T | Growing<T> | undefined {
    return this.#messages.at(-1)
  }

  say(message: T | Growing<T>): void {
    if (this.#messages.push(message) === 1) setImmediate(this.#flush)
  }

  readonly #flush = (): void => {
    const messages = this.#messages
    this.#messages = []
    this.#post(messages.map(message => ('finish' in message ? message.finish() : message)))
  }
}
