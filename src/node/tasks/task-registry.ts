// All active tasks of a node: found by task for local users, and by topic for peers that say hello.
import { CID } from 'multiformats/cid'
import { raceSignal } from 'race-signal'
import { DragonflyError } from '../../core/errors.ts'
import { rawCid } from '../../core/root.ts'
import type { Task } from '../../core/task.ts'
import type { Answer } from '../../net/exchange.ts'
import type { Holder } from '../../store/disk-store.ts'
import type { Hello } from '../../wire/codec-hello.ts'
import { type NodeContext, now } from '../context/node-context.ts'
import type { PaceTerms } from '../context/pacing.ts'
import { isServing } from '../peers/comparison.ts'
import { ActiveTask } from '../session/active-task.ts'
import { UNCHANGING } from '../sources/cached.ts'
import { Supply } from '../sources/supply.ts'
import { Announcer } from './announcer.ts'
import { type ClosedContent, ClosedContents } from './closed-contents.ts'
import { type After, type Held, isShareable, isWrong, type LiveContent, type Want } from './held.ts'
import { HelloAnswers } from './hello-answers.ts'
import { IdleContents } from './idle-contents.ts'
import { KeyedTurns } from './keyed-turns.ts'
import { Listeners } from './listeners.ts'
import { isContent } from './topics.ts'

/** Who asks whether a finished content is current waits so long for those who still copy it, ms. */
const COPY_MS = 10_000
const ANY_PACE: PaceTerms = {}

export type { After, LiveContent } from './held.ts'

export class TaskRegistry implements Holder {
  readonly listeners = new Listeners()
  readonly #ctx: NodeContext
  /** Newest first: peers on an older version may finish it. */
  readonly #byTask = new Map<string, Held[]>()
  /** Of those that nobody finds any more. */
  readonly #endings = new Set<Promise<void>>()
  readonly #stopping = new AbortController()
  readonly #announcer: Announcer
  readonly #closed: ClosedContents
  readonly #answers: HelloAnswers
  readonly #idleContents = new IdleContents(this.#byTask)
  /** What is being closed or opened again, by task: its store entry is open once at most. */
  readonly #moving = new KeyedTurns()

