// Decides when a content is read again from its first byte because nothing safe joins the rest, or it has changed.
import type { DragonflyError } from '../core/errors.ts'
import { AnotherVersionError, OtherCodingError, UnjoinableError } from './failures.ts'
import { MAX_BACKOFF_MS } from './patience.ts'

/** Restarts in a row that came no further. */
const MAX_FRUITLESS = 5
/** Restarts in all: each may read the whole content. */
export const MAX_RESTARTS = 20
/** Answers in another coding that take none of the tries: nothing of them is read, and they may have been whole. */
const MAX_SPARED = 3
const BACKOFF_MS = 250

/**
 * Counts the restarts of one download, in all its attempts: it ends after six reads in a row that came no further than any
 * before, which is as many as `curl --retry 5` makes. Pure: it is told what failed and where, and says how long to wait.
 */
export class Restarts {
  #count = 0
  #fruitless = 0
  #furthest = 0
  #spared = 0

  /**
   * Milliseconds to wait before the content is read from its first byte again, what is here being compared; undefined when
   * it shall not be. `reached`: bytes from the start that are here.
   */
  after(error: DragonflyError, reached: number): number | undefined {
    // any other failure has been tried again often enough by the read itself
    if (!(error instanceof UnjoinableError || error instanceof AnotherVersionError)) return undefined
    if (error instanceof OtherCodingError && this.#spared < MAX_SPARED) {
      this.#spared++
      return BACKOFF_MS
    }
    return this.anew(reached)
  }

  /** The same when the content that was begun is given up for another one. */
  anew(reached: number): number | undefined {
    this.#fruitless = reached > this.#furthest ? 1 : this.#fruitless + 1
    this.#furthest = Math.max(this.#furthest, reached)
    if (this.#fruitless > MAX_FRUITLESS || ++this.#count > MAX_RESTARTS) return undefined
    return Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** (this.#fruitless - 1))
  }
}
