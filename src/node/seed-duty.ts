// A seed's duties: reads the origin once for any number of askers, says where to get it, keeps what it read current.
import { setTimeout as sleep } from 'node:timers/promises'
import { CID } from 'multiformats/cid'
import { DragonflyError } from '../core/errors.ts'
import { rawCid } from '../core/root.ts'
import { makeTask, type Task } from '../core/task.ts'
import { validatorsOf } from '../core/version.ts'
import { serveResolve, unserveResolve } from '../net/resolve.ts'
import { failureOf, type ResolveReply, type ResolveRequest } from '../wire/codec-resolve.ts'
import { type Network, type NodeContext, now } from './context.ts'
import { RateNews } from './rate-news.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

/** A finished content is not asked about again at the origin for so long: a flash crowd is one question. */
const FRESH_MS = 1000
/** How often it is looked whether there is news of the origin's rate. */
const LOOK_MS = 1000
/** What an origin in trouble says; what we have is better than that (RFC 5861, stale-if-error). */
const TROUBLE = new Set(['origin-unreachable', 'origin-unknown-host', 'origin-timeout', 'origin-truncated'])

export class SeedDuty {
  readonly #ctx: NodeContext
  readonly #sessions: Sessions
  readonly #network: Network
  readonly #checks = new Map<string, Promise<boolean>>()
  readonly #checkedAt = new WeakMap<Session, number>()
  /** How many listen, by what they asked for. */
  readonly #listeners = new WeakMap<Session, number>()
  readonly #stopping = new AbortController()

  constructor(ctx: NodeContext, sessions: Sessions, network: Network) {
    this.#ctx = ctx
    this.#sessions = sessions
    this.#network = network
  }

  async start(): Promise<void> {
    await serveResolve(this.#network.host, (_peer, request, say, gone) => this.#resolve(request, say, gone))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await unserveResolve(this.#network.host)
  }

  async #resolve(request: ResolveRequest, say: (reply: ResolveReply) => void, gone: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([gone, this.#stopping.signal])
    try {
      const task = makeTask({ ...request, tag: request.tag ?? '' })
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
    const over = new AbortController()
    this.#listens(session, 1)
    try {
      while (session.manifest === undefined) await session.changed(signal)
      say(resolved(session, CID.parse(task.id).bytes))
      void this.#tellRate(session, say, AbortSignal.any([signal, over.signal]))
      while (!session.isComplete) await session.changed(signal)
      this.#checkedAt.set(session, this.#checkedAt.get(session) ?? now())
      await untilGone(signal)
    } finally {
      over.abort()
      this.#listens(session, -1)
      await this.#sessions.release(session, 'keep')
    }
  }

  #listens(session: Session, change: 1 | -1): void {
    this.#listeners.set(session, (this.#listeners.get(session) ?? 0) + change)
  }

  /** Says what the origin gives, as long as somebody listens; nothing where we did not read it ourselves. Never rejects. */
  async #tellRate(session: Session, say: (reply: ResolveReply) => void, signal: AbortSignal): Promise<void> {
    const news = new RateNews()
    try {
      while (!signal.aborted) {
        const told = news.next(session.gauge.rate, this.#listeners.get(session) ?? 0, now())
        if (told !== undefined) say({ type: 'origin-rate', ...told })
        await sleep(LOOK_MS, undefined, { signal })
      }
    } catch {
      // who does not listen any more misses nothing
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
      const isTrouble = error instanceof DragonflyError && (TROUBLE.has(error.code) || (error.status ?? 0) >= 500)
      if (!isTrouble) throw error
      this.#ctx.warn(`serving what we have, the origin is in trouble: ${error.message}`)
    }
    this.#checkedAt.set(session, now())
    return true
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
