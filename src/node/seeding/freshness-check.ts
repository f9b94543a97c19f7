// Decides whether a stored content may answer a request, and asks the origin when it must, once for many requests.
import type { DragonflyError } from '../../core/errors.ts'
import { sameBytes } from '../../core/piece.ts'
import type { Task } from '../../core/task.ts'
import { validatorsOf } from '../../core/version.ts'
import { type Asker, freshnessOf, mayKeep, mayServeInTrouble, verdict, wantsNews } from '../../origin/freshness.ts'
import { forbidden, isTrouble } from '../../origin/trouble.ts'
import { causeOf } from '../api/events.ts'
import { type NodeContext, now, wallClock } from '../context/node-context.ts'
import type { ActiveTask } from '../session/active-task.ts'
import { type CacheRules, UNCHANGING } from '../sources/cached.ts'
import type { NegativeCache } from './negative-cache.ts'

/** A finished content is not asked about again at the origin for so long: a flash crowd is one question. */
const GRACE_MS = 1000

/** What the origin said of a version. */
type Outcome = 'same' | 'changed' | DragonflyError

/** One request for a content. */
export interface Request {
  task: Task
  /** The origin has to be asked after the request came. */
  revalidate: boolean
  /** On the clock of `now()`. */
  arrived: number
  /** The client wants to hear what the seed has. */
  progress?: boolean
  /** sha2-256 that the whole has to have: what has it is current, whatever the origin has now. Undefined: none was named. */
  digest?: Uint8Array | undefined
  /** A seed that has it: it is to be taken from there, and the origin is not asked. Undefined: as usual. */
  giver?: string | undefined
}

export class FreshnessCheck {
  readonly #ctx: NodeContext
  readonly #negativeCache: NegativeCache
  readonly #stopping: AbortSignal
  /** By active task, and within by the header values that the content varies on. */
  readonly #questions = new WeakMap<ActiveTask, Promise<Outcome>>()
  /** When a content was finished, or the origin last asked about it. */
  readonly #settledAt = new WeakMap<ActiveTask, number>()
  /** The origin has another version. */
  readonly #outdated = new WeakSet<ActiveTask>()

  /** `denials`: told what the origin denies when it is asked. */
  constructor(ctx: NodeContext, negativeCache: NegativeCache, stopping: AbortSignal) {
    this.#ctx = ctx
    this.#negativeCache = negativeCache
    this.#stopping = stopping
  }

  request(task: Task, revalidate: boolean): Request {
    // what its digest names never changes
    const isAnew = !isUnchanging(task) && (revalidate || wantsNews(task.headers))
    return { task, revalidate: isAnew, arrived: now() }
  }

  /** When something that the store has kept may answer; undefined: not before the origin was asked. */
  rules({ task, revalidate }: Request): CacheRules | undefined {
    if (revalidate) return undefined
    if (isUnchanging(task)) return UNCHANGING
    const asker = this.#asker(task)
    return {
      isFresh: freshness => verdict(freshness, asker, wallClock()) === 'fresh',
      mayServeInTrouble: (freshness, trouble) => {
        const may = mayServeInTrouble(freshness, asker, wallClock())
        if (may) this.#warn(trouble)
        return may
      },
    }
  }

  isOutdated(active: ActiveTask): boolean {
    return this.#outdated.has(active)
  }

