// Searches the DHT once for providers of an active task; the source selector decides when.
import { CID } from 'multiformats/cid'
import { isAbort } from '../../core/errors.ts'
import { rawCid } from '../../core/root.ts'
import { addressesOfName, isName } from '../../discovery/ways.ts'
import { DEFAULT_SOURCE_POLICY } from '../../swarm/source-events.ts'
import { causeOf } from '../api/events.ts'
import { joinedRoot } from '../content/joined-root.ts'
import { busyness } from '../context/busyness.ts'
import { type Network, type NodeContext, now } from '../context/node-context.ts'
import { connectTimeout, pause } from '../context/waiting.ts'
import type { NeighbourhoodDriver } from '../peers/neighbourhood-driver.ts'
import type { ActiveTask } from '../session/active-task.ts'

/** Peers of the local network that are asked for one content. */
const MAX_LAN_OFFERS = 8
/** Hosts that a name lists which are dialled for one content. */
const MAX_OF_NAME = 4
/** Seeds and bootstrap peers that are there are connected by then, ms: a round trip and a handshake take less. */
const ALONE_MS = 1000
/**
 * So long a search waits while a seed may still answer, ms: what is small is complete by then, and a search of its own costs more CPU
 * than all the rest of such a download, dials to hosts that have gone included.
 */
export const SEEDS_FIRST_MS = 250
/** So long more a search waits while this process is busy, ms: with the first links and pieces, which it would keep waiting. */
const BUSY_MS = 2000
/** So long peers of the local network may take to answer and to be connected, ms: a question by multicast is answered within 120 ms. */
const LAN_MS = 1500
/** How often a search looks for new ones, ms. */
const LAN_LOOK_MS = 50
/** So long a search waits for a link to one of those it found before it looks further, ms: a dial in a data centre takes less. */
const MEET_MS = 300

interface DhtParts {
  neighbours: NeighbourhoodDriver
  /** Whether no seed is of use: then nobody can bring a connection any more. */
  haveSeedsFailed(): boolean
}

export class DhtSource {
  readonly #ctx: NodeContext
  readonly #active: ActiveTask
  readonly #parts: DhtParts
  readonly #signal: AbortSignal
  #searches = 0

  constructor(ctx: NodeContext, active: ActiveTask, parts: DhtParts, signal: AbortSignal) {
    this.#ctx = ctx
    this.#active = active
    this.#parts = parts
    this.#signal = signal
  }

  /** One search; those that it finds are dialled. Never rejects. */
  async search(): Promise<void> {
    this.#searches++
    const network = await this.#ctx.networkUp()
    if (network !== undefined) await this.#discover(network)
  }

  async #discover(network: Network): Promise<void> {
    const bootstrapping = Promise.all(this.#ctx.bootstrap.map(address => this.#dialBootstrap(network, address)))
    // one bootstrap peer that does not answer keeps nobody from those that are known from before
    if (!(await this.#meetKnown(network, bootstrapping))) await bootstrapping
    this.#offerLan()
    await this.#search(network).catch(error => {
      if (!isAbort(error)) this.#ctx.emit({ code: 'dht-search-failed', ...causeOf(error) })
    })
  }

