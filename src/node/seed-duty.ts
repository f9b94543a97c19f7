// A seed's duties: reads the origin once for any number of askers, says where to get it, keeps what it read current.
import { CID } from 'multiformats/cid'
import { DragonflyError } from '../core/errors.ts'
import { rawCid } from '../core/root.ts'
import { makeTask } from '../core/task.ts'
import { serveResolve, unserveResolve } from '../net/resolve.ts'
import { failureOf, type ResolveReply, type ResolveRequest } from '../wire/codec-resolve.ts'
import { Attendance } from './attendance.ts'
import { type Network, type NodeContext, now } from './context.ts'
import { Denials } from './denials.ts'
import { FreshnessDuty, type Request } from './freshness-duty.ts'
import { PrivateDuty } from './private-duty.ts'
import { Readers } from './readers.ts'
import { resolved, untilGone } from './resolving.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import { Twins } from './twins.ts'

/**
 * The origin may be slow, or want a pause, or others may have their turn there before us. Who waits for it hears that we are
 * still here, or would take us for frozen and ask the origin too.
 */
const WAITING_MS = 5000

export class SeedDuty {
  readonly #ctx: NodeContext
  readonly #sessions: Sessions
  readonly #network: Network
  readonly #stopping = new AbortController()
  readonly #denials = new Denials()
  readonly #freshness: FreshnessDuty
  readonly #twins: Twins
  readonly #attendance: Attendance
  readonly #private: PrivateDuty

  constructor(ctx: NodeContext, sessions: Sessions, network: Network) {
    this.#ctx = ctx
    this.#sessions = sessions
    this.#network = network
    this.#twins = new Twins(ctx, sessions, this.#stopping.signal)
    this.#freshness = new FreshnessDuty(ctx, this.#denials, this.#stopping.signal)
    this.#attendance = new Attendance(ctx, this.#denials, this.#freshness, this.#twins)
    const readers = new Readers(ctx, this.#denials, this.#stopping.signal)
    this.#private = new PrivateDuty(ctx, network, { sessions, readers, freshness: this.#freshness, attendance: this.#attendance })
  }

  async start(): Promise<void> {
    await serveResolve(this.#network.host, (peer, request, say, gone) => this.#resolve(peer, request, say, gone))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await unserveResolve(this.#network.host)
    await this.#twins.idle()
  }

  async #resolve(peer: string, asked: ResolveRequest, say: (reply: ResolveReply) => void, gone: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([gone, this.#stopping.signal])
    const waiting = setInterval(() => say({ type: 'peers', peers: [] }), WAITING_MS)
    const answer = (reply: ResolveReply) => {
      clearInterval(waiting)
      say(reply)
    }
    try {
      await this.#answer(peer, asked, answer, signal)
    } catch (error) {
      if (!signal.aborted) answer(failureOf(asFailure(error)))
    } finally {
      clearInterval(waiting)
    }
  }

  async #answer(peer: string, asked: ResolveRequest, say: (reply: ResolveReply) => void, signal: AbortSignal): Promise<void> {
    const task = makeTask({ ...asked, tag: asked.tag ?? '' })
    if (asked.renews === undefined) this.#ctx.tally.askers++
    const known = asked.digest === undefined || task.isPrivate ? undefined : this.#sessions.byDigest(asked.digest)
    if (known !== undefined && known.task.id !== task.id) {
      this.#ctx.tally.hits++
      say(resolved(known, rawCid(asked.digest as Uint8Array).bytes))
      return await untilGone(signal)
    }
    const wish = this.#freshness.request(task, asked.revalidate)
    // who wants the origin asked wants to hear a no anew, too
    const denied = wish.revalidate ? undefined : this.#denials.find(task, now())
    if (denied !== undefined) throw denied
    if (task.isPrivate && (await this.#private.serve(peer, wish, asked.renews, say, signal))) return
    await this.#serve(wish, say, signal)
  }

  async #serve(request: Request, say: (reply: ResolveReply) => void, signal: AbortSignal): Promise<void> {
    const unsuited = new Set<Session>()
    for (;;) {
      const { session, isNew } = this.#enter(request, unsuited)
      const wasHere = session.isComplete
      const leave = this.#attendance.listens(session)
      try {
        await this.#attendance.known(session, signal)
        // what began with this request is about what the origin shows now, or fresh
        if (isNew || (await this.#freshness.suits(session, request))) {
          const answer = resolved(session, CID.parse(session.task.id).bytes)
          return await this.#attendance.stay(session, answer, wasHere, say, signal)
        }
        unsuited.add(session)
      } finally {
        leave()
        await this.#sessions.release(session, 'keep')
      }
    }
  }

  /** The newest session of the task, unless it is known not to suit; else a running one, or a new one. */
  #enter(request: Request, unsuited: ReadonlySet<Session>): { session: Session; isNew: boolean } {
    const { task, revalidate } = request
    const suits = (session: Session) => !unsuited.has(session) && !this.#freshness.isOutdated(session)
    const current = this.#sessions.current(task.id)
    if (current?.isComplete === true && !current.isClosed && !current.hasFailed && suits(current)) {
      return { session: this.#sessions.share(task.id), isNew: false }
    }
    return this.#sessions.begin(task, { reader: 'others', revalidate, kept: this.#freshness.rules(request), suits })
  }
}

function asFailure(error: unknown): DragonflyError {
  if (error instanceof DragonflyError) return error
  return new DragonflyError('internal', 'the seed could not read the origin', { cause: error })
}
