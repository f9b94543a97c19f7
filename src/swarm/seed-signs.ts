// Keeps what shows whether the process of a seed that is silent lives: a host whose kernel accepts connections says nothing of that.
import type { Deadlines } from './deadlines.ts'
import type { SourcePolicy } from './source-events.ts'

/** A look that takes so many times as long as the longest one that was answered shows that nobody lives there any more. */
const PATIENCE = 4
/** Between two looks it is left alone for so many times as long as the longest answer took. */
const LEISURE = 3

/** Looks at one seed at a time, again and again while it is silent. */
export class SeedSigns {
  readonly #policy: Pick<SourcePolicy, 'lookAgainMs' | 'lookAnswerMs'>
  readonly #deadlines: Deadlines
  #seed: string | undefined
  #listening: string | undefined
  /** When the look that is under way began. */
  #lookedAt: number | undefined
  #againAt = -Infinity
  /** When it last answered a look. */
  #aliveAt: number | undefined
  /** The longest that an answer took. */
  #answerMs = 0

  constructor(policy: Pick<SourcePolicy, 'lookAgainMs' | 'lookAnswerMs'>, deadlines: Deadlines) {
    this.#policy = policy
    this.#deadlines = deadlines
  }

  /** Its host accepts connections, though it does not answer. */
  listens(seed: string): void {
    this.#listening = seed
  }

  /** Whether it was busy when it was last asked: giving up a connection early would cost it another one. */
  isListening(seed: string): boolean {
    return this.#listening === seed
  }

  /** When the seed last answered a look; undefined: it did not, or is gone. */
  aliveAt(seed: string): number | undefined {
    return this.#seed === seed ? this.#aliveAt : undefined
  }

  /** Whether one that is silent since `quietAt` is to be looked at now; then that is taken for done. */
  isLookDue(seed: string, quietAt: number): boolean {
    if (this.#seed !== seed) {
      // one at a time: what an answer says is about the seed that was looked at
      if (this.#lookedAt !== undefined) return false
      this.forget()
      this.#seed = seed
    }
    if (this.#lookedAt !== undefined || !this.#deadlines.isDue(Math.max(quietAt, this.#againAt))) return false
    this.#lookedAt = this.#deadlines.now
    return true
  }

  looked(seed: string, lives: boolean, now: number): void {
    if (this.#seed !== seed || this.#lookedAt === undefined) return
    this.#answerMs = lives ? Math.max(this.#answerMs, now - this.#lookedAt) : 0
    this.#aliveAt = lives ? now : undefined
    this.#lookedAt = undefined
    this.#againAt = now + this.#pauseMs
  }

  /** Nobody is there, or it does nothing for us. A look that is under way is still answered. */
  forget(): void {
    this.#aliveAt = undefined
    this.#answerMs = 0
    this.#listening = undefined
  }

  late(ms: number, now: number): void {
    if (this.#lookedAt !== undefined) this.#lookedAt = Math.min(now, this.#lookedAt + ms)
  }

  /** Until when it is taken to live, if it does not say more; -Infinity: nothing shows that it does. */
  get aliveUntil(): number {
    if (this.#aliveAt === undefined) return -Infinity
    const since = this.#lookedAt ?? this.#aliveAt + this.#pauseMs
    return since + Math.max(this.#policy.lookAnswerMs, PATIENCE * this.#answerMs)
  }

  /** Where answers take long, the looks of a crowd would be all that the seed does. */
  get #pauseMs(): number {
    return Math.max(this.#policy.lookAgainMs, LEISURE * this.#answerMs)
  }

  get isAlive(): boolean {
    return this.aliveUntil !== -Infinity && !this.#deadlines.isDue(this.aliveUntil)
  }

  /**
   * Whether a look at it that began at `since` or later has been under way for `ms` without an answer, longer where earlier ones took
   * long: a program that lives answers before it does anything else.
   */
  isUnanswered(seed: string, since: number, ms: number): boolean {
    if (this.#seed !== seed || this.#lookedAt === undefined || this.#lookedAt < since) return false
    return this.#deadlines.isDue(this.#lookedAt + Math.max(ms, PATIENCE * this.#answerMs))
  }

  /** When a look that is under way is to have been answered; -Infinity: none is. */
  get answerDueAt(): number {
    return this.#lookedAt === undefined ? -Infinity : this.#lookedAt + this.#policy.lookAnswerMs
  }
}
