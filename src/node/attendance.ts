// What a seed does for one who asked, once it is known which session answers: tells him, and holds on until he goes.
import type { ResolveReply } from '../wire/codec-resolve.ts'
import { type NodeContext, now } from './context.ts'
import type { Denials } from './denials.ts'
import type { FreshnessDuty } from './freshness-duty.ts'
import { RateDuty } from './rate-duty.ts'
import { untilGone } from './resolving.ts'
import type { Session } from './session.ts'
import type { Twins } from './twins.ts'

export class Attendance {
  readonly #ctx: Pick<NodeContext, 'tally'>
  readonly #denials: Denials
  readonly #freshness: FreshnessDuty
  readonly #twins: Twins
  readonly #rates = new RateDuty()

  constructor(ctx: Pick<NodeContext, 'tally'>, denials: Denials, freshness: FreshnessDuty, twins: Twins) {
    this.#ctx = ctx
    this.#denials = denials
    this.#freshness = freshness
    this.#twins = twins
  }

  /** Somebody waits for this content. Returns what to call when he does no more. */
  listens(session: Session): () => void {
    return this.#rates.listens(session)
  }

  /** Resolves once the version of a session is known. Rejects with what the origin says. */
  async known(session: Session, signal: AbortSignal): Promise<void> {
    while (session.manifest === undefined) await this.#changed(session, signal)
    this.#freshness.known(session)
  }

  /** Gives the answer, and resolves when the asker has gone. `wasHere`: the session was complete when he came. */
  async stay(
    session: Session,
    answer: ResolveReply,
    wasHere: boolean,
    say: (reply: ResolveReply) => void,
    signal: AbortSignal,
  ): Promise<void> {
    if (wasHere) this.#ctx.tally.hits++
    say(answer)
    const over = new AbortController()
    void this.#rates.tell(session, say, AbortSignal.any([signal, over.signal]))
    try {
      await this.#untilGone(session, wasHere, signal)
    } finally {
      over.abort()
    }
  }

  async #untilGone(session: Session, wasHere: boolean, signal: AbortSignal): Promise<void> {
    while (!session.isComplete) await this.#changed(session, signal)
    // found on the disk, as after a restart
    if (!wasHere && session.counts.resumed > 0 && session.counts.fromOrigin === 0) this.#ctx.tally.hits++
    this.#freshness.finished(session)
    this.#twins.finished(session)
    await untilGone(signal)
  }

  async #changed(session: Session, signal: AbortSignal): Promise<void> {
    try {
      await session.changed(signal)
    } catch (error) {
      // it is the request of whoever came first that the origin has answered
      if (!signal.aborted) this.#denials.add(session.task, error, now())
      throw error
    }
  }
}