  /** The version of an active task is known: whether it may stay when its askers have gone. */
  known(active: ActiveTask): void {
    active.isTransient = !mayKeep(active.originFreshness.freshness, this.#asker(active.task))
  }

  finished(active: ActiveTask): void {
    if (!this.#settledAt.has(active)) this.#settledAt.set(active, now())
  }

  /** Whether an active task whose version is known may answer. Asks the origin when it must; rejects with what that says. */
  async suits(active: ActiveTask, request: Request): Promise<boolean> {
    const asker = this.#asker(request.task)
    if (this.#outdated.has(active)) return false
    if (isUnchanging(active.task)) return true
    if (!request.revalidate && isNamed(active, request)) return true
    if ((active.originFreshness.vouchedAt ?? -1) >= request.arrived) return true
    if (!request.revalidate && (!active.isComplete || this.#isInGrace(active))) return true
    const judged = request.revalidate ? 'ask' : verdict(active.originFreshness.freshness, asker, wallClock())
    if (judged === 'fresh') return true
    const outcome = this.#question(active, request.task)
    if (judged === 'usable') {
      outcome.catch(error => this.#ctx.emit({ code: 'freshness-check-failed', ...causeOf(error) }))
      return true
    }
    return this.#decide(await outcome, active, request, asker)
  }

  /** Whether a finished content that readers share may answer without the origin; that this one may read is not judged here. */
  isFresh(active: ActiveTask, { headers }: Pick<Task, 'headers'>): boolean {
    if (isUnchanging(active.task)) return true
    const asker = this.#asker({ headers })
    return verdict(active.originFreshness.freshness, asker, wallClock()) === 'fresh'
  }

  /** Throws what is said where the origin forbids that what we have answers while it cannot be asked. */
  checkInTrouble(active: ActiveTask, { headers }: Pick<Task, 'headers'>, trouble: DragonflyError): void {
    if (active.task.digest !== undefined) return this.#warn(trouble)
    const asker = this.#asker({ headers })
    if (!mayServeInTrouble(active.originFreshness.freshness, asker, wallClock())) throw forbidden(trouble)
    this.#warn(trouble)
  }

  #decide(outcome: Outcome, active: ActiveTask, { revalidate }: Request, asker: Asker): boolean {
    if (typeof outcome === 'string') return outcome === 'same'
    // who wants the origin asked may still ask it himself
    if (revalidate) throw outcome
    if (!mayServeInTrouble(active.originFreshness.freshness, asker, wallClock())) throw forbidden(outcome)
    return true
  }

  #isInGrace(active: ActiveTask): boolean {
    return this.#ctx.expire !== 0 && now() - (this.#settledAt.get(active) ?? -Infinity) < GRACE_MS
  }

  #asker({ headers }: Pick<Task, 'headers'>): Asker {
    return { headers, expire: this.#ctx.expire }
  }

  /** Asks the origin, once for all that want to know at the same time. Origins in trouble are an outcome, other errors thrown. */
  async #question(active: ActiveTask, task: Task): Promise<Outcome> {
    const question = this.#questions.get(active) ?? this.#ask(active, task).finally(() => this.#questions.delete(active))
    this.#questions.set(active, question)
    return await question
  }

  async #ask(active: ActiveTask, task: Task): Promise<Outcome> {
    const version = active.manifest?.info.version ?? ''
    try {
      const origin = await this.#ctx.origin('others')
      const request = { url: task.url, headers: task.headers }
      const answer = await origin.check(request, version, validatorsOf(version), this.#stopping)
      if (answer.state === 'same') {
        await active.originFreshness.vouch(freshnessOf(answer.cachedHeaders, active.originFreshness.freshness))
        this.known(active)
      } else {
        await answer.read.cancel()
        await this.#disown(active)
      }
      this.#settledAt.set(active, now())
      return answer.state
    } catch (error) {
      this.#negativeCache.add(task, error, now())
      if (!isTrouble(error)) throw error
      if (mayServeInTrouble(active.originFreshness.freshness, this.#asker(task), wallClock())) {
        this.#warn(error)
        this.#settledAt.set(active, now())
      }
      return error
    }
  }

  async #disown(active: ActiveTask): Promise<void> {
    this.#outdated.add(active)
    await active.originFreshness.disown()
  }

  #warn(trouble: DragonflyError): void {
    this.#ctx.emit({ code: 'stale-served', ...causeOf(trouble) })
  }
}

/** What its digest or its root names is never another content. */
function isUnchanging({ digest, root }: Task): boolean {
  return digest !== undefined || root !== undefined
}

/** Whether it is, as a whole, what the request names by its digest. */
function isNamed({ manifest }: ActiveTask, { digest }: Request): boolean {
  const whole = manifest?.seal?.sha256
  return digest !== undefined && whole !== undefined && sameBytes(whole, digest)
}
