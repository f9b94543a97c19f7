// All contents of one node: found by task for those who ask here, by topic for peers who say hello.
import { CID } from 'multiformats/cid'
import { DragonflyError, isAbort } from '../core/errors.ts'
import { sameBytes } from '../core/piece.ts'
import { rawCid } from '../core/root.ts'
import { makeProof, type Task } from '../core/task.ts'
import type { Answer } from '../net/exchange.ts'
import type { Holder } from '../store/disk-store.ts'
import type { Hello } from '../wire/codec-hello.ts'
import { isServing } from './comparison.ts'
import type { NodeContext, Reader } from './context.ts'
import { shownGrant } from './guard.ts'
import type { KeptRules } from './kept.ts'
import { Session } from './session.ts'
import { Supply } from './supply.ts'

const ANNOUNCE_TIMEOUT_MS = 30_000

/**
 * What becomes of a session when its last user leaves. `keep`: a finished one goes on serving others; `drop`: a finished
 * one is forgotten; `pause`: it ends, and the store keeps what it has for a next try; `discard`: nothing is kept.
 */
export type After = 'keep' | 'drop' | 'pause' | 'discard'

/** What somebody wants of a session. */
export interface Want {
  /** sha2-256 that the whole must have; undefined: none was given. Sharing needs equal wishes. */
  digest?: Uint8Array | undefined
  /** For whom the origin may be read; undefined: this node may not read it. */
  reader: Reader | undefined
  /** The origin has to vouch for it anew. */
  revalidate?: boolean
  /** See SupplyOptions. */
  kept?: KeptRules | undefined
  /** Which running session may be shared. Default: any, and for who wants it revalidated those that are. */
  suits?: (session: Session) => boolean
}

interface Held {
  session: Session
  reader: Reader | undefined
  revalidate: boolean
  supply: Supply
  users: number
  done: Promise<void>
}

/** One session, and what is going on with it. */
export interface LiveContent {
  session: Session
  /** Downloads here and askers elsewhere that wait for it or hold on to it. */
  users: number
  isReading: boolean
}

export class Sessions implements Holder {
  readonly #ctx: NodeContext
  /** Newest first: peers on an older version may finish it. */
  readonly #byTask = new Map<string, Held[]>()
  readonly #stopping = new AbortController()

  constructor(ctx: NodeContext) {
    this.#ctx = ctx
  }

  /** The newest session of a task. */
  current(task: string): Session | undefined {
    return this.#byTask.get(task)?.[0]?.session
  }

