// Answers one resolve request and holds its active task until that is complete.
import type { ResolveReply } from '../../wire/codec-resolve.ts'
import { type NodeContext, now } from '../context/node-context.ts'
import type { ActiveTask } from '../session/active-task.ts'
import type { Deduplicator } from './deduplicator.ts'
import type { FreshnessCheck } from './freshness-check.ts'
import type { NegativeCache } from './negative-cache.ts'
import { reportProgress } from './progress-reports.ts'
import { RateReports } from './rate-reports.ts'
import { untilGone, WAITING, WAITING_MS } from './resolving.ts'

export class ResolveAnswer {
  readonly #ctx: Pick<NodeContext, 'counters' | 'isInFleet'>
  readonly #negativeCache: NegativeCache
  readonly #freshness: FreshnessCheck
  readonly #deduplicator: Deduplicator
  readonly #finished: (active: ActiveTask) => void
  readonly #rates = new RateReports()

  /** `finished`: told of every content that is complete here, as often as it is asked for. */
  constructor(
    ctx: Pick<NodeContext, 'counters' | 'isInFleet'>,
    negativeCache: NegativeCache,
    freshness: FreshnessCheck,
    deduplicator: Deduplicator,
    finished: (active: ActiveTask) => void,
  ) {
    this.#ctx = ctx
    this.#negativeCache = negativeCache
    this.#freshness = freshness
    this.#deduplicator = deduplicator
    this.#finished = finished
  }

  /** Somebody waits for this content. Returns what to call when he does no more. */
  listens(active: ActiveTask): () => void {
    return this.#rates.listens(active.gauge)
  }

  /** Resolves once the version of an active task is known. Rejects with what the origin says. */
  async known(active: ActiveTask, signal: AbortSignal): Promise<void> {
    while (active.manifest === undefined) await this.#changed(active, signal)
    this.#freshness.known(active)
  }

  /**
   * Gives the answer, and resolves when the content is complete, or what readers must not keep has no reader any more: who goes on
   * listening afterwards does not keep it open. `wasHere`: the active task was complete when the request came;
   * `progress`: the client wants to hear what this seed has.
   */
  async stay(
    active: ActiveTask,
    answer: ResolveReply,
    { wasHere, progress = false }: { wasHere: boolean; progress?: boolean | undefined },
    say: (reply: ResolveReply) => void,
    signal: AbortSignal,
  ): Promise<void> {
    if (wasHere) this.#ctx.counters.count('dragonfly_resolve_hits_total')
    say(answer)
    const over = new AbortController()
    const staying = AbortSignal.any([signal, over.signal])
    void this.#rates.tell(active.gauge, say, signal)
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

  async #untilComplete(
    active: ActiveTask,
    wasHere: boolean,
    say: (reply: ResolveReply) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const waiting = setInterval(() => say(WAITING), WAITING_MS)
    try {
      while (!active.isComplete) await this.#changed(active, signal)
    } finally {
      clearInterval(waiting)
    }
    // found on the disk, as after a restart
    if (!wasHere && active.counts.resumed > 0 && active.counts.fromOrigin === 0)
      this.#ctx.counters.count('dragonfly_resolve_hits_total')
    this.#freshness.finished(active)
    this.#deduplicator.finished(active)
    this.#finished(active)
  }

  async #changed(active: ActiveTask, signal: AbortSignal): Promise<void> {
    try {
      await active.changed(signal)
    } catch (error) {
      // it is the request of whoever came first that the origin has answered
      if (!signal.aborted) this.#negativeCache.add(active.task, error, now())
      if (!signal.aborted) this.#negativeCache.addTrouble(active.task, error, { isInFleet: this.#ctx.isInFleet, now: now() })
      throw error
    }
  }
}
