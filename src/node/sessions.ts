// All contents of one node: found by task for those who ask here, by topic for peers who say hello.
import { CID } from 'multiformats/cid'
import { DragonflyError, isAbort } from '../core/errors.ts'
import { sameBytes } from '../core/piece.ts'
import { rawCid } from '../core/root.ts'
import { makeProof, type Task } from '../core/task.ts'
import type { Answer } from '../net/exchange.ts'
import type { Hello } from '../wire/codec-hello.ts'
import type { NodeContext } from './context.ts'
import { shownGrant } from './guard.ts'
import { Session } from './session.ts'
import { Supply } from './supply.ts'

const ANNOUNCE_TIMEOUT_MS = 30_000

/**
 * What becomes of a session when its last user leaves. `keep`: a finished one goes on serving others; `drop`: a finished
 * one is forgotten; `pause`: it ends, and the store keeps what it has for a next try; `discard`: nothing is kept.
 */
export type After = 'keep' | 'drop' | 'pause' | 'discard'

interface Held {
  session: Session
  supply: Supply
  users: number
  done: Promise<void>
}

export class Sessions {
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

  /** The newest session of a task once more. There must be one. */
  share(task: string): Session {
    const held = this.#byTask.get(task)?.[0] as Held
    held.users++
    return held.session
  }

  /**
   * A running session that the caller may share, or a new one with its supply at work. Each `begin` needs a `release`.
   * `wanted`: the digest of the whole. Sharing needs equal wishes. Throws `aborted` once the node is being stopped.
   */
  begin(task: Task, wanted: Uint8Array | undefined, origin: boolean): Session {
    if (this.#stopping.signal.aborted) throw new DragonflyError('aborted', 'the node was stopped')
    const running = this.#byTask.get(task.id)?.find(held => isShareable(held.session, wanted))
    if (running !== undefined) {
      running.users++
      return running.session
    }
    const session = new Session(this.#ctx, task, wanted)
    const self = this.#ctx.network?.host.id
    const supply = new Supply(this.#ctx, session, {
      origin,
      seeds: this.#ctx.seedsAbove(task.subject).filter(s => s.peer !== self),
    })
    const held: Held = { session, supply, users: 1, done: Promise.resolve() }
    this.#byTask.set(task.id, [held, ...(this.#byTask.get(task.id) ?? [])])
    held.done = this.#retireOthers(task.id).then(() => supply.run())
    void this.#announce(session)
    return session
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
    if (held.users > 0 || (after === 'keep' && session.isComplete)) return
    const isForgotten = after === 'discard' || (after === 'drop' && session.isComplete)
    await this.#end(held, isForgotten)
  }

  /** Forgets what is finished of a task, and nobody uses. Resolves to whether nothing of it is left. */
  async forget(task: string): Promise<boolean> {
    for (const held of this.#byTask.get(task) ?? []) if (held.users === 0) await this.#end(held, true)
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

  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#all().map(held => this.#end(held)))
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
      const { dhtKey } = session
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

function isShareable(session: Session, wanted: Uint8Array | undefined): boolean {
  if (session.isClosed || session.isComplete || session.hasFailed) return false
  return wanted === undefined ? session.wanted === undefined : session.wanted !== undefined && sameBytes(wanted, session.wanted)
}

function isPublicContent(session: Session): boolean {
  return !session.task.isPrivate && session.isComplete && session.manifest?.seal !== undefined
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
