// Decides when to search the DHT: at once, then less and less often.
import type { Deadlines } from './deadlines.ts'
import type { SourcePolicy } from './source-events.ts'

/** A search that has not ended after so many times its patience is taken for lost. */
const LOST_SEARCH = 3

export class DhtTurns {
  readonly #policy: SourcePolicy
  readonly #deadlines: Deadlines
  readonly #isThere: boolean
  /** When the search that is under way began. */
  #begunAt: number | undefined
  #againAt = -Infinity
  #pauseMs: number
  #hasSearched: boolean
  /** When what the last search found has had its chance. */
  #metAt = -Infinity
  readonly #meetMs: number

  /** `isThere`: whether this node knows a way into the DHT; `isNext`: whether it takes over from others, whose neighbours are on their way to it. */
  constructor(isThere: boolean, isNext: boolean, policy: SourcePolicy, deadlines: Deadlines) {
    this.#policy = policy
    this.#meetMs = isNext ? policy.meetMs : 0
    this.#deadlines = deadlines
    this.#isThere = isThere
    this.#pauseMs = policy.dhtAgainMs
    this.#hasSearched = !isThere
  }

  /** Whether a search has ended, or there is nothing to search. */
  get hasSearched(): boolean {
    return this.#hasSearched
  }

  /** The same, and those that it found have had time to link. */
  get hasMet(): boolean {
    return this.#hasSearched && this.#deadlines.isDue(this.#metAt)
  }

  get isSearching(): boolean {
    return this.#begunAt !== undefined
  }

  ended(now: number): void {
    if (this.#begunAt === undefined) return
    this.#begunAt = undefined
    this.#hasSearched = true
    this.#metAt = now + this.#meetMs
    this.#againAt = now + this.#pauseMs
    this.#pauseMs = Math.min(this.#policy.maxDhtAgainMs, 2 * this.#pauseMs)
  }

  /** The last neighbour has gone: somebody else may be there. */
  lonely(now: number): void {
    this.#pauseMs = this.#policy.dhtAgainMs
    this.#againAt = Math.min(this.#againAt, now + this.#pauseMs)
  }

  /** Whether to begin a search now. */
  isDue(links: number): boolean {
    const { now } = this.#deadlines
    const { dhtMs, enoughLinks } = this.#policy
    if (this.#begunAt !== undefined && this.#deadlines.isDue(this.#begunAt + LOST_SEARCH * dhtMs)) this.ended(now)
    if (!this.#isThere || this.#begunAt !== undefined || (links >= enoughLinks && this.#hasSearched)) return false
    if (!this.#deadlines.isDue(this.#againAt)) return false
    this.#begunAt = now
    this.#deadlines.isDue(now + LOST_SEARCH * dhtMs)
    return true
  }
}
