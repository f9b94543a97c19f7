// Messages to another thread: what is said in one turn of the event loop is one message.

export class Outgoing<T> {
  readonly #post: (messages: T[]) => void
  #messages: T[] = []

  constructor(post: (messages: T[]) => void) {
    this.#post = post
  }

  /** What was said last in this turn. */
  get last(): T | undefined {
    return this.#messages.at(-1)
  }

  say(message: T): void {
    if (this.#messages.push(message) === 1) setImmediate(this.flush)
  }

  readonly flush = (): void => {
    const messages = this.#messages
    if (messages.length === 0) return
    this.#messages = []
    this.#post(messages)
  }
}
