// Drives one neighbourhood decider: reports links and addresses to it, and dials, drops and introduces peers as it decides.
import { isAbort } from '../../core/errors.ts'
import { groupOfAddress } from '../../net/address-group.ts'
import { LinkRefused } from '../../net/exchange.ts'
import type { Link } from '../../net/link.ts'
import { Neighbourhood } from '../../swarm/neighbourhood.ts'
import type { LinkUse, NeighbourhoodAction, NeighbourhoodEvent } from '../../swarm/neighbourhood-events.ts'
import type { PeerAddress } from '../../wire/codec-peers.ts'
import type { RefusalReason } from '../../wire/refusal.ts'
import { causeOf } from '../api/events.ts'
import { type Joinable, joinedRoot } from '../content/joined-root.ts'
import { busyness } from '../context/busyness.ts'
import { type Network, type NodeContext, now } from '../context/node-context.ts'
import { AddressBook } from './address-book.ts'
import { type Compared, isWhole, offers } from './comparison.ts'
import type { LinkKeeper } from './link-keeper.ts'
import type { PeerLink } from './peer-link.ts'
import type { PeerLinks } from './peer-links.ts'
import type { Roles } from './roles.ts'

const DIAL_TIMEOUT_MS = 5000
/** The same for a starved process, at most so many times. */
const MAX_DIAL_TIMES = 4
/** How often it is looked at what the links are good for. */
const LOOK_MS = 1000
/** Whoever has not said by so many looks where it listens does not listen. */
const MAX_LOOKS = 10
/** Who says so has nothing to do with this content, now or any more. */
const UNWANTED: ReadonlySet<RefusalReason> = new Set(['unknown-topic', 'bad-proof', 'other-version', 'going-away'])

/** What the driver needs of its active task. */
export interface NeighbourhoodOwner extends Compared, Joinable {
  readonly links: PeerLinks
  readonly isComplete: boolean
  readonly roles: Pick<Roles, 'serves' | 'isSeed'>
}

export class NeighbourhoodDriver implements LinkKeeper {
  readonly #ctx: NodeContext
  readonly #owner: NeighbourhoodOwner
  readonly #book = new AddressBook()
  readonly #stopped = new AbortController()
  /** What had passed on a link when it was last looked at. */
  readonly #seen = new WeakMap<Link, { received: number; sent: number }>()
  /** How often it was looked where somebody listens who does not say so. */
  readonly #looks = new WeakMap<PeerLink, number>()
  #known: Neighbourhood | undefined
  /** As the neighbourhood was told. */
  #serves = false
  #isBusy = false
  #dialling = 0
  #wake: NodeJS.Timeout | undefined
  #look: NodeJS.Timeout | undefined

  /** Keeps the active task's links from now on, until `stop`. */
  constructor(ctx: NodeContext, owner: NeighbourhoodOwner) {
    this.#ctx = ctx
    this.#owner = owner
    owner.links.keptBy(this)
  }

  /** Whether nobody is being dialled, nor will be in a moment. */
  get isIdle(): boolean {
    return this.#dialling === 0 && this.#known?.isAboutToDial(now()) !== true
  }

