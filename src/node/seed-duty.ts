// A seed's duties: reads the origin once for any number of askers, says where to get it, keeps what it read current.
import { CID } from 'multiformats/cid'
import { DragonflyError } from '../core/errors.ts'
import { rawCid } from '../core/root.ts'
import { makeTask, type Task } from '../core/task.ts'
import { validatorsOf } from '../core/version.ts'
import { serveResolve, unserveResolve } from '../net/resolve.ts'
import { failureOf, type ResolveReply, type ResolveRequest } from '../wire/codec-resolve.ts'
import { type Network, type NodeContext, now } from './context.ts'
import { isOriginsTrouble } from './origin-trouble.ts'
import { PrivateDuty } from './private-duty.ts'
import { resolved, untilGone } from './resolving.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

/** A finished content is not asked about again at the origin for so long: a flash crowd is one question. */
const FRESH_MS = 1000

export class SeedDuty {
  readonly #ctx: NodeContext
  readonly #sessions: Sessions
  readonly #network: Network
  readonly #checks = new Map<string, Promise<boolean>>()
  readonly #checkedAt = new WeakMap<Session, number>()
  readonly #stopping = new AbortController()
  readonly #private: PrivateDuty

  constructor(ctx: NodeContext, sessions: Sessions, network: Network) {
    this.#ctx = ctx
    this.#sessions = sessions
    this.#network = network
    this.#private = new PrivateDuty(ctx, sessions, network, this.#stopping.signal)
  }

  async start(): Promise<void> {
    await serveResolve(this.#network.host, (peer, request, say, gone) => this.#resolve(peer, request, say, gone))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await unserveResolve(this.#network.host)
  }

  async #resolve(peer: string, request: ResolveRequest, say: (reply: ResolveReply) => void, gone: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([gone, this.#stopping.signal])
    try {
      const task = makeTask({ ...request, tag: request.tag ?? '' })
      if (task.isPrivate && (await this.#private.serve(peer, task, request.renews, say, signal))) return
      const known = request.digest === undefined || task.isPrivate ? undefined : this.#sessions.byDigest(request.digest)
      if (known !== undefined && known.task.id !== task.id) {
        say(resolved(known, rawCid(request.digest as Uint8Array).bytes))
        return await untilGone(signal)
      }
      await this.#serve(task, say, signal)
    } catch (error) {
      if (!signal.aborted) say(failureOf(asFailure(error)))
    }
  }

  async #serve(task: Task, say: (reply: ResolveReply) => void, signal: AbortSignal): Promise<void> {
    const session = (await this.#isCurrent(task)) ? this.#sessions.share(task.id) : this.#sessions.begin(task, undefined, true)
    try {
      while (session.manifest === undefined) await session.changed(signal)
      say(resolved(session, CID.parse(task.id).bytes))
      while (!session.isComplete) await session.changed(signal)
      this.#checkedAt.set(session, this.#checkedAt.get(session) ?? now())
      await untilGone(signal)
    } finally {
      await this.#sessions.release(session, 'keep')
    }
  }

  /** Whether the finished content that we have is still what the origin shows; asked once for many. */
  async #isCurrent(task: Task): Promise<boolean> {
    const session = this.#sessions.current(task.id)
    if (session === undefined || !session.isComplete || session.isClosed || session.hasFailed) return false
    if (now() - (this.#checkedAt.get(session) ?? -Infinity) < FRESH_MS) return true
    const running = this.#checks.get(task.id)
    if (running !== undefined) return await running
    const check = this.#check(session, task).finally(() => this.#checks.delete(task.id))
    this.#checks.set(task.id, check)
    return await check
  }

  async #check(session: Session, task: Task): Promise<boolean> {
    const version = session.manifest?.info.version ?? ''
    try {
      const origin = await this.#ctx.origin()
      const answer = await origin.check(
        { url: task.url, headers: task.headers },
        version,
        validatorsOf(version),
        this.#stopping.signal,
      )
      if (answer.state === 'changed') {
        await answer.read.cancel()
        return false
      }
    } catch (error) {
      if (!isOriginsTrouble(error)) throw error
      this.#ctx.warn(`serving what we have, the origin is in trouble: ${(error as DragonflyError).message}`)
    }
    this.#checkedAt.set(session, now())
    return true
  }
}

function asFailure(error: unknown): DragonflyError {
  if (error instanceof DragonflyError) return error
  return new DragonflyError('internal', 'the seed could not read the origin', { cause: error })
}
