// The DHT as a source: searches it for providers of an active task until there are enough neighbours.
import type { CID } from 'multiformats/cid'
import { isAbort } from '../../core/errors.ts'
import { rawCid } from '../../core/root.ts'
import { causeOf } from '../api/events.ts'
import type { Network, NodeContext } from '../context/node-context.ts'
import { connectTimeout, pause } from '../context/waiting.ts'
import type { NeighbourhoodDriver } from '../peers/neighbourhood-driver.ts'
import type { ActiveTask } from '../session/active-task.ts'
import type { SeedSource } from './seed-source.ts'

/** How long the DHT may look for a first provider before the origin is read. */
export const DHT_PATIENCE_MS = 3000
/** Pause before the DHT is searched again; doubles up to the maximum. With enough neighbours no search is made. */
const DHT_AGAIN_MS = 2000
const DHT_AGAIN_MAX_MS = 30_000
const ENOUGH_LINKS = 4

interface DhtParts {
  neighbours: NeighbourhoodDriver
  seeds: Pick<SeedSource, 'haveFailed'>
  /** Whether this node knows any seed. */
  hasSeeds: boolean
}

export class DhtSource {
  readonly #ctx: NodeContext
  readonly #active: ActiveTask
  readonly #parts: DhtParts
  readonly #signal: AbortSignal
  #hasSearched = false

  constructor(ctx: NodeContext, active: ActiveTask, parts: DhtParts, signal: AbortSignal) {
    this.#ctx = ctx
    this.#active = active
    this.#parts = parts
    this.#signal = signal
  }

  /** Whether a first search has ended, or there is nothing to search. */
  get hasSearched(): boolean {
    return this.#hasSearched
  }

  /** Searches again and again until the signal, or until the active task is complete or closed. */
  async run(): Promise<void> {
    if (this.#ctx.bootstrap.length === 0 && !this.#parts.hasSeeds) {
      this.#hasSearched = true
      return
    }
    const network = await this.#ctx.networkUp()
    for (let ms = DHT_AGAIN_MS; network !== undefined && !this.#isOver; ms = Math.min(DHT_AGAIN_MAX_MS, ms * 2)) {
      if (this.#active.links.size < ENOUGH_LINKS) await this.#discover(network)
      this.#hasSearched = true
      await pause(ms, this.#signal)
    }
  }

  get #isOver(): boolean {
    return this.#signal.aborted || this.#active.isComplete || this.#active.isClosed
  }

  async #discover(network: Network): Promise<void> {
    await Promise.all(this.#ctx.bootstrap.map(address => this.#dialBootstrap(network, address)))
    await this.#search(network).catch(error => {
      if (!isAbort(error)) this.#ctx.emit({ code: 'dht-search-failed', ...causeOf(error) })
    })
  }

  /** A bootstrap peer is a way into the DHT, and may have the content itself. */
  async #dialBootstrap(network: Network, address: string): Promise<void> {
    try {
      const peer = await network.host.connect([address], connectTimeout(this.#signal))
      await this.#active.links.dial(peer, connectTimeout(this.#signal))
    } catch (error) {
      if (!isAbort(error)) this.#ctx.emit({ code: 'bootstrap-failed', address, ...causeOf(error) })
    }
  }

  async #search(network: Network): Promise<void> {
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(DHT_PATIENCE_MS)])
    // without a single connection there is no DHT to ask: do not make a person wait for it
    while (!network.host.hasConnections && !this.#parts.seeds.haveFailed && !signal.aborted) await pause(20, this.#signal)
    if (!network.host.hasConnections) return
    await network.dht.ready(signal)
    const { task, wanted } = this.#active
    const { dhtKey } = this.#active.access
    const work = dhtKey === undefined ? [] : [this.#searchFor(network, dhtKey, signal)]
    if (wanted !== undefined && !task.isPrivate) work.push(this.#searchContent(network, rawCid(wanted), signal))
    await Promise.all(work)
    while (!this.#parts.neighbours.isIdle && !signal.aborted) await pause(50, this.#signal)
  }

  async #searchFor(network: Network, key: CID, signal: AbortSignal): Promise<void> {
    for await (const { peer, addresses } of network.dht.find(key, signal)) {
      this.#parts.neighbours.offer('dht', [{ id: peer, addresses }])
    }
  }

  async #searchContent(network: Network, key: CID, signal: AbortSignal): Promise<void> {
    for await (const { peer, addresses } of network.dht.find(key, signal)) {
      if (this.#active.manifest !== undefined) return
      await network.host
        .connectPeer(peer, addresses, connectTimeout(this.#signal))
        .then(() => this.#active.links.dial(peer, connectTimeout(this.#signal), key.bytes))
        .catch(() => {})
    }
  }
}
