// The latest warnings and errors, for who looks after they have happened. Nothing is kept of what goes well.
import { DragonflyError } from '../core/errors.ts'
import type { NodeEvent } from '../node/api/events.ts'
import type { LiveTrouble } from '../node/api/live.ts'

/** How many are kept. */
const MAX_KEPT = 30
/** Characters of a message: peers and origins have a say in it. */
const MAX_MESSAGE = 300

export class Troubles {
  readonly #latest: LiveTrouble[] = []

  /** The latest first. */
  get latest(): readonly LiveTrouble[] {
    return this.#latest
  }

  /** Made so that it can be handed to a feed as it is. */
  readonly heard = ({ level, code, message }: NodeEvent): void => {
    if (level === 'warn' || level === 'error') this.#add({ at: Date.now(), level, code, message })
  }

  /** A download that a program asked for has failed. `url`: without secrets. */
  failed(url: string, error: unknown): void {
    const [code, message] = error instanceof DragonflyError ? [error.code, error.message] : ['internal', 'the daemon failed']
    if (code !== 'aborted')
      this.#add({ at: Date.now(), level: 'error', code, message: message.includes('://') ? message : `${url}: ${message}` })
  }

  #add(trouble: LiveTrouble): void {
    this.#latest.unshift({ ...trouble, message: trouble.message.slice(0, MAX_MESSAGE) })
    if (this.#latest.length > MAX_KEPT) this.#latest.pop()
  }
}