  /**
   * Where neither seeds nor bootstrap peers lead into the DHT, peers that were met on earlier runs may, or have the content themselves.
   * Resolves to whether they were needed.
   */
  async #meetKnown({ dht, known }: Network, bootstrapping: Promise<unknown>): Promise<boolean> {
    if (known === undefined) return false
    let isBootstrapping = true
    void bootstrapping.then(() => {
      isBootstrapping = false
    })
    const end = now() + ALONE_MS
    while (dht.isEmpty && now() < end && !this.#signal.aborted) {
      if (!isBootstrapping && this.#parts.haveSeedsFailed()) break
      await pause(20, this.#signal)
    }
    if (!dht.isEmpty || this.#signal.aborted) return false
    await known.meet(peer => {
      if (this.#active.task.isPrivate) return
      this.#active.links.dial(peer, connectTimeout(this.#signal)).catch(() => {})
    })
    return true
  }

  /** A bootstrap peer is a way into the DHT, and may have the content itself. */
  async #dialBootstrap(network: Network, way: string): Promise<void> {
    const addresses = isName(way) ? (await addressesOfName(way)).slice(0, MAX_OF_NAME) : [way]
    await Promise.all(addresses.map(address => this.#dialWay(network, address)))
  }

  async #dialWay(network: Network, address: string): Promise<void> {
    try {
      const peer = await network.host.connect([address], connectTimeout(this.#signal))
      await this.#active.links.dial(peer, connectTimeout(this.#signal))
    } catch (error) {
      if (!isAbort(error)) this.#ctx.emit({ code: 'bootstrap-failed', address, ...causeOf(error) })
    }
  }

  /** Peers of the local network are strangers as any that the DHT names, only near; of private contents they hear nothing. */
  #offerLan(): void {
    const { task, wanted, links } = this.#active
    if (task.isPrivate) return
    const some = drawn(this.#ctx.lanPeers ?? [], MAX_LAN_OFFERS)
    this.#parts.neighbours.offer(
      'lan',
      some.map(id => ({ id, addresses: [] })),
    )
    if (wanted === undefined || this.#active.manifest !== undefined) return
    const topic = rawCid(wanted).bytes
    for (const peer of some) links.dial(peer, connectTimeout(this.#signal), topic).catch(() => {})
  }

  async #search(network: Network): Promise<void> {
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(DEFAULT_SOURCE_POLICY.dhtMs + BUSY_MS)])
    const begunAt = now()
    await this.#firstOfLan(signal)
    const headStart = now() + SEEDS_FIRST_MS
    const isEarly = () => {
      if (now() < headStart || (busyness.isBusy && now() < headStart + BUSY_MS)) return true
      // without a single connection there is no DHT to ask: do not make a person wait for it
      return !network.host.hasConnections && now() < begunAt + DEFAULT_SOURCE_POLICY.dhtMs
    }
    while (isEarly() && !this.#parts.haveSeedsFailed() && !signal.aborted) await pause(20, this.#signal)
    if (!network.host.hasConnections) return
    await network.dht.ready(signal)
    const { task, wanted } = this.#active
    const { dhtKey } = this.#active.access
    const work = dhtKey === undefined ? [] : [this.#searchFor(network, dhtKey, signal)]
    if (wanted !== undefined && !task.isPrivate) work.push(this.#searchContent(network, rawCid(wanted), signal))
    await Promise.all(work)
    // not for what may be complete before anybody could be found
    if (this.#searches > 1) await this.#searchRoot(network, signal)
    while (!this.#parts.neighbours.isIdle && !signal.aborted) await pause(50, this.#signal)
  }

  /** Where there is no origin to go to, a node that has only just begun waits for answers of its local network, and asks whoever comes later. */
  async #firstOfLan(signal: AbortSignal): Promise<void> {
    if (this.#active.task.root === undefined || this.#ctx.lanPeers === undefined) return
    this.#followLan(signal).catch(() => {})
    const end = now() + LAN_MS
    while (this.#ctx.lanPeers.length === 0 && now() < end && !signal.aborted) await pause(20, signal)
  }

  async #followLan(signal: AbortSignal): Promise<void> {
    const offered = new Set<string>()
    while (!signal.aborted && this.#active.manifest === undefined && offered.size < MAX_LAN_OFFERS) {
      const fresh = (this.#ctx.lanPeers ?? []).filter(peer => !offered.has(peer)).slice(0, MAX_LAN_OFFERS - offered.size)
      for (const peer of fresh) offered.add(peer)
      this.#parts.neighbours.offer(
        'lan',
        fresh.map(id => ({ id, addresses: [] })),
      )
      await pause(LAN_LOOK_MS, signal)
    }
  }

  async #searchFor(network: Network, key: CID, signal: AbortSignal): Promise<void> {
    const { links } = this.#active
    const before = links.size
    const isOfUse = async () => {
      const end = now() + MEET_MS
      while (links.size <= before && !this.#parts.neighbours.isIdle && now() < end && !signal.aborted) await pause(20, signal)
      return links.size > before
    }
    for await (const { from, peer, addresses } of network.dht.find(key, signal, isOfUse)) {
      this.#parts.neighbours.offer(from, [{ id: peer, addresses }])
    }
  }

  /** Who has the same bytes under another URL. */
  async #searchRoot(network: Network, signal: AbortSignal): Promise<void> {
    const root = joinedRoot(this.#active)
    if (root === undefined || this.#active.isComplete) return
    for await (const { from, peer, addresses } of network.dht.find(CID.parse(root), signal)) {
      this.#parts.neighbours.offer(from, [{ id: peer, addresses }], true)
    }
  }

  async #searchContent(network: Network, key: CID, signal: AbortSignal): Promise<void> {
    for await (const { from, peer, addresses } of network.dht.find(key, signal)) {
      if (this.#active.manifest !== undefined) return
      await network.host
        .connectPeer(peer, network.host.believable(from, addresses), from, connectTimeout(this.#signal))
        .then(() => this.#active.links.dial(peer, connectTimeout(this.#signal), key.bytes))
        .catch(() => {})
    }
  }
}

/** At most `count` of them, by lot. */
function drawn<T>(all: readonly T[], count: number): T[] {
  const left = [...all]
  return Array.from(
    { length: Math.min(count, left.length) },
    () => left.splice(Math.floor(Math.random() * left.length), 1)[0] as T,
  )
}
