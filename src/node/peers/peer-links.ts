// The links of one active task, one per peer: dials, accepts and refuses.
import { CID } from 'multiformats/cid'
import { raceSignal } from 'race-signal'
import { DragonflyError } from '../../core/errors.ts'
import { sameBytes } from '../../core/piece.ts'
import { makeProof, type Task } from '../../core/task.ts'
import { LinkRefused } from '../../net/exchange.ts'
import type { Link } from '../../net/link.ts'
import type { Hello } from '../../wire/codec-hello.ts'
import type { PeerAddress } from '../../wire/codec-peers.ts'
import type { RefusalReason } from '../../wire/refusal.ts'
import { isJoining } from '../content/joined-root.ts'
import { type Network, type NodeContext, now } from '../context/node-context.ts'
import { type GrantBook, shownGrant } from './grant-book.ts'
import type { LinkKeeper } from './link-keeper.ts'
import { PeerLink, type PeerLinkListener } from './peer-link.ts'

/** A link younger than this may be one half of two peers dialling each other at the same time. */
const CROSSING_MS = 10_000

/** What the links need of their active task. */
export interface PeerLinksOwner extends PeerLinkListener {
  readonly task: Task
  /** Of a content that is shared by grants. */
  readonly grants: GrantBook | undefined
  /** Whether nobody may come in any more. */
  readonly isOver: boolean
  /** What our hello says: the version that we know or want, empty for none, and how much of its manifest we have. */
  readonly standing: { version: string; manifestCount: number }
  /** Whether the other side is at a version that is known not to be the current one. */
  isOutdated(link: PeerLink): boolean
}

export class PeerLinks {
  /** Peers that were tried and are no neighbours. */
  readonly unreachable = new Set<string>()
  readonly #ctx: NodeContext
  readonly #owner: PeerLinksOwner
  readonly #byPeer = new Map<string, PeerLink>()
  readonly #dialling = new Map<string, Promise<void>>()
  /** Told of a peer whose link has ended because it has other bytes, or the same cut into other pieces, under the version's name or another. */
  onStray: ((peer: string) => void) | undefined
  #keeper: LinkKeeper | undefined
  #isClosed = false

  constructor(ctx: NodeContext, owner: PeerLinksOwner) {
    this.#ctx = ctx
    this.#owner = owner
  }

  /** Who decides on links; while there is none everybody may come. */
  get keeper(): LinkKeeper | undefined {
    return this.#keeper
  }

  /** From now on `keeper` decides, or nobody. */
  keptBy(keeper: LinkKeeper | undefined): void {
    this.#keeper = keeper
  }

  get size(): number {
    return this.#byPeer.size
  }

  get(peer: string): PeerLink | undefined {
    return this.#byPeer.get(peer)
  }

  has(peer: string): boolean {
    return this.#byPeer.has(peer)
  }

  values(): Iterable<PeerLink> {
    return this.#byPeer.values()
  }

  get topic(): Uint8Array {
    return this.#owner.grants?.topic ?? CID.parse(this.#owner.task.id).bytes
  }