  constructor(ctx: NodeContext) {
    const { signal } = this.#stopping
    this.#ctx = ctx
    this.#announcer = new Announcer(ctx, signal)
    this.#closed = new ClosedContents(ctx, signal, keys => this.#announcer.withdraw(keys))
    this.#answers = new HelloAnswers(ctx, {
      open: () => this.#all(),
      closed: this.#closed,
      reopen: closed => this.#reopen(closed),
      stopping: signal,
    })
  }

  /** The newest active task of a task. */
  readonly current = (task: string): ActiveTask | undefined => this.#byTask.get(task)?.[0]?.active

  /** A finished public content by its root, or by the raw CID of its sha2-256; opened again if it has to be. */
  async byContent(topic: string): Promise<ActiveTask | undefined> {
    const open = this.#all().find(({ active }) => isContent(active, topic))?.active
    return open ?? (await this.#reopenIfFree(this.#closed.byContent(topic)))
  }

  /** A finished content that is shared here, by its task; opened again if it has to be. */
  async shared(task: string): Promise<ActiveTask | undefined> {
    return this.current(task) ?? (await this.#reopenIfFree(this.#closed.byTask(task)))
  }

  /** Serves a whole content that was made here, until `withdraw`. Throws `aborted` once the node is being stopped. */
  take(active: ActiveTask): void {
    if (this.#stopping.signal.aborted) throw new DragonflyError('aborted', 'the node was stopped')
    const held = this.#hold(active, { reader: undefined, revalidate: false, users: 0, cached: undefined })
    this.#closed.forget(active.task.id)
    this.#byTask.set(active.task.id, [held, ...(this.#byTask.get(active.task.id) ?? [])])
    held.done = held.supply.run()
    void this.#announcer.follow(active)
    this.#closeIdle(held)
  }

  /** Offers a finished content no more, and forgets it. Who downloads it here finishes. */
  async withdraw(task: string): Promise<void> {
    const closed = this.#closed.byTask(task)
    this.#closed.forget(task)
    this.#announcer.withdraw([CID.parse(task)])
    for (const held of (this.#byTask.get(task) ?? []).filter(({ users }) => users === 0)) await this.#end(held, true)
    if (closed !== undefined) await this.#ctx.store.remove(closed.key).catch(() => {})
  }

  /** Who works with a store entry. */
  readonly byEntry = (key: string) => this.#all().find(({ active }) => active.entryKey === key)?.active

  /** The newest active task of a task once more, for somebody elsewhere. There must be one. */
  share(task: string): ActiveTask {
    const held = this.#byTask.get(task)?.[0] as Held
    held.supply.reliedOn()
    held.users++
    held.active.pace.join(ANY_PACE)
    held.usedAt = now()
    return held.active
  }

  /**
   * A running active task that the caller may share, or a new one with its supply at work. Each `begin` needs a `release`.
   * Throws `aborted` once the node is being stopped.
   */
  begin(task: Task, wish: Want): { active: ActiveTask; isNew: boolean } {
    // what a root names has no origin
    const want = task.root === undefined ? wish : { ...wish, reader: undefined, revalidate: false }
    if (this.#stopping.signal.aborted) throw new DragonflyError('aborted', 'the node was stopped')
    const running = this.#finished(task) ?? this.#byTask.get(task.id)?.find(held => isShareable(held, want))
    if (running !== undefined) {
      running.users++
      running.usedAt = now()
      running.active.ranges.add(want.range)
      running.active.pace.join(want.pace ?? ANY_PACE)
      if (want.isAsked === true) running.supply.reliedOn()
      return { active: running.active, isNew: false }
    }
    const { reader, revalidate = false, restarts, originAfter, isAsked = false } = want
    const cached = want.cached ?? (task.digest === undefined && task.root === undefined ? undefined : UNCHANGING)
    const active = new ActiveTask(this.#ctx, task, want.digest)
    if (isAsked) active.roles.serve()
    active.ranges.add(want.range)
    active.pace.join(want.pace ?? ANY_PACE)
    this.#closed.forget(task.id)
    const held = this.#hold(active, { reader, revalidate, cached, restarts, originAfter, isAsked, users: 1 })
    this.#byTask.set(task.id, [held, ...(this.#byTask.get(task.id) ?? [])])
    held.done = this.#retireOthers(held).then(() => held.supply.run())
    void this.#announcer.follow(active)
    return { active, isNew: true }
  }

  /** What is here of a content that its digest names: whole, so that there is nothing to ask; a public one under any URL. */
  #finished({ id, digest, root, isPrivate }: Task): Held | undefined {
    const topic = root ?? (digest && rawCid(digest).toString())
    if (topic === undefined) return undefined
    return this.#all().find(({ active }) => {
      if (active.isClosed || active.hasFailed || !active.isWhole) return false
      if (active.task.id === id) return active.manifest?.seal !== undefined
      return !isPrivate && isContent(active, topic)
    })
  }

  /** Whether nobody else uses it: its store entry may be given away. */
  readonly isOnlyUser = (active: ActiveTask): boolean => this.#heldOf(active)?.users === 1

  /**
   * The caller needs the active task no more. An unfinished one ends in any case when nobody else uses it.
   * `pace`: as it was begun with.
   */
  async release(active: ActiveTask, after: After, pace: PaceTerms = ANY_PACE): Promise<void> {
    const held = this.#heldOf(active)
    if (held === undefined) return
    held.usedAt = now()
    active.pace.leave(pace)
    if (--held.users > 0) return
    held.left?.resolve()
    if (after === 'keep' && active.isComplete && !active.isTransient) return this.#closeIdle(held)
    await this.#end(held, after === 'discard' || (after === 'drop' && active.isComplete))
  }

  /** Forgets what is finished of a task, and nobody uses, here or as a neighbour. Resolves to whether nothing of it is left. */
  async forget(task: string): Promise<boolean> {
    const unused = (this.#byTask.get(task) ?? []).filter(({ active, users }) => users === 0 && !isServing(active))
    for (const held of unused) await this.#end(held, true)
    return !this.#byTask.has(task)
  }

  /** How a peer's hello is answered. */
  readonly answer = async (peer: string, hello: Hello): Promise<Answer> => await this.#answers.answer(peer, hello)

  /** What is open, newest first within a task. */
  all(): LiveContent[] {
    return this.#all().map(({ active, supply, users }) => ({ active, users, isReading: supply.isReading }))
  }

  /** Finished contents that nobody downloads, nor is being served with, are open only because they might be asked for. */
  readonly isIdle = (key: string): boolean => this.#idle(key) !== undefined

  /** Ends such a one and removes it from the store. */
  async letGo(key: string): Promise<boolean> {
    const held = this.#idle(key)
    if (held === undefined) return false
    await this.#end(held, true)
    return true
  }

  /** Ends such a one; the store keeps it. Resolves to whether nothing of it is open. */
  async closeIdle(key: string): Promise<boolean> {
    const held = this.#idle(key)
    if (held !== undefined) await this.#close(held)
    return this.byEntry(key) === undefined
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#moving.allIdle()
    await Promise.all(this.#all().map(held => this.#end(held)))
    // the store closes what is still open, also what those who left just now are about to remove
    await Promise.allSettled(this.#endings)
  }

  #hold(
    active: ActiveTask,
    how: Pick<Held, 'reader' | 'revalidate' | 'users'> & Pick<Want, 'cached' | 'restarts' | 'originAfter' | 'isAsked'>,
  ): Held {
    const { reader, revalidate, cached, restarts, originAfter, isAsked, users } = how
    const self = this.#ctx.network?.host.id
    const seeds = this.#ctx.seedsAbove(active.task.subject).filter(s => s.peer !== self)
    const supply = new Supply(this.#ctx, active, { reader, seeds, revalidate, cached, restarts, originAfter, isAsked })
    return { active, reader, revalidate, supply, users, usedAt: now(), done: Promise.resolve(), ended: new AbortController() }
  }

  /** Closes finished contents that nobody uses when there are too many, those first that were not used for longest. */
  #closeIdle(left: Held): void {
    for (const held of this.#idleContents.surplus(left)) this.#close(held).catch(() => {})
  }

  /** It is opened again when a peer asks for it. */
  async #close(held: Held): Promise<void> {
    const { active } = held
    const { dhtKey } = active.access
    if (!this.#closed.add(active) && dhtKey !== undefined) this.#announcer.withdraw([dhtKey])
    await this.#moving.run(active.task.id, () => this.#end(held))
  }

  async #reopenIfFree(closed: ClosedContent | undefined): Promise<ActiveTask | undefined> {
    return closed === undefined || this.#closed.isBusy ? undefined : await this.#reopen(closed)
  }

  /** Resolves to undefined when it is in the store no more. */
  async #reopen(closed: ClosedContent): Promise<ActiveTask | undefined> {
    const { id } = closed.task
    return await this.#moving.run(id, async () => {
      const running = this.current(id)
      if (running !== undefined) return running.isComplete ? running : undefined
      const active = await this.#closed.open(closed)
      if (this.#closed.byTask(id) === closed) this.#closed.forget(id)
      if (active === undefined) return undefined
      const held = this.#hold(active, { reader: undefined, revalidate: false, users: 0, cached: undefined })
      this.#byTask.set(id, [...(this.#byTask.get(id) ?? []), held])
      held.done = held.supply.run()
      this.#closeIdle(held)
      return active
    })
  }

  #idle(key: string): Held | undefined {
    const held = this.#all().find(({ active, users }) => active.entryKey === key && users === 0 && active.isComplete)
    return held === undefined || isServing(held.active) || this.listeners.has(held.active.task.id) ? undefined : held
  }

  #heldOf(active: ActiveTask): Held | undefined {
    return this.#byTask.get(active.task.id)?.find(held => held.active === active)
  }

  #all(): Held[] {
    return [...this.#byTask.values()].flat()
  }

  /** A finished active task gives its place, and its store entry, to the one that asks again whether it is still current. */
  async #retireOthers(newest: Held): Promise<void> {
    const { id } = newest.active.task
    await this.#moving.idle(id)
    for (const held of this.#byTask.get(id)?.filter(other => other !== newest) ?? []) {
      if (held.users > 0 && held.active.isComplete) await this.#untilLeft(held, newest)
      if (held.users === 0) await this.#end(held)
    }
  }

  /** A download that still copies what is finished leaves soon; without its store entry all would be read anew. */
  async #untilLeft(held: Held, waiting: Held): Promise<void> {
    if (held.reader !== 'self' || waiting.reader !== 'self') return
    held.left ??= Promise.withResolvers()
    const over = AbortSignal.any([this.#stopping.signal, waiting.ended.signal, AbortSignal.timeout(COPY_MS)])
    await raceSignal(held.left.promise, over).catch(() => {})
  }

  async #end(held: Held, discard = false): Promise<void> {
    const { task } = held.active
    const left = (this.#byTask.get(task.id) ?? []).filter(h => h !== held)
    if (left.length > 0) this.#byTask.set(task.id, left)
    else this.#byTask.delete(task.id)
    held.ended.abort()
    held.supply.stop()
    // whoever waits for a rate is to see that it is over
    held.active.pace.close()
    const ending = held.done.then(() => held.active.close(discard || isWrong(held.active)))
    this.#endings.add(ending)
    await ending.finally(() => this.#endings.delete(ending))
  }
}