  /** A finished public content by the sha2-256 of the whole. */
  byDigest(digest: Uint8Array): Session | undefined {
    return this.#all().find(
      ({ session }) => isPublicContent(session) && sameBytes(session.manifest?.seal?.sha256 ?? new Uint8Array(), digest),
    )?.session
  }

  /** Who works with a store entry. */
  byEntry(key: string): Session | undefined {
    return this.#all().find(({ session }) => session.entryKey === key)?.session
  }

  /** The newest session of a task once more. There must be one. */
  share(task: string): Session {
    const held = this.#byTask.get(task)?.[0] as Held
    held.users++
    return held.session
  }

  /**
   * A running session that the caller may share, or a new one with its supply at work. Each `begin` needs a `release`.
   * Throws `aborted` once the node is being stopped.
   */
  begin(task: Task, want: Want): { session: Session; isNew: boolean } {
    if (this.#stopping.signal.aborted) throw new DragonflyError('aborted', 'the node was stopped')
    const running = this.#byTask.get(task.id)?.find(held => isShareable(held, want))
    if (running !== undefined) {
      running.users++
      return { session: running.session, isNew: false }
    }
    const { reader, revalidate = false, kept } = want
    const session = new Session(this.#ctx, task, want.digest)
    const self = this.#ctx.network?.host.id
    const seeds = this.#ctx.seedsAbove(task.subject).filter(s => s.peer !== self)
    const supply = new Supply(this.#ctx, session, { reader, seeds, revalidate, kept })
    const held: Held = { session, reader, revalidate, supply, users: 1, done: Promise.resolve() }
    this.#byTask.set(task.id, [held, ...(this.#byTask.get(task.id) ?? [])])
    held.done = this.#retireOthers(task.id).then(() => supply.run())
    void this.#announce(session)
    return { session, isNew: true }
  }

  /** Whether nobody else uses the session, so that its store entry may be given away. */
  isOnlyUser(session: Session): boolean {
    return this.#all().find(h => h.session === session)?.users === 1
  }

  /** The caller needs the session no more. An unfinished one ends in any case when nobody else uses it. */
  async release(session: Session, after: After): Promise<void> {
    const held = this.#all().find(h => h.session === session)
    if (held === undefined) return
    held.users--
    if (held.users > 0 || (after === 'keep' && session.isComplete && !session.isTransient)) return
    const isForgotten = after === 'discard' || (after === 'drop' && session.isComplete)
    await this.#end(held, isForgotten)
  }

  /** Forgets what is finished of a task, and nobody uses, here or as a neighbour. Resolves to whether nothing of it is left. */
  async forget(task: string): Promise<boolean> {
    const unused = (this.#byTask.get(task) ?? []).filter(({ session, users }) => users === 0 && !isServing(session))
    for (const held of unused) await this.#end(held, true)
    return !this.#byTask.has(task)
  }

  /** How a peer's hello is answered. */
  readonly answer = async (peer: string, hello: Hello): Promise<Answer> => {
    // first, whatever it is for: how long the answer takes must not tell which topics there are
    const shown = await shownGrant(hello)
    const topic = cidText(hello.topic)
    const all = this.#all().map(h => h.session)
    const guarded = all.filter(s => s.guard?.id === topic)
    const open = guarded.find(s => s.isComplete) ?? guarded.find(s => !s.isOver)
    if (open !== undefined) return open.guard?.admits(peer, shown) === true ? welcome(open, peer, hello) : UNKNOWN
    const byTask = all.filter(s => s.guard === undefined && s.task.id === topic)
    const candidates = byTask.length > 0 ? byTask : all.filter(s => isPublicContent(s) && contentTopics(s).includes(topic))
    const session = candidates.find(s => s.manifest?.info.version === hello.version) ?? candidates[0]
    if (session === undefined) return UNKNOWN
    const self = this.#ctx.network?.host.id ?? ''
    if (byTask.length > 0 && !sameBytes(hello.proof, makeProof(session.task.secret, peer, self))) {
      return session.task.isPrivate ? UNKNOWN : { refused: 'bad-proof' }
    }
    // who asks by content need not know the task, and a proof of it would be something to try guesses on
    return welcome(session, peer, hello, byTask.length > 0 ? {} : { topic: hello.topic, proof: new Uint8Array() })
  }

  /** What is open, newest first within a task. */
  all(): LiveContent[] {
    return this.#all().map(({ session, supply, users }) => ({ session, users, isReading: supply.isReading }))
  }

  /** Finished contents that nobody downloads, nor is being served with, are open only because they might be asked for. */
  isIdle(key: string): boolean {
    return this.#idle(key) !== undefined
  }

  /** Ends such a one and removes it from the store. */
  async letGo(key: string): Promise<boolean> {
    const held = this.#idle(key)
    if (held === undefined) return false
    await this.#end(held, true)
    return true
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#all().map(held => this.#end(held)))
  }

  #idle(key: string): Held | undefined {
    return this.#all().find(
      ({ session, users }) => session.entryKey === key && users === 0 && session.isComplete && !isServing(session),
    )
  }

  #all(): Held[] {
    return [...this.#byTask.values()].flat()
  }

  /** A finished session gives its place, and its store entry, to the one that asks again whether it is still current. */
  async #retireOthers(task: string): Promise<void> {
    for (const held of this.#byTask.get(task)?.slice(1) ?? []) if (held.users === 0) await this.#end(held)
  }

  async #end(held: Held, discard = false): Promise<void> {
    const { task } = held.session
    const left = (this.#byTask.get(task.id) ?? []).filter(h => h !== held)
    if (left.length > 0) this.#byTask.set(task.id, left)
    else this.#byTask.delete(task.id)
    held.supply.stop()
    await held.done
    await held.session.close(discard)
  }

  /** Says in the DHT that we have some of the task, and later all of the content. */
  async #announce(session: Session): Promise<void> {
    try {
      while (session.manifest === undefined || session.manifest.count === 0) await session.changed(this.#stopping.signal)
      const { dhtKey } = session.door
      if (dhtKey !== undefined) await this.#provide([dhtKey])
      // who leaves soon after the end need not be found by the whole content
      if (!this.#ctx.isLongLived) return
      while (!session.isComplete) await session.changed(this.#stopping.signal)
      if (isPublicContent(session)) await this.#provide(contentTopics(session).map(text => CID.parse(text)))
    } catch {
      // the session has failed or the node stops: there is nothing to announce
    }
  }

  async #provide(keys: readonly CID[]): Promise<void> {
    const network = await this.#ctx.networkUp()
    if (network === undefined || network.host.addresses.length === 0) return
    await network.dht.ready(this.#stopping.signal)
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(ANNOUNCE_TIMEOUT_MS)])
    for (const key of keys) {
      await network.dht.announce(key, signal).catch(error => {
        if (!isAbort(error)) this.#ctx.info(`announce: ${error.message}`)
      })
    }
  }
}

/** What a peer hears that may hear nothing: as if there were nothing. */
const UNKNOWN: Answer = { refused: 'unknown-topic' }

/** The answer to a peer that may have the content; `changes`: to our hello. */
function welcome(session: Session, peer: string, hello: Hello, changes: Partial<Hello> = {}): Answer {
  const refused = session.links.refusal(peer, hello)
  if (refused !== undefined) return refused
  return { hello: { ...session.links.hello(peer), ...changes }, attach: link => session.links.attach(link) }
}

function isShareable({ session, reader, revalidate }: Held, want: Want): boolean {
  if (session.isClosed || session.isComplete || session.hasFailed) return false
  // others must not get by us what they may not have read; and what is read for them may yet be refused
  if (want.reader === 'others' && reader !== 'others') return false
  if (want.reader !== 'others' && reader === 'others' && session.manifest === undefined) return false
  if (!(want.suits?.(session) ?? (revalidate || want.revalidate !== true))) return false
  const { digest } = want
  return digest === undefined ? session.wanted === undefined : session.wanted !== undefined && sameBytes(digest, session.wanted)
}

function isPublicContent(session: Session): boolean {
  return !session.task.isPrivate && !session.isTransient && session.isComplete && session.manifest?.seal !== undefined
}

/** The root, and the raw CID of the whole content's sha2-256: by either it can be asked for without knowing a URL. */
function contentTopics(session: Session): string[] {
  const seal = session.manifest?.seal
  return seal === undefined ? [] : [...new Set([seal.root, rawCid(seal.sha256).toString()])]
}

function cidText(bytes: Uint8Array): string {
  try {
    return CID.decode(bytes).toString()
  } catch {
    return ''
  }
}
