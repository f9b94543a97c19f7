// Which of a seed's contents may answer a request: while fresh at once, else once the origin was asked, one question for many.
import type { DragonflyError } from '../core/errors.ts'
import type { Task } from '../core/task.ts'
import { validatorsOf } from '../core/version.ts'
import {
  type Asker,
  freshnessOf,
  mayKeep,
  mayServeInTrouble,
  variantFor,
  variesFor,
  verdict,
  wantsNews,
} from '../origin/freshness.ts'
import { type NodeContext, now, wallClock } from './context.ts'
import type { Denials } from './denials.ts'
import type { KeptRules } from './kept.ts'
import type { Session } from './session.ts'
import { forbidden, isTrouble } from './trouble.ts'

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
}

export class FreshnessDuty {
  readonly #ctx: NodeContext
  readonly #denials: Denials
  readonly #stopping: AbortSignal
  /** By session, and within by the header values that the content varies on. */
  readonly #questions = new WeakMap<Session, Map<string, Promise<Outcome>>>()
  /** When a content was finished, or the origin last asked about it. */
  readonly #settledAt = new WeakMap<Session, number>()
  /** The origin has another version. */
  readonly #outdated = new WeakSet<Session>()

  /** `denials`: told what the origin denies when it is asked. */
  constructor(ctx: NodeContext, denials: Denials, stopping: AbortSignal) {
    this.#ctx = ctx
    this.#denials = denials
    this.#stopping = stopping
  }

  request(task: Task, revalidate: boolean): Request {
    return { task, revalidate: revalidate || wantsNews(task.headers), arrived: now() }
  }

  /** When something that the store has kept may answer; undefined: not before the origin was asked. */
  rules({ task, revalidate }: Request): KeptRules | undefined {
    if (revalidate) return undefined
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

  isOutdated(session: Session): boolean {
    return this.#outdated.has(session)
  }

  /** The version of a session is known: whether it may stay when its askers have gone. */
  known(session: Session): void {
    session.isTransient = !mayKeep(session.originWord.freshness, this.#asker(session.task))
  }

  finished(session: Session): void {
    if (!this.#settledAt.has(session)) this.#settledAt.set(session, now())
  }

  /** Whether a session whose version is known may answer. Asks the origin when it must; rejects with what that says. */
  async suits(session: Session, request: Request): Promise<boolean> {
    const asker = this.#asker(request.task)
    const varies = session.originWord.freshness !== undefined && variesFor(session.originWord.freshness, asker)
    if (!varies) {
      if (this.#outdated.has(session)) return false
      if ((session.originWord.vouchedAt ?? -1) >= request.arrived) return true
      if (!request.revalidate && (!session.isComplete || this.#isInGrace(session))) return true
    }
    const judged = request.revalidate ? 'ask' : verdict(session.originWord.freshness, asker, wallClock())
    if (judged === 'fresh') return true
    const outcome = this.#question(session, request.task, varies)
    if (judged === 'usable') {
      outcome.catch(error => this.#ctx.warn(`asking meanwhile: ${error.message}`))
      return true
    }
    return this.#decide(await outcome, session, request, asker)
  }

  /** Whether a finished content that readers share may answer without the origin; that this one may read is not judged here. */
  isFresh(session: Session, { headers }: Pick<Task, 'headers'>): boolean {
    const asker = this.#asker({ headers, secret: session.task.secret })
    return verdict(session.originWord.freshness, asker, wallClock()) === 'fresh'
  }

  /** Throws what is said where the origin forbids that what we have answers while it cannot be asked. */
  checkInTrouble(session: Session, { headers }: Pick<Task, 'headers'>, trouble: DragonflyError): void {
    const asker = this.#asker({ headers, secret: session.task.secret })
    if (!mayServeInTrouble(session.originWord.freshness, asker, wallClock())) throw forbidden(trouble)
    this.#warn(trouble)
  }

  #decide(outcome: Outcome, session: Session, { revalidate }: Request, asker: Asker): boolean {
    if (typeof outcome === 'string') return outcome === 'same'
    // who wants the origin asked may still ask it himself
    if (revalidate) throw outcome
    if (!mayServeInTrouble(session.originWord.freshness, asker, wallClock())) throw forbidden(outcome)
    return true
  }

  #isInGrace(session: Session): boolean {
    return this.#ctx.expire !== 0 && now() - (this.#settledAt.get(session) ?? -Infinity) < GRACE_MS
  }

  #asker({ headers, secret }: Pick<Task, 'headers' | 'secret'>): Asker {
    return { headers, secret, expire: this.#ctx.expire }
  }

  /** Asks the origin, once for all that want to know at the same time. Origins in trouble are an outcome, other errors thrown. */
  async #question(session: Session, task: Task, varies: boolean): Promise<Outcome> {
    const running = this.#questions.get(session) ?? new Map<string, Promise<Outcome>>()
    this.#questions.set(session, running)
    const key = variantFor(session.originWord.freshness, this.#asker(task))
    const question = running.get(key) ?? this.#ask(session, task, varies).finally(() => running.delete(key))
    running.set(key, question)
    return await question
  }

  async #ask(session: Session, task: Task, varies: boolean): Promise<Outcome> {
    const version = session.manifest?.info.version ?? ''
    try {
      const origin = await this.#ctx.origin('others')
      const request = { url: task.url, headers: task.headers }
      const answer = await origin.check(request, version, validatorsOf(version), this.#stopping)
      if (answer.state === 'same') {
        await session.originWord.vouch(freshnessOf(answer.noted, session.originWord.freshness, this.#asker(task)))
        this.known(session)
      } else {
        await answer.read.cancel()
        if (!varies) await this.#disown(session)
      }
      this.#settledAt.set(session, now())
      return answer.state
    } catch (error) {
      this.#denials.add(task, error, now())
      if (!isTrouble(error)) throw error
      if (mayServeInTrouble(session.originWord.freshness, this.#asker(task), wallClock())) {
        this.#warn(error)
        this.#settledAt.set(session, now())
      }
      return error
    }
  }

  async #disown(session: Session): Promise<void> {
    this.#outdated.add(session)
    await session.originWord.disown()
  }

  #warn(trouble: DragonflyError): void {
    this.#ctx.warn(`serving what we have, the origin is in trouble: ${trouble.message}`)
  }
}
