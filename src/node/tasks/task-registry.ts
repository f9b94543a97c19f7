// All active tasks of a node: found by task for local users, and by topic for peers that say hello.
import { CID } from 'multiformats/cid'
import { DragonflyError, isAbort } from '../../core/errors.ts'
import { sameBytes } from '../../core/piece.ts'
import type { RangeSpec } from '../../core/range.ts'
import { rawCid } from '../../core/root.ts'
import { makeProof, type Task } from '../../core/task.ts'
import type { Answer } from '../../net/exchange.ts'
import type { Holder } from '../../store/disk-store.ts'
import type { Hello } from '../../wire/codec-hello.ts'
import { causeOf } from '../api/events.ts'
import type { NodeContext, Reader } from '../context/node-context.ts'
import type { PaceTerms } from '../context/pacing.ts'
import { isServing } from '../peers/comparison.ts'
import { shownGrant } from '../peers/grant-book.ts'
import { ActiveTask } from '../session/active-task.ts'
import type { CacheRules } from '../sources/cached.ts'
import { Supply } from '../sources/supply.ts'

const ANNOUNCE_TIMEOUT_MS = 30_000
const ANY_PACE: PaceTerms = {}

/**
 * What becomes of an active task when its last user leaves. `keep`: a finished one goes on serving others; `drop`: a finished
 * one is forgotten; `pause`: it ends, and the store keeps what it has for a next try; `discard`: nothing is kept.
 */
export type After = 'keep' | 'drop' | 'pause' | 'discard'

/** What somebody wants of an active task. */
export interface Want {
  /** sha2-256 that the whole must have; undefined: none was given. Sharing needs equal wishes. */
  digest?: Uint8Array | undefined
  /** Only these bytes of it. Default: the whole. */
  range?: RangeSpec | undefined
  /** For whom the origin may be read; undefined: this node may not read it. */
  reader: Reader | undefined
  /** The origin has to vouch for it anew. */
  revalidate?: boolean
  /** At which rate. Default: at any, with normal priority. */
  pace?: PaceTerms
  /** See SupplyOptions. */
  cached?: CacheRules | undefined
  /** Which running active task may be shared. Default: any, and for who wants it revalidated those that are. */
  suits?: (active: ActiveTask) => boolean
}

interface Held {
  active: ActiveTask
  reader: Reader | undefined
  revalidate: boolean
  supply: Supply
  users: number
  done: Promise<void>
}

/** One active task, and what is going on with it. */
export interface LiveContent {
  active: ActiveTask
  /** Downloads here and askers elsewhere that wait for it or hold on to it. */
  users: number
  isReading: boolean
}

export class TaskRegistry implements Holder {
  readonly #ctx: NodeContext
  /** Newest first: peers on an older version may finish it. */
  readonly #byTask = new Map<string, Held[]>()
  readonly #stopping = new AbortController()

  constructor(ctx: NodeContext) {
    this.#ctx = ctx
  }

  /** The newest active task of a task. */
  current(task: string): ActiveTask | undefined {
    return this.#byTask.get(task)?.[0]?.active
  }