  /** Candidates that a connected peer names, or a list. `isByRoot`: see LinkKeeper. */
  offer(from: string, peers: readonly PeerAddress[], isByRoot = false): void {
    const { network } = this.#ctx
    if (network === undefined || this.#stopped.signal.aborted || peers.length === 0) return
    const welcome = peers.filter(({ id }) => id !== network.host.id && !this.#ctx.isBanned(id))
    const believed = welcome.map(({ id, addresses }) => ({ id, addresses: network.host.believable(from, addresses) }))
    for (const { id, addresses } of believed) {
      this.#book.noteWay(id, isByRoot)
      this.#book.note(id, addresses, from)
    }
    this.#tell({ type: 'heard', from, peers: believed.map(({ id, addresses }) => known(id, addresses)) })
  }

  /** Whom to tell one of, that has the content under another task. */
  peersFor(peer: string): PeerAddress[] {
    const { network } = this.#ctx
    if (network === undefined || this.#stopped.signal.aborted) return []
    return this.#book.named(this.#hood(network).hints({ peer, group: network.host.groupOf(peer) }, now()))
  }

  stop(): void {
    this.#stopped.abort()
    clearTimeout(this.#wake)
    clearTimeout(this.#look)
    const { links } = this.#owner
    if (links.keeper === this) links.keptBy(undefined)
  }

  // ---- what the active task says (LinkKeeper)

  get degree(): number {
    return this.#known?.degree ?? 0
  }

  linked({ peer, link, isJoined }: PeerLink): void {
    const { network } = this.#ctx
    if (network === undefined) return
    this.#book.linked(peer, isJoined)
    this.#book.learn(network.host, peer).catch(() => {})
    const kind = this.#owner.roles.isSeed(peer) ? 'seed' : 'peer'
    this.#tell({ type: 'linked', peer, group: network.host.groupOf(peer), kind, links: link.hello.links })
    this.#look ??= setTimeout(() => this.#onLook(), LOOK_MS).unref()
  }

  unlinked({ peer, link }: PeerLink, error: unknown): void {
    const isGone = link.farewell !== undefined && UNWANTED.has(link.farewell)
    const why = isGone ? 'gone' : error === undefined ? 'parted' : 'broken'
    this.#tell({ type: 'unlinked', peer, why })
  }

  heard(from: string, peers: readonly PeerAddress[], isByRoot = false): void {
    this.offer(from, peers, isByRoot)
  }

  isByRoot(peer: string): boolean {
    return this.#book.isByRoot(peer)
  }

  asked(from: string, links: number): void {
    this.#tell({ type: 'asked', peer: from, links })
  }

  refuses(peer: string, links: number): PeerAddress[] | undefined {
    const { network } = this.#ctx
    if (network === undefined) return undefined
    const kind = this.#owner.roles.isSeed(peer) ? 'seed' : 'peer'
    const hood = this.#hood(network)
    if (!hood.refuses(peer, kind, links, now())) return undefined
    return this.#book.named(hood.hints({ peer, group: network.host.groupOf(peer) }, now()))
  }

  // ---- inside

  #hood(network: Network): Neighbourhood {
    const { serves } = this.#owner.roles
    if (this.#known !== undefined && serves && !this.#serves) this.#known.handle({ type: 'serves' }, now())
    this.#serves = serves
    this.#known ??= new Neighbourhood({ isSeed: serves, groups: network.host.groups, random: Math.random })
    return this.#known
  }

  #tell(event: NeighbourhoodEvent): void {
    const { network } = this.#ctx
    if (network === undefined || this.#stopped.signal.aborted) return
    const hood = this.#hood(network)
    const at = now()
    const { isBusy } = busyness
    if (isBusy !== this.#isBusy)
      for (const action of hood.handle({ type: 'busy', busy: isBusy }, at)) this.#perform(network, action)
    this.#isBusy = isBusy
    for (const action of hood.handle(event, at)) this.#perform(network, action)
    clearTimeout(this.#wake)
    const wakeAt = hood.nextWake(at)
    if (wakeAt !== Infinity) this.#wake = setTimeout(() => this.#tell({ type: 'wake' }), wakeAt - at).unref()
  }

  #perform(network: Network, action: NeighbourhoodAction): void {
    switch (action.type) {
      case 'dial':
        void this.#dial(network, action.peer, action.from)
        return
      case 'drop':
        this.#ctx.emit({ code: 'neighbour-dropped', peer: action.peer, why: action.why })
        return this.#owner.links.end(action.peer)
      case 'tell':
        void this.#introduce(network, action.peer, action.peers)
        return
    }
  }

  /** Where we are starved, others on the same machine are, too: giving up a handshake that is under way costs both of us another one. */
  get #dialMs(): number {
    return this.#ctx.silentSeeds.ownPace.stretched(DIAL_TIMEOUT_MS, MAX_DIAL_TIMES)
  }

  async #dial(network: Network, peer: string, namer: string): Promise<void> {
    const { links } = this.#owner
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(this.#dialMs)])
    this.#dialling++
    let why: 'busy' | 'unreachable' | 'unwanted' = 'busy'
    try {
      if (this.#ctx.isBanned(peer)) why = 'unwanted'
      else {
        await network.host.connectPeer(peer, this.#book.of(peer), namer, signal)
        await this.#linkUp(peer, signal)
        links.unreachable.delete(peer)
      }
    } catch (error) {
      why = this.#whyNot(peer, error)
    } finally {
      this.#dialling--
      if (!links.has(peer)) this.#tell({ type: 'failed', peer, why })
    }
  }

  async #linkUp(peer: string, signal: AbortSignal): Promise<void> {
    const { links } = this.#owner
    const root = joinedRoot(this.#owner)
    if (this.#book.isByRoot(peer)) {
      if (root === undefined) throw new LinkRefused('unknown-topic', [])
      return await links.join(peer, root, signal)
    }
    await links.dial(peer, signal).catch(error => {
      const isUnknown = error instanceof LinkRefused && error.reason === 'unknown-topic'
      if (!isUnknown || root === undefined || !this.#book.isNamedByRoot(peer)) throw error
      return links.join(peer, root, signal)
    })
  }

  #whyNot(peer: string, error: unknown): 'busy' | 'unreachable' | 'unwanted' {
    if (error instanceof LinkRefused) return UNWANTED.has(error.reason) ? 'unwanted' : 'busy'
    if (!this.#stopped.signal.aborted) {
      this.#owner.links.unreachable.add(peer)
      if (!isAbort(error)) this.#ctx.emit({ code: 'neighbour-failed', peer, ...causeOf(error) })
    }
    return 'unreachable'
  }

  /** Whom nobody could dial by what we know is left out; an empty list is a question. */
  async #introduce({ host }: Network, to: string, peers: readonly string[]): Promise<void> {
    for (const peer of peers) if (!this.#book.has(peer)) await this.#book.learn(host, peer).catch(() => {})
    const named = this.#book.named(peers)
    if (peers.length === 0 || named.length > 0) this.#owner.links.tellPeers(to, named)
  }

  #onLook(): void {
    const { network } = this.#ctx
    this.#look = undefined
    if (network === undefined || this.#stopped.signal.aborted) return
    const hood = this.#hood(network)
    this.#book.prune(peer => hood.knows(peer))
    const links = [...this.#owner.links.values()]
    for (const link of links) this.#learn(network, link)
    // a seed keeps everybody
    const uses = this.#owner.roles.serves ? [] : links.map(link => this.#useOf(network, link))
    this.#tell({ type: 'used', links: uses, complete: this.#owner.isComplete })
    if (links.length > 0) this.#look ??= setTimeout(() => this.#onLook(), LOOK_MS).unref()
  }

  /** Who dialled us says where it listens a little later; who does not listen never does, and a crowd of those would be asked about all the time. */
  #learn({ host }: Network, link: PeerLink): void {
    const looks = this.#looks.get(link) ?? 0
    if (looks === MAX_LOOKS || this.#book.has(link.peer)) return
    this.#looks.set(link, looks + 1)
    this.#book.learn(host, link.peer).catch(() => {})
  }

  #useOf({ host }: Network, link: PeerLink): LinkUse {
    const { usage } = link.link
    const { received, sent } = this.#seen.get(link.link) ?? { received: 0, sent: 0 }
    this.#seen.set(link.link, { received: usage.bytesReceived, sent: usage.bytesSent })
    return {
      peer: link.peer,
      gave: usage.bytesReceived - received,
      took: usage.bytesSent - sent,
      busy: usage.isBusy,
      complete: isWhole(this.#owner, link),
      offers: offers(this.#owner, link),
      fruitless: usage.fruitless,
      rtt: host.roundTrip(link.peer),
    }
  }
}

/** Hearsay: the first address that says anything is the one by which whoever named it talks with it. */
function known(peer: string, addresses: readonly string[]): { peer: string; group: string | undefined } {
  return { peer, group: addresses.map(groupOfAddress).find(group => group !== undefined) }
}
