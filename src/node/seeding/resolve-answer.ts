// Answers one resolve request and holds its active task until that is complete.
import type { LinkTotals } from '../../net/link-usage.ts'
import type { Resolved, ResolveReply } from '../../wire/codec-resolve.ts'
import { type NodeContext, now } from '../context/node-context.ts'
import type { ActiveTask } from '../session/active-task.ts'
import type { Deduplicator } from './deduplicator.ts'
import type { FreshnessCheck } from './freshness-check.ts'
import type { NegativeCache } from './negative-cache.ts'
import { reportProgress } from './progress-reports.ts'
import { RateReports } from './rate-reports.ts'
import { untilGone, WAITING, WAITING_MS } from './resolving.ts'
import { SharedWait } from './shared-wait.ts'

/** A tiny content that the origin has begun to give is there by then; a link for it would take as long. Milliseconds. */
const TINY_MS = 250

/** What a client wants besides the answer. */
export interface Wishes {
  progress?: boolean | undefined
  takesInline?: boolean | undefined
}

export interface AnswerParts {
  negativeCache: NegativeCache
  freshness: FreshnessCheck
  deduplicator: Deduplicator
  /** Count what answers carry. */
  totals: LinkTotals
  /** Told of every content that is complete here, as often as it is asked for. */
  finished(active: ActiveTask): void
  /** Told of every answer. */
  given(active: ActiveTask, answer: Resolved): void
}

export class ResolveAnswer {
  readonly #ctx: Pick<NodeContext, 'counters' | 'isInFleet'>
  readonly #parts: AnswerParts
  readonly #rates = new RateReports()
  readonly #known = new SharedWait(active => active.manifest !== undefined)
  readonly #complete = new SharedWait(active => active.isComplete)

  constructor(ctx: Pick<NodeContext, 'counters' | 'isInFleet'>, parts: AnswerParts) {
    this.#ctx = ctx
    this.#parts = parts
  }

  /** Somebody waits for this content. Returns what to call when he does no more. */
  listens(active: ActiveTask): () => void {
    return this.#rates.listens(active.gauge)
  }

  /** Resolves once the version of an active task is known. Rejects with what the origin says. */
  async known(active: ActiveTask, signal: AbortSignal): Promise<void> {
    await this.#known.of(active, signal).catch(error => this.#failed(active, error, signal))
    this.#parts.freshness.known(active)
  }

  /**
   * Gives the answer, and resolves when the content is complete, or what readers must not keep has no reader any more: who goes on
   * listening afterwards does not keep it open. `wasHere`: the active task was complete when the request came;
   * `progress`: the client wants to hear what this seed has; `takesInline`: it takes a tiny content at once.
   */
  async stay(
    active: ActiveTask,
    answer: Resolved,
    { wasHere, progress = false, takesInline = false }: { wasHere: boolean } & Wishes,
    say: (reply: ResolveReply) => void,
    signal: AbortSignal,
  ): Promise<void> {
    if (wasHere) this.#ctx.counters.count('dragonfly_resolve_hits_total')
    const given = takesInline ? await this.withContent(active, answer, signal) : answer
    this.#parts.given(active, given)
    say(given)
    const over = new AbortController()
    const staying = AbortSignal.any([signal, over.signal])
    this.#rates.tell(active.gauge, say, signal)
    const told = progress ? reportProgress(active, wasHere, say, staying) : undefined
    try {
      await this.#untilComplete(active, wasHere, say, signal)
      await told
      // nothing stays of it when its users have gone
      if (active.isTransient) await untilGone(signal)
    } finally {
      over.abort()
    }
  }

  /** The answer, with the content itself where that is tiny, and whole in a moment. */
  async withContent(active: ActiveTask, answer: Resolved, signal: AbortSignal): Promise<Resolved> {
    if (!active.inline.mayGive) return answer
    const waiting = AbortSignal.any([signal, AbortSignal.timeout(TINY_MS)])
    while (!active.isWhole && !waiting.aborted) {
      await active.changed(waiting).catch(error => {
        if (!waiting.aborted) this.#failed(active, error, signal)
      })
    }
    const inline = await active.inline.give()
    if (inline === undefined) return answer
    const bytes = inline.payload.byteLength
    await active.pace.pass('up', bytes)
    this.#parts.totals.bytesSent += bytes
    this.#ctx.counters.count('dragonfly_sent_pieces_total')
    return { ...answer, inline }
  }

  async #untilComplete(
    active: ActiveTask,
    wasHere: boolean,
    say: (reply: ResolveReply) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const waiting = setInterval(() => say(WAITING), WAITING_MS)
    try {
      await this.#complete.of(active, signal).catch(error => this.#failed(active, error, signal))
    } finally {
      clearInterval(waiting)
    }
    // found on the disk, as after a restart
    if (!wasHere && active.counts.resumed > 0 && active.counts.fromOrigin === 0)
      this.#ctx.counters.count('dragonfly_resolve_hits_total')
    this.#parts.freshness.finished(active)
    this.#parts.deduplicator.finished(active)
    this.#parts.finished(active)
  }

  #failed(active: ActiveTask, error: unknown, signal: AbortSignal): never {
    // it is the request of whoever came first that the origin has answered
    if (!signal.aborted) this.#parts.negativeCache.add(active.task, error, now())
    if (!signal.aborted) this.#parts.negativeCache.addTrouble(active.task, error, { isInFleet: this.#ctx.isInFleet, now: now() })
    throw error
  }
}
