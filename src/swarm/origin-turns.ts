// Decides on our own reads of the origin: never two at once, and only a few in vain.
import type { Deadlines } from './deadlines.ts'
import type { OriginFailure, SourceAction, SourcePolicy } from './source-events.ts'

type How = Extract<SourceAction, { type: 'read-origin' }>['how']

export interface OriginTurnsOptions {
  policy: SourcePolicy
  deadlines: Deadlines
  intend(action: SourceAction): void
}

export class OriginTurns {
  readonly #policy: SourcePolicy
  readonly #deadlines: Deadlines
  readonly #intend: (action: SourceAction) => void
  #how: How | undefined
  #movedAt = 0
  #readTo: number | undefined
  /** Reads since anything grew. */
  #inVain = 0
  #againAt = -Infinity
  #givesRanges = true
  #hasRanges = false
  #activeRanges = 0
  /** It will not be read any more. */
  #isHopeless = false
  /** The last read failed, and nothing has grown since. */
  #hasFailed = false
  #isWholeDue = false
  #isRestDue = false
  #why: 'origin' | 'origin-changed' = 'origin'

  constructor({ policy, deadlines, intend }: OriginTurnsOptions) {
    this.#policy = policy
    this.#deadlines = deadlines
    this.#intend = intend
  }

  get isReading(): boolean {
    return this.#how !== undefined
  }

  /** How many pieces were known when our read came to the end of the content. */
  get readTo(): number | undefined {
    return this.#readTo
  }

  /** Whether our read began when nothing was known of the content. */
  get readsAnew(): boolean {
    return this.#how === 'new'
  }

  /** Whether it reads single pieces now. */
  get readsRanges(): boolean {
    return this.#activeRanges > 0
  }

  /** Whether the origin gives ranges, as far as is known. */
  get givesRanges(): boolean {
    return this.#givesRanges
  }

  /** Whether the origin is of no use now. */
  get isTroubled(): boolean {
    return this.#isHopeless || this.#hasFailed
  }

  /** What is wrong with it, once it is troubled. */
  get why(): 'origin' | 'origin-changed' {
    return this.#why
  }

  /**
   * Whether a whole read is to follow at once: the last one could not go on where it should, or what others give is too slow, and the
   * digests up to the end are known (`sealed`).
   */
  isWholeDue(sealed: boolean): boolean {
    return this.#isWholeDue || (sealed && this.#isRestDue)
  }

  /** Whether the rest is to be read at once, whoever else reads it: what others give is too slow. */
  get isRestDue(): boolean {
    return this.#isRestDue
  }

  /** Another host reads the same for us, or does not any more. */
  shared(isOver: boolean): void {
    this.#isRestDue = isOver && this.#how === undefined
    if (!isOver) this.stop()
  }

  /** Something was added to what we have. */
  grew(): void {
    this.#inVain = 0
    this.#hasFailed = false
  }

  moved(now: number): void {
    this.#movedAt = now
  }

  /** So many single pieces are being read by range. */
  ranges(active: number): void {
    this.#activeRanges = this.#hasRanges ? active : 0
  }

  /** A single piece did not come, whatever the reader tried. */
  failedRange(): void {
    if (!this.#hasRanges) return
    this.#hasFailed = true
    this.#why = 'origin'
  }

  refusedRanges(): void {
    this.#givesRanges = false
    this.#setRanges(false)
  }

  /** May begin a read now: none is under way, and the pause after the last failure is over. */
  get isFree(): boolean {
    return this.#how === undefined && this.#activeRanges === 0 && !this.#isHopeless && this.#deadlines.isDue(this.#againAt)
  }

  read(how: How, from: number): void {
    if (++this.#inVain > this.#policy.maxReads) {
      this.#isHopeless = true
      return
    }
    this.#setRanges(false)
    this.#isWholeDue = false
    this.#isRestDue = false
    this.#how = how
    this.#movedAt = this.#deadlines.now
    this.#deadlines.isDue(this.#movedAt + this.#policy.readMs)
    this.#intend({ type: 'read-origin', how, from })
  }

  /** Our read came to the end of the content: what is missing of so many pieces is no read in order. */
  ended(count: number | undefined): void {
    this.#readTo = count
    this.#how = undefined
  }

  /** Answers whether the whole download has failed by that. `isBegun`: a version of the content is known. */
  failed(why: OriginFailure, isBegun: boolean, now: number): boolean {
    const how = this.#how
    this.#how = undefined
    this.#why = why === 'changed' ? 'origin-changed' : 'origin'
    if (how !== 'whole' && (why === 'no-ranges' || why === 'changed')) {
      // a version that was begun can be gone on with only where its bytes are the same, which a whole read shows; what was only
      // cached belongs to a version that is gone, and the next read begins without it
      if (isBegun) this.refusedRanges()
      this.#isWholeDue = isBegun
      return false
    }
    this.#hasFailed = true
    this.#againAt = now + this.#policy.retryMs
    this.#isHopeless = why !== 'trouble'
    return this.#isHopeless
  }

  /** Ends a read that is not needed any more. */
  stop(): void {
    if (this.#how === undefined) return
    this.#how = undefined
    this.#intend({ type: 'stop-reading' })
  }

  /** Ends reads that bring nothing for too long. */
  watch(grownAt: number): void {
    if (this.#activeRanges > 0 && this.#deadlines.isDue(grownAt + this.#policy.readMs)) this.refusedRanges()
    if (this.#how === undefined || !this.#deadlines.isDue(this.#movedAt + this.#policy.readMs)) return
    this.stop()
    this.#why = 'origin'
    this.#isHopeless = true
  }

  /** Lets the swarm read single pieces while we do not read in order. */
  offer(): void {
    if (this.#how === undefined && this.#givesRanges && !this.#isHopeless) this.#setRanges(true)
  }

  #setRanges(isOn: boolean): void {
    if (isOn === this.#hasRanges) return
    this.#hasRanges = isOn
    this.#activeRanges = 0
    this.#intend({ type: isOn ? 'offer-ranges' : 'withdraw-ranges' })
  }
}
