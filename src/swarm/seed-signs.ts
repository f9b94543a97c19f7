// Keeps what shows whether the process of a seed that is silent lives: a host whose kernel accepts connections says nothing of that.
import type { Deadlines } from './deadlines.ts'
import type { SourcePolicy } from './source-events.ts'

/** A look that takes so many times as long as the longest one that was answered shows that nobody lives there any more. */
const PATIENCE = 4

/** Looks at one seed at a time, again and again while it is silent. */
export class SeedSigns {
  readonly #policy: Pick<SourcePolicy, 'lookAgainMs' | 'lookAnswerMs'>
  readonly #deadlines: Deadlines
  #seed: string | undefined
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
    this.#againAt = now + this.#policy.lookAgainMs
  }

  /** Nobody is there, or it does nothing for us. A look that is under way is still answered. */
  forget(): void {
    this.#aliveAt = undefined
    this.#answerMs = 0
  }

  late(ms: number): void {
    if (this.#lookedAt !== undefined) this.#lookedAt += ms
  }

  /** Until when it is taken to live, if it does not say more; -Infinity: nothing shows that it does. */
  get aliveUntil(): number {
    const { lookAgainMs, lookAnswerMs } = this.#policy
    if (this.#aliveAt === undefined) return -Infinity
    const since = this.#lookedAt ?? this.#aliveAt + lookAgainMs
    return since + Math.max(lookAnswerMs, PATIENCE * this.#answerMs)
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
