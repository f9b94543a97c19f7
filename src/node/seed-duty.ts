// A seed's duties: reads the origin once for any number of askers, says where to get it, keeps what it read current.
import { CID } from 'multiformats/cid'
import { DragonflyError } from '../core/errors.ts'
import { rawCid } from '../core/root.ts'
import { makeTask } from '../core/task.ts'
import { serveResolve, unserveResolve } from '../net/resolve.ts'
import { failureOf, type ResolveReply, type ResolveRequest } from '../wire/codec-resolve.ts'
import { type Network, type NodeContext, now } from './context.ts'
import { Denials } from './denials.ts'
import { FreshnessDuty, type Request } from './freshness-duty.ts'
import { RateDuty } from './rate-duty.ts'
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
  readonly #rates = new RateDuty()
  readonly #freshness: FreshnessDuty
  readonly #twins: Twins

  constructor(ctx: NodeContext, sessions: Sessions, network: Network) {
    this.#ctx = ctx
    this.#sessions = sessions
    this.#network = network
    this.#twins = new Twins(ctx, sessions, this.#stopping.signal)
    this.#freshness = new FreshnessDuty(ctx, this.#denials, this.#stopping.signal)
  }

  async start(): Promise<void> {
    await serveResolve(this.#network.host, (_peer, request, say, gone) => this.#resolve(request, say, gone))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await unserveResolve(this.#network.host)
    await this.#twins.idle()
  }

  async #resolve(request: ResolveRequest, say: (reply: ResolveReply) => void, gone: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([gone, this.#stopping.signal])
    const waiting = setInterval(() => say({ type: 'peers', peers: [] }), WAITING_MS)
    const answer = (reply: ResolveReply) => {
      clearInterval(waiting)
      say(reply)
    }
    try {
      const task = makeTask({ ...request, tag: request.tag ?? '' })
      this.#ctx.tally.askers++
      const known = request.digest === undefined || task.isPrivate ? undefined : this.#sessions.byDigest(request.digest)
      if (known !== undefined && known.task.id !== task.id) {
        this.#ctx.tally.hits++
        answer(resolved(known, rawCid(request.digest as Uint8Array).bytes))
        return await untilGone(signal)
      }
      const wish = this.#freshness.request(task, request.revalidate)
      // who wants the origin asked wants to hear a no anew, too
      const denied = wish.revalidate ? undefined : this.#denials.find(task, now())
      if (denied !== undefined) throw denied
      await this.#serve(wish, answer, signal)
    } catch (error) {
      if (!signal.aborted) answer(failureOf(asFailure(error)))
    } finally {
      clearInterval(waiting)
    }
  }

  async #serve(request: Request, say: (reply: ResolveReply) => void, signal: AbortSignal): Promise<void> {
    const unsuited = new Set<Session>()
    for (;;) {
      const { session, isNew } = this.#enter(request, unsuited)
      const wasHere = session.isComplete
      const leave = this.#rates.listens(session)
      try {
        while (session.manifest === undefined) await this.#changed(session, signal)
        this.#freshness.known(session)
        // what began with this request is about what the origin shows now, or fresh
        if (isNew || (await this.#freshness.suits(session, request))) return await this.#stay(session, wasHere, say, signal)
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

  async #changed(session: Session, signal: AbortSignal): Promise<void> {
    try {
      await session.changed(signal)
    } catch (error) {
      // it is the request of whoever came first that the origin has answered
      if (!signal.aborted) this.#denials.add(session.task, error, now())
      throw error
    }
  }

  async #stay(session: Session, wasHere: boolean, say: (reply: ResolveReply) => void, signal: AbortSignal): Promise<void> {
    if (wasHere) this.#ctx.tally.hits++
    say(resolved(session, CID.parse(session.task.id).bytes))
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
}

function resolved(session: Session, topic: Uint8Array): ResolveReply {
  const { version, pieceLength, length, fileName } = session.manifest?.info ?? {
    version: '',
    pieceLength: 0,
    length: undefined,
    fileName: '',
  }
  return { type: 'resolved', topic, version, pieceLength, length, fileName }
}

async function untilGone(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>(done => signal.addEventListener('abort', () => done(), { once: true }))
}

function asFailure(error: unknown): DragonflyError {
  if (error instanceof DragonflyError) return error
  return new DragonflyError('internal', 'the seed could not read the origin', { cause: error })
}
