// A seed's service: reads the origin once for any number of askers, and tells them where to get the content.
import { CID } from 'multiformats/cid'
import { DragonflyError } from '../../core/errors.ts'
import { rawCid } from '../../core/root.ts'
import type { SpanOf } from '../../core/span.ts'
import { makeTask, type Task, withoutSecrets } from '../../core/task.ts'
import { traced } from '../../core/tracing.ts'
import { serveResolve, unserveResolve } from '../../net/resolve.ts'
import { failureOf } from '../../wire/codec-failure.ts'
import type { ResolveReply, ResolveRequest } from '../../wire/codec-resolve.ts'
import { type Network, type NodeContext, now } from '../context/node-context.ts'
import type { ActiveTask } from '../session/active-task.ts'
import type { TaskRegistry } from '../tasks/task-registry.ts'
import { Deduplicator } from './deduplicator.ts'
import { FreshnessCheck, type Request } from './freshness-check.ts'
import { isOwnTrouble, NegativeCache } from './negative-cache.ts'
import { OriginAuthorizer } from './origin-authorizer.ts'
import { PrivateResolve } from './private-resolve.ts'
import { progressOf } from './progress-reports.ts'
import { RequestRoom, type RoomTaken } from './request-room.ts'
import { ResolveAnswer, type Wishes } from './resolve-answer.ts'
import { ALIVE_MS, resolved, untilGone, WAITING, WAITING_MS } from './resolving.ts'
import { TaskKeys } from './task-keys.ts'
import { TinyAnswers } from './tiny-answers.ts'

export class ResolveService {
  readonly #ctx: NodeContext
  readonly #registry: TaskRegistry
  readonly #network: Network
  readonly #stopping = new AbortController()
  readonly #negativeCache = new NegativeCache()
  readonly #room = new RequestRoom()
  readonly #freshness: FreshnessCheck
  readonly #deduplicator: Deduplicator
  readonly #answers: ResolveAnswer
  readonly #tiny: TinyAnswers
  readonly #private: PrivateResolve
  readonly #keys = new TaskKeys()