  /** Our hello for a peer on this task. */
  hello(peer: string): Hello {
    const { grants } = this.#owner
    if (grants !== undefined)
      return { type: 'hello', topic: grants.topic, proof: new Uint8Array(), ...this.#shown, ...this.#standing }
    const proof = makeProof(this.#owner.task.secret, this.#self, peer)
    return { type: 'hello', topic: this.topic, proof, ...this.#standing }
  }

  /** Says hello again: tells where we stand now, and asks for what comes after. */
  sayHello(from: PeerLink): void {
    const { link } = from
    link.send({ ...link.ourHello, ...this.#shown, ...this.#standingOn(from) })
  }

  /** Says hello as one that knows the version and nothing of its manifest: asks for the whole of the other side's. */
  askForAll({ link }: PeerLink): void {
    link.send({ ...link.ourHello, ...this.#shown, ...this.#standing, manifestCount: 0 })
  }

  sayHelloToAll(): void {
    for (const link of this.#byPeer.values()) this.sayHello(link)
  }

  /** Tells a neighbour of others; an empty list asks it for some. */
  tellPeers(to: string, peers: PeerAddress[]): void {
    const link = this.get(to)
    // who is there under another task is no use to one that would dial it by ours
    const byRoot = link?.isJoined === true ? [] : peers.filter(({ id }) => this.#isByRoot(id))
    const own = peers.filter(peer => !byRoot.includes(peer))
    if (own.length > 0 || peers.length === 0) link?.link.send({ type: 'peers', peers: own, links: this.#degree })
    if (byRoot.length > 0) link?.link.send({ type: 'root-peers', peers: byRoot })
  }

  // ---- coming

  /** Links up with a connected peer unless linked, after any dial that is under way. Rejects when it refuses or is gone. */
  async dial(peer: string, signal: AbortSignal, topic?: Uint8Array): Promise<void> {
    const hello = topic === undefined ? undefined : () => ({ ...this.hello(peer), topic, proof: new Uint8Array() })
    await this.#dialOnce(peer, signal, hello)
  }

  /** The same with one that has this content, of which we have the whole manifest, under another task. */
  async join(peer: string, root: string, signal: AbortSignal): Promise<void> {
    const topic = CID.parse(root).bytes
    // two contents of ours with the same bytes need one link to it
    if (this.#ctx.network?.exchange.isLinked(peer, topic) === true) throw new LinkRefused('too-busy', [])
    // it calls the version by a name of its own
    const hello = () => ({ ...this.hello(peer), topic, proof: new Uint8Array(), version: '' })
    await this.#dialOnce(peer, signal, hello)
    const link = this.get(peer)
    if (link?.isJoined === true) this.sayHello(link)
  }

  /** `hello`: what to say; undefined: what proves that we know the task, and that the other side has to prove, too. */
  async #dialOnce(peer: string, signal: AbortSignal, hello: (() => Hello) | undefined): Promise<void> {
    const { network } = this.#ctx
    if (network === undefined || peer === this.#self || this.#ctx.isBanned(peer)) return
    const present = this.get(peer)
    if (present !== undefined && !this.#owner.isOutdated(present)) return
    const other = this.#dialling.get(peer)
    if (other !== undefined) {
      // it may have less time than we have
      await raceSignal(
        other.catch(() => {}),
        signal,
      )
      return await this.#dialOnce(peer, signal, hello)
    }
    const dialling = this.#dial(network, peer, signal, hello).finally(() => this.#dialling.delete(peer))
    this.#dialling.set(peer, dialling)
    await dialling
  }

  async #dial(network: Network, peer: string, signal: AbortSignal, saying: (() => Hello) | undefined): Promise<void> {
    const hello = saying?.() ?? this.hello(peer)
    try {
      const check = saying === undefined ? (answer: Hello) => this.#check(peer, answer) : undefined
      await network.exchange.dial(peer, hello, link => this.attach(link), signal, check)
    } catch (error) {
      if (error instanceof LinkRefused && error.peers.length > 0) this.#keeper?.heard(peer, error.peers, isJoining(hello))
      throw error
    }
  }

  /** Why a peer that says hello to us is not wanted, and whom it may try; undefined when it is. The proof was checked before. */
  refusal(peer: string, hello: Hello): { refused: RefusalReason; peers?: PeerAddress[] } | undefined {
    if (this.#ctx.isBanned(peer)) return { refused: 'bad-proof' }
    if (this.#owner.isOver) return { refused: 'going-away' }
    const { version } = this.#standing
    if (hello.version !== '' && version !== '' && hello.version !== version) return { refused: 'other-version' }
    const present = this.get(peer)
    const crossing = this.#dialling.has(peer) || (present?.link.isDialer === true && now() - present.since < CROSSING_MS)
    if (crossing && this.#self < peer) return { refused: 'too-busy' }
    const peers = present === undefined ? this.#keeper?.refuses(peer, hello.links) : undefined
    if (peers === undefined) return undefined
    return { refused: 'too-busy', peers: isJoining(hello) ? peers : peers.filter(({ id }) => !this.#isByRoot(id)) }
  }

  /** Takes a new link in. One that replaces an older one of the same peer ends that. */
  attach(link: Link): PeerLink {
    const sessionLink = new PeerLink(link, this.#owner, now())
    const before = this.get(link.peer)
    this.#byPeer.set(link.peer, sessionLink)
    before?.link.close()
    this.#ctx.counters.count('dragonfly_links_opened_total')
    this.#ctx.emit({ code: 'link-opened', peer: link.peer, task: this.#owner.task.id })
    this.#keeper?.linked(sessionLink)
    // one that was under way while the active task's way of sharing changed has been let in by rules that hold no more
    const isStale = this.#owner.task.isPrivate && !sameBytes(link.ourHello.topic, this.topic)
    if (this.#isClosed || isStale) queueMicrotask(() => link.close('going-away'))
    else queueMicrotask(() => this.#owner.onVersion(sessionLink))
    return sessionLink
  }

  // ---- going

  end(peer: string): void {
    this.get(peer)?.link.close()
  }

  /** Ends the link to a peer that is to be dealt with no more. */
  expel(peer: string): void {
    const link = this.get(peer)
    this.#byPeer.delete(peer)
    link?.link.close('bad-proof')
    if (link !== undefined) this.#keeper?.unlinked(link, undefined)
  }

  /** A link has ended. False when another had taken its place before. */
  forget(link: PeerLink, error: unknown): boolean {
    if (this.get(link.peer) !== link) return false
    this.#byPeer.delete(link.peer)
    this.#ctx.emit({ code: 'link-closed', peer: link.peer, task: this.#owner.task.id })
    if (link.link.farewell === 'other-version') this.onStray?.(link.peer)
    this.#keeper?.unlinked(link, error)
    return true
  }

  /** Ends all of them, as the active task's topic is another now. */
  part(): void {
    for (const { link } of [...this.#byPeer.values()]) link.close('going-away')
  }

  /** Ends at once, whatever is on its way, the link to a peer that may have nothing more. */
  cut(peer: string): void {
    this.get(peer)?.link.abort(new DragonflyError('peer-refused', 'its grant has expired'))
  }

  /** Ends all of them, and those that still come. */
  close(): void {
    this.#isClosed = true
    for (const { link } of [...this.#byPeer.values()]) link.close('going-away')
    this.#byPeer.clear()
  }

  // ---- inside

  get #self(): string {
    return this.#ctx.network?.host.id ?? ''
  }

  get #degree(): number {
    return this.#keeper?.degree ?? 0
  }

  get #standing(): { version: string; manifestCount: number; links: number } {
    return { ...this.#owner.standing, links: this.#degree }
  }

  /** On a joined link the version has the name that the other side gives it. */
  #standingOn({ isJoined, version }: PeerLink): { version: string; manifestCount: number; links: number } {
    return isJoined ? { ...this.#standing, version } : this.#standing
  }

  #isByRoot(peer: string): boolean {
    return this.#keeper?.isByRoot(peer) === true
  }

  /** Our own grant, where one is needed. */
  get #shown(): { grant?: Uint8Array } {
    const grant = this.#owner.grants?.grant
    return grant === undefined ? {} : { grant }
  }

  /** Whoever answers our hello has to know the task too, or all of it would be his for announcing himself as a provider. */
  async #check(peer: string, answer: Hello): Promise<void> {
    const { grants, task } = this.#owner
    const isGood =
      grants === undefined
        ? sameBytes(answer.proof, makeProof(task.secret, peer, this.#self))
        : grants.admits(peer, await shownGrant(this.#ctx, peer, { ...answer, topic: grants.topic })) &&
          grants === this.#owner.grants
    if (!isGood) throw new DragonflyError('peer-refused', 'the peer does not prove that it may have this content')
  }
}