  /** A finished public content by the sha2-256 of the whole. */
  byDigest(digest: Uint8Array): ActiveTask | undefined {
    return this.#all().find(
      ({ active }) => isPublicContent(active) && sameBytes(active.manifest?.seal?.sha256 ?? new Uint8Array(), digest),
    )?.active
  }

  /** Who works with a store entry. */
  byEntry(key: string): ActiveTask | undefined {
    return this.#all().find(({ active }) => active.entryKey === key)?.active
  }

  /** The newest active task of a task once more. There must be one. */
  share(task: string): ActiveTask {
    const held = this.#byTask.get(task)?.[0] as Held
    held.users++
    held.active.pace.join(ANY_PACE)
    return held.active
  }

  /**
   * A running active task that the caller may share, or a new one with its supply at work. Each `begin` needs a `release`.
   * Throws `aborted` once the node is being stopped.
   */
  begin(task: Task, want: Want): { active: ActiveTask; isNew: boolean } {
    if (this.#stopping.signal.aborted) throw new DragonflyError('aborted', 'the node was stopped')
    const running = this.#byTask.get(task.id)?.find(held => isShareable(held, want))
    if (running !== undefined) {
      running.users++
      running.active.ranges.add(want.range)
      running.active.pace.join(want.pace ?? ANY_PACE)
      return { active: running.active, isNew: false }
    }
    const { reader, revalidate = false, cached } = want
    const active = new ActiveTask(this.#ctx, task, want.digest)
    active.ranges.add(want.range)
    active.pace.join(want.pace ?? ANY_PACE)
    const self = this.#ctx.network?.host.id
    const seeds = this.#ctx.seedsAbove(task.subject).filter(s => s.peer !== self)
    const supply = new Supply(this.#ctx, active, { reader, seeds, revalidate, cached })
    const held: Held = { active, reader, revalidate, supply, users: 1, done: Promise.resolve() }
    this.#byTask.set(task.id, [held, ...(this.#byTask.get(task.id) ?? [])])
    held.done = this.#retireOthers(task.id).then(() => supply.run())
    void this.#announce(active)
    return { active, isNew: true }
  }

  /** Whether nobody else uses the active task, so that its store entry may be given away. */
  isOnlyUser(active: ActiveTask): boolean {
    return this.#all().find(h => h.active === active)?.users === 1
  }

  /**
   * The caller needs the active task no more. An unfinished one ends in any case when nobody else uses it.
   * `pace`: as it was begun with.
   */
  async release(active: ActiveTask, after: After, pace: PaceTerms = ANY_PACE): Promise<void> {
    const held = this.#all().find(h => h.active === active)
    if (held === undefined) return
    held.users--
    active.pace.leave(pace)
    if (held.users > 0 || (after === 'keep' && active.isComplete && !active.isTransient)) return
    const isForgotten = after === 'discard' || (after === 'drop' && active.isComplete)
    await this.#end(held, isForgotten)
  }

  /** Forgets what is finished of a task, and nobody uses, here or as a neighbour. Resolves to whether nothing of it is left. */
  async forget(task: string): Promise<boolean> {
    const unused = (this.#byTask.get(task) ?? []).filter(({ active, users }) => users === 0 && !isServing(active))
    for (const held of unused) await this.#end(held, true)
    return !this.#byTask.has(task)
  }

  /** How a peer's hello is answered. */
  readonly answer = async (peer: string, hello: Hello): Promise<Answer> => {
    // first, whatever it is for: how long the answer takes must not tell which topics there are
    const shown = await shownGrant(hello)
    const topic = cidText(hello.topic)
    const all = this.#all().map(h => h.active)
    const guarded = all.filter(s => s.grants?.id === topic)
    const open = guarded.find(s => s.isComplete) ?? guarded.find(s => !s.isOver)
    if (open !== undefined) return open.grants?.admits(peer, shown) === true ? welcome(open, peer, hello) : UNKNOWN
    const byTask = all.filter(s => s.grants === undefined && s.task.id === topic)
    const candidates = byTask.length > 0 ? byTask : all.filter(s => isPublicContent(s) && contentTopics(s).includes(topic))
    const active = candidates.find(s => s.manifest?.info.version === hello.version) ?? candidates[0]
    if (active === undefined) return UNKNOWN
    const self = this.#ctx.network?.host.id ?? ''
    if (byTask.length > 0 && !sameBytes(hello.proof, makeProof(active.task.secret, peer, self))) {
      return active.task.isPrivate ? UNKNOWN : { refused: 'bad-proof' }
    }
    // who asks by content need not know the task, and a proof of it would be something to try guesses on
    return welcome(active, peer, hello, byTask.length > 0 ? {} : { topic: hello.topic, proof: new Uint8Array() })
  }

  /** What is open, newest first within a task. */
  all(): LiveContent[] {
    return this.#all().map(({ active, supply, users }) => ({ active, users, isReading: supply.isReading }))
  }

  /** Finished contents that nobody downloads, nor is being served with, are open only because they might be asked for. */
  isIdle(key: string): boolean {
    return this.#idle(key) !== undefined
  }

  /** Ends such a one and removes it from the store. */
  async letGo(key: string): Promise<boolean> {
    return await this.#endIdle(key, true)
  }

  /** Ends such a one; the store keeps it. Resolves to whether nothing of it is open. */
  async closeIdle(key: string): Promise<boolean> {
    return (await this.#endIdle(key, false)) || this.byEntry(key) === undefined
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#all().map(held => this.#end(held)))
  }

  async #endIdle(key: string, discard: boolean): Promise<boolean> {
    const held = this.#idle(key)
    if (held !== undefined) await this.#end(held, discard)
    return held !== undefined
  }

  #idle(key: string): Held | undefined {
    return this.#all().find(
      ({ active, users }) => active.entryKey === key && users === 0 && active.isComplete && !isServing(active),
    )
  }

  #all(): Held[] {
    return [...this.#byTask.values()].flat()
  }

  /** A finished active task gives its place, and its store entry, to the one that asks again whether it is still current. */
  async #retireOthers(task: string): Promise<void> {
    for (const held of this.#byTask.get(task)?.slice(1) ?? []) if (held.users === 0) await this.#end(held)
  }

  async #end(held: Held, discard = false): Promise<void> {
    const { task } = held.active
    const left = (this.#byTask.get(task.id) ?? []).filter(h => h !== held)
    if (left.length > 0) this.#byTask.set(task.id, left)
    else this.#byTask.delete(task.id)
    held.supply.stop()
    // whoever waits for a rate is to see that it is over
    held.active.pace.close()
    await held.done
    await held.active.close(discard)
  }

  /** Says in the DHT that we have some of the task, and later all of the content. */
  async #announce(active: ActiveTask): Promise<void> {
    try {
      while (active.manifest === undefined || active.manifest.count === 0) await active.changed(this.#stopping.signal)
      const { dhtKey } = active.access
      if (dhtKey !== undefined) await this.#provide([dhtKey])
      // who leaves soon after the end need not be found by the whole content
      if (!this.#ctx.isLongLived) return
      while (!active.isWhole) await active.changed(this.#stopping.signal)
      if (isPublicContent(active)) await this.#provide(contentTopics(active).map(text => CID.parse(text)))
    } catch {
      // the active task has failed or the node stops: there is nothing to announce
    }
  }

  async #provide(keys: readonly CID[]): Promise<void> {
    const network = await this.#ctx.networkUp()
    if (network === undefined || network.host.addresses.length === 0) return
    await network.dht.ready(this.#stopping.signal)
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(ANNOUNCE_TIMEOUT_MS)])
    for (const key of keys) {
      await network.dht.announce(key, signal).catch(error => {
        if (!isAbort(error)) this.#ctx.emit({ code: 'dht-announce-failed', ...causeOf(error) })
      })
    }
  }
}

/** What a peer hears that may hear nothing: as if there were nothing. */
const UNKNOWN: Answer = { refused: 'unknown-topic' }

/** The answer to a peer that may have the content; `changes`: to our hello. */
function welcome(active: ActiveTask, peer: string, hello: Hello, changes: Partial<Hello> = {}): Answer {
  const refused = active.links.refusal(peer, hello)
  if (refused !== undefined) return refused
  return { hello: { ...active.links.hello(peer), ...changes }, attach: link => active.links.attach(link) }
}

function isShareable({ active, reader, revalidate }: Held, want: Want): boolean {
  if (active.isClosed || active.isComplete || active.hasFailed) return false
  // others must not get by us what they may not have read; and what is read for them may yet be refused
  if (want.reader === 'others' && reader !== 'others') return false
  if (want.reader !== 'others' && reader === 'others' && active.manifest === undefined) return false
  if (!(want.suits?.(active) ?? (revalidate || want.revalidate !== true))) return false
  const { digest } = want
  return digest === undefined ? active.wanted === undefined : active.wanted !== undefined && sameBytes(digest, active.wanted)
}

function isPublicContent(active: ActiveTask): boolean {
  return !active.task.isPrivate && !active.isTransient && active.isWhole && active.manifest?.seal !== undefined
}

/** The root, and the raw CID of the whole content's sha2-256: by either it can be asked for without knowing a URL. */
function contentTopics(active: ActiveTask): string[] {
  const seal = active.manifest?.seal
  return seal === undefined ? [] : [...new Set([seal.root, rawCid(seal.sha256).toString()])]
}

function cidText(bytes: Uint8Array): string {
  try {
    return CID.decode(bytes).toString()
  } catch {
    return ''
  }
}