  private constructor(ctx: NodeContext, registry: TaskRegistry, network: Network, finished: (active: ActiveTask) => void) {
    this.#ctx = ctx
    this.#registry = registry
    this.#network = network
    this.#deduplicator = new Deduplicator(ctx, registry, this.#stopping.signal)
    this.#freshness = new FreshnessCheck(ctx, this.#negativeCache, this.#stopping.signal)
    this.#tiny = new TinyAnswers(ctx, task => registry.current(task))
    this.#answers = new ResolveAnswer(ctx, {
      negativeCache: this.#negativeCache,
      freshness: this.#freshness,
      deduplicator: this.#deduplicator,
      totals: network.exchange.totals,
      finished,
      given: (active, answer) => this.#tiny.given(active, answer),
    })
    const readers = new OriginAuthorizer(ctx, this.#negativeCache, { reader: 'others', signal: this.#stopping.signal })
    this.#private = new PrivateResolve(ctx, network, { registry, readers, freshness: this.#freshness, answers: this.#answers })
  }

  /** Answers from now on. `finished`: told of every content that is complete here, as often as it is asked for. */
  static async start(
    ctx: NodeContext,
    registry: TaskRegistry,
    network: Network,
    finished: (active: ActiveTask) => void,
  ): Promise<ResolveService> {
    const service = new ResolveService(ctx, registry, network, finished)
    await serveResolve(network.host, (peer, request, say, gone) => service.#resolve(peer, request, say, gone))
    return service
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await unserveResolve(this.#network.host)
    await this.#deduplicator.idle()
  }

  async #resolve(peer: string, asked: ResolveRequest, say: (reply: ResolveReply) => void, gone: AbortSignal): Promise<void> {
    // who hears nothing for long takes us for frozen
    const living = setTimeout(() => say(WAITING), ALIVE_MS)
    const waiting = setInterval(() => say(WAITING), WAITING_MS)
    const answer = (reply: ResolveReply) => {
      clearInterval(waiting)
      clearTimeout(living)
      if (reply.type === 'resolved') this.#ctx.emit({ code: 'resolve-answered', peer, url: withoutSecrets(asked.url) })
      say(reply)
    }
    let room: RoomTaken | undefined
    try {
      const task = taskOf(asked)
      room = this.#room.enter(peer, this.#network.host.placeOf(peer) ?? peer, this.#keys.nameOf(task))
      this.#ctx.counters.count('dragonfly_resolve_requests_open')
      const ending = AbortSignal.any([gone, this.#stopping.signal, room.ended])
      const span: SpanOf = { name: 'dragonfly.resolve', kind: 'server', carrier: { traceparent: asked.traceparent } }
      await traced(span, () => this.#answer(peer, asked, task, answer, ending))
      room.ended.throwIfAborted()
    } catch (error) {
      if (!gone.aborted && !this.#stopping.signal.aborted) answer(failureOf(asFailure(room?.ended.reason ?? error)))
    } finally {
      if (room !== undefined) this.#ctx.counters.count('dragonfly_resolve_requests_open', -1)
      room?.leave()
      clearInterval(waiting)
      clearTimeout(living)
    }
  }

  async #answer(
    peer: string,
    asked: ResolveRequest,
    task: Task,
    say: (reply: ResolveReply) => void,
    signal: AbortSignal,
  ): Promise<void> {
    if (asked.renews === undefined) this.#ctx.counters.count('dragonfly_resolve_requests_total')
    if (asked.isCopy && !this.#ctx.isTrusted(peer)) throw untrusted()
    const wish = {
      ...this.#freshness.request(task, asked.revalidate),
      progress: asked.progress === true,
      takesInline: asked.takesInline === true,
      digest: asked.digest,
      giver: asked.isCopy === true ? peer : undefined,
    }
    if (await this.#isAnsweredAgain(wish, say)) return await untilGone(signal)
    const topic = topicOf(task, asked.digest)
    const known = topic && (await this.#registry.byContent(topic.toString()))
    if (topic !== undefined && known !== undefined && known.task.id !== task.id) {
      this.#ctx.counters.count('dragonfly_resolve_hits_total')
      const answer = resolved(known, topic.bytes)
      say(asked.takesInline ? await this.#answers.withContent(known, answer, signal) : answer)
      if (asked.progress) say(progressOf(known, true))
      return await untilGone(signal)
    }
    // who wants the origin asked wants to hear a no anew, too
    const denied = wish.revalidate ? undefined : this.#negativeCache.find(task, now(), this.#ctx.isTrusted(peer))
    if (denied !== undefined && !(isOwnTrouble(denied) && (await this.#isAtWork(peer, task)))) throw denied
    if (task.isPrivate && (await this.#private.serve(peer, wish, asked.renews, say, signal))) return
    // who shares with nobody has a task of their own, whose id is slow to derive
    await this.#serve(task.isPrivate ? { ...wish, task: await this.#keys.of(peer, task) } : wish, say, signal)
  }

  /** A tiny content that is fresh, and was given whole before, is given as it was. */
  async #isAnsweredAgain(wish: Request & Wishes, say: (reply: ResolveReply) => void): Promise<boolean> {
    const { task, takesInline, progress, giver } = wish
    if (takesInline !== true || progress === true || giver !== undefined || task.isPrivate) return false
    const isDenied = this.#negativeCache.find(task, now()) !== undefined
    const answer = isDenied ? undefined : await this.#tiny.again(task, this.#freshness.rules(wish))
    if (answer === undefined) return false
    this.#network.exchange.totals.bytesSent += answer.inline?.payload.byteLength ?? 0
    say(answer)
    return true
  }

  /** Whether the content is being read, or is here, for whoever sends the very same. */
  async #isAtWork(peer: string, task: Task): Promise<boolean> {
    const current = this.#registry.current((task.isPrivate ? await this.#keys.of(peer, task) : task).id)
    return current !== undefined && !current.hasFailed
  }

  async #serve(request: Request, say: (reply: ResolveReply) => void, signal: AbortSignal): Promise<void> {
    const leave = await this.#complete(request, say, signal)
    // a stream that stays open holds on to nothing: contents may be closed meanwhile
    await untilGone(signal)
    leave()
  }

  /** Answers, and resolves when the content is complete, to what is to be called when the client has gone. */
  async #complete(request: Request, say: (reply: ResolveReply) => void, signal: AbortSignal): Promise<() => void> {
    const unsuited = new Set<ActiveTask>()
    for (;;) {
      const { active, isNew } = this.#enter(request, unsuited)
      const wasHere = active.isWhole
      const leave = this.#answers.listens(active)
      try {
        if (request.giver !== undefined && !wasHere) active.links.dial(request.giver, signal).catch(() => {})
        await this.#answers.known(active, signal)
        // what began with this request is about what the origin shows now, or fresh
        if (isNew || (await this.#freshness.suits(active, request))) {
          const answer = resolved(active, CID.parse(active.task.id).bytes)
          await this.#answers.stay(active, answer, { ...request, wasHere }, say, signal)
          const listening = [this.#answers.listens(active), this.#registry.listeners.add(active.task.id)]
          return () => {
            for (const end of listening) end()
          }
        }
        unsuited.add(active)
      } finally {
        leave()
        await this.#registry.release(active, 'keep')
      }
    }
  }

  /** The newest active task of the task, unless it is known not to suit; else a running one, or a new one. */
  #enter(request: Request, unsuited: ReadonlySet<ActiveTask>): { active: ActiveTask; isNew: boolean } {
    const { task, revalidate } = request
    const suits = (active: ActiveTask) => !unsuited.has(active) && !this.#freshness.isOutdated(active)
    const current = this.#registry.current(task.id)
    if (current?.isWhole === true && !current.isClosed && !current.hasFailed && suits(current)) {
      return { active: this.#registry.share(task.id), isNew: false }
    }
    const reader = request.giver === undefined ? 'others' : undefined
    return this.#registry.begin(task, {
      reader,
      isAsked: true,
      revalidate,
      cached: this.#freshness.rules(request),
      suits,
    })
  }
}

/** Under which a finished content may be here that is the one asked for, whatever URL it has. */
function topicOf({ root, isPrivate }: Task, digest: Uint8Array | undefined): CID | undefined {
  if (root !== undefined) return CID.parse(root)
  return digest === undefined || isPrivate ? undefined : rawCid(digest)
}

function taskOf(asked: ResolveRequest): Task {
  const { isNamedByDigest, isAnonymous: anonymous } = asked
  return makeTask({ ...asked, tag: asked.tag ?? '', digest: isNamedByDigest && asked.digest, anonymous })
}

function untrusted(): DragonflyError {
  return new DragonflyError('peer-refused', 'this seed takes copies only from seeds that it trusts', {
    hint: 'name each seed to the other one with --seed',
  })
}

function asFailure(error: unknown): DragonflyError {
  if (error instanceof DragonflyError) return error
  return new DragonflyError('internal', 'the seed could not read the origin', { cause: error })
}
