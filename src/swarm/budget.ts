// The arbiter of a host: shares requested bytes and upload slots fairly among all contents.
import { Arrivals } from './arrivals.ts'
import { DEFAULT_POLICY, type SwarmEvent } from './events.ts'
import { Pool } from './pool.ts'
import { type Priority, WEIGHTS } from './weights.ts'

/** What a host gives to all its contents together. */
export interface BudgetLimits {
  /** Bytes asked of all neighbours: what may have to be held in memory at the worst. Default 32 MiB. */
  askedBytes: number
  /** Pieces sent at the same time; of short ones to far neighbours, up to four times as many. Default 16. */
  uploadSlots: number
  /** Bytes that these pieces may be together; two go in any case. Default 16 MiB. */
  uploadBytes: number
}

/** What one swarm may hold now, in its pieces. */
export interface Allowance {
  /** Pieces asked for. */
  asked: number
  /** Slots for pieces being sent: one each, some a fraction of one. */
  uploads: number
}

/** What one swarm holds after an event, in its pieces, and whether its allowance is all that keeps it from more. */
export interface Usage extends Allowance {
  wantsToAsk: boolean
  wantsToSend: boolean
}

export interface BudgetMember {
  /** Bytes of a full piece. */
  pieceLength: number
  /** Default `normal`. */
  priority?: Priority
}

export const DEFAULT_LIMITS: Readonly<BudgetLimits> = {
  askedBytes: DEFAULT_POLICY.maxAskedBytes,
  uploadSlots: DEFAULT_POLICY.uploadSlots,
  uploadBytes: DEFAULT_POLICY.maxUploadBytes,
}

const NOBODY: readonly never[] = []
const NO_NEWS: readonly never[] = []
const NO_CAP: Readonly<Allowance> = { asked: Infinity, uploads: Infinity }

/**
 * The arbiter of a host. For every event of a content, its driver does three things with nothing in between: it passes
 * on the `news`, lets the swarm handle the event, and reports its usage. Then it wakes those
 * that `takeWaiting` names. `K` names a content: whatever its driver likes.
 */
export class Budget<K> {
  readonly arrivals = new Arrivals<K>()
  readonly #slotBytes: number
  readonly #asked: Pool<K>
  readonly #uploads: Pool<K>
  readonly #told = new Map<K, Allowance>()
  /** What is of any use to a content beyond which it gets nothing, by a limit of its rate. */
  readonly #caps = new Map<K, Allowance>()

  constructor(limits: Partial<BudgetLimits> = {}) {
    const { askedBytes, uploadSlots, uploadBytes } = { ...DEFAULT_LIMITS, ...limits }
    this.#slotBytes = uploadBytes / uploadSlots
    this.#asked = new Pool(askedBytes)
    this.#uploads = new Pool(uploadSlots)
  }

  /** Bytes asked for by all contents together. */
  get askedBytes(): number {
    return this.#asked.used
  }

  /** Slots in use by all contents together: one a piece, more for a piece that is larger than its part of the bytes, less for a short one to a far neighbour. */
  get uploadSlots(): number {
    return this.#uploads.used
  }

  /** Contents that take part. */
  get size(): number {
    return this.#told.size
  }

  enter(content: K, { pieceLength, priority = 'normal' }: BudgetMember): void {
    const weight = WEIGHTS[priority]
    this.#asked.enter(content, pieceLength, weight)
    this.#uploads.enter(content, Math.max(1, pieceLength / this.#slotBytes), weight)
    this.#told.set(content, { asked: -1, uploads: -1 })
    this.arrivals.enter(content)
  }

  /** It holds nothing any more. Others may have been waiting for that. */
  leave(content: K): void {
    this.#asked.leave(content)
    this.#uploads.leave(content)
    this.#told.delete(content)
    this.#caps.delete(content)
    this.arrivals.leave(content)
  }

  /** From now on it gets no more than this, whatever is free: more is of no use at the rate that it may have. */
  cap(content: K, cap: Allowance): void {
    this.#caps.set(content, cap)
  }

  /** What the content may hold now; undefined: the same as it was told the last time. */
  allowance(content: K): Allowance | undefined {
    const cap = this.#caps.get(content) ?? NO_CAP
    const asked = Math.min(cap.asked, this.#asked.allow(content))
    const uploads = Math.min(cap.uploads, this.#uploads.allow(content))
    const told = this.#told.get(content)
    if (told?.asked === asked && told.uploads === uploads) return undefined
    const allowance = { asked, uploads }
    this.#told.set(content, allowance)
    return allowance
  }

  /** What the content's swarm is to be told before it is told anything else. */
  news(content: K, now: number): readonly SwarmEvent[] {
    const allowance = this.allowance(content)
    const bytes = this.arrivals.takeElsewhere(content, now)
    if (allowance === undefined && bytes === 0) return NO_NEWS
    const news: SwarmEvent[] = allowance === undefined ? [] : [{ type: 'allowance', ...allowance }]
    if (bytes > 0) news.push({ type: 'elsewhere', bytes })
    return news
  }

  report(content: K, { asked, wantsToAsk, uploads, wantsToSend }: Usage): void {
    const cap = this.#caps.get(content) ?? NO_CAP
    // whom its cap holds back must not keep others waiting
    this.#asked.report(content, asked, wantsToAsk && asked < cap.asked)
    this.#uploads.report(content, uploads, wantsToSend && uploads < cap.uploads)
  }

  /** The contents whose turn it is to get what has become free: each is to be told to `wake`, soon. */
  takeWaiting(): readonly K[] {
    const asking = this.#asked.next()
    const sending = this.#uploads.next()
    if (asking === undefined) return sending === undefined ? NOBODY : [sending]
    return sending === undefined || sending === asking ? [asking] : [asking, sending]
  }

  /** Throws when a derived number has drifted, or more is held than there is; tests call it after every event. */
  check(): void {
    this.#asked.check()
    this.#uploads.check()
  }
}
