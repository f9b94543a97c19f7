// A node: store, network, sessions and duties of one process, started and stopped as one.
import { join } from 'node:path'
import { DragonflyError } from '../core/errors.ts'
import { ACCESS_TIMES, type AccessTimes } from '../core/grant.ts'
import type { Origin } from '../origin/origin.ts'
import { openMemoryStore } from '../store/memory.ts'
import type { Store } from '../store/store.ts'
import type { Network, NodeContext } from './context.ts'
import { Downloads } from './download.ts'
import { dragonflyHome } from './home.ts'
import type { Membership } from './membership.ts'
import type { ContentStream, DragonflyNode, GetOptions, NodeEvent, NodeOptions, Receipt } from './options.ts'
import { rendezvousOrder } from './rendezvous.ts'
import type { SeedDuty } from './seed-duty.ts'
import { Sessions } from './sessions.ts'

/** Starts a node. Rejects with `bad-…` for malformed options, `store-error`, `store-locked` or `listen-failed`. */
export async function createNode(options: NodeOptions = {}): Promise<DragonflyNode> {
  const home = options.home ?? dragonflyHome()
  const storeDir = options.store === 'memory' ? undefined : (options.store ?? join(home, 'store'))
  const store = storeDir === undefined ? openMemoryStore() : await (await import('../store/disk.ts')).openDiskStore(storeDir)
  const node = new Node(options, home, store, storeDir)
  try {
    await node.start()
  } catch (error) {
    await node.stop()
    throw error
  }
  return node
}

class Node implements DragonflyNode, NodeContext {
  readonly store: Store
  readonly trusted = new Set<string>()
  isSeed = false
  network: Network | undefined
  readonly isLongLived: boolean
  readonly bootstrap: readonly string[]
  readonly access: AccessTimes
  readonly #options: NodeOptions
  readonly #home: string
  readonly #sessions: Sessions
  readonly #downloads: Downloads
  readonly #banned = new Set<string>()
  #seeds: { peer: string; address: string }[] = []
  #networkUp: Promise<Network | undefined> = Promise.resolve(undefined)
  #origin: Promise<Origin> | undefined
  #duty: Promise<SeedDuty> | undefined
  #membership: Membership | undefined
  #release: (() => Promise<void>) | undefined
  #stopped: Promise<void> | undefined

  constructor(options: NodeOptions, home: string, store: Store, storeDir: string | undefined) {
    this.#options = options
    this.#home = home
    this.store = store
    this.bootstrap = options.bootstrap ?? []
    this.access = { ...ACCESS_TIMES, ...options.access }
    this.isLongLived = options.dhtServer !== false
    this.#sessions = new Sessions(this)
    this.#downloads = new Downloads(this, this.#sessions, storeDir)
  }

  async start(): Promise<void> {
    if (this.#options.network === false) return
    const { startNetwork } = await import('./network.ts')
    const network = await startNetwork(this.#options, this.#home, this.#sessions.answer)
    this.network = network.network
    this.#seeds = network.seeds
    this.#release = network.release
    for (const peer of [...network.trusted, network.network.host.id]) this.trusted.add(peer)
    this.#networkUp = Promise.resolve(network.network)
    if (this.isLongLived) {
      const { Membership } = await import('./membership.ts')
      this.#membership = new Membership(network.network.host, [...this.#seeds.map(s => s.address), ...this.bootstrap])
    }
  }

  get peerId(): string {
    return this.network?.host.id ?? ''
  }

  get addresses(): readonly string[] {
    return this.network?.host.addresses ?? []
  }

  get(url: string, options: GetOptions = {}): ContentStream {
    return this.#downloads.asStream(url, options)
  }

  async download(url: string, file?: string, options: GetOptions = {}): Promise<Receipt> {
    return await this.#downloads.toFile(url, file, options)
  }

  async seed(): Promise<void> {
    const network = this.network
    if (network === undefined) throw new DragonflyError('bad-option', 'a node without a network cannot seed')
    if (this.#stopped !== undefined) throw new DragonflyError('aborted', 'the node was stopped')
    this.isSeed = true
    this.#duty ??= this.#takeOn(network)
    await this.#duty
  }

  async #takeOn(network: Network): Promise<SeedDuty> {
    const { SeedDuty } = await import('./seed-duty.ts')
    const duty = new SeedDuty(this, this.#sessions, network)
    await duty.start()
    return duty
  }

  async stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    await this.#stopped
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  // ---- NodeContext

  seedsAbove(subject: string): ReadonlyArray<{ peer: string; address: string }> {
    if (!this.isSeed) return this.#seeds
    const order = rendezvousOrder(subject, [...this.#seeds, { peer: this.peerId, address: '' }])
    return order.slice(
      0,
      order.findIndex(s => s.peer === this.peerId),
    )
  }

  async networkUp(): Promise<Network | undefined> {
    return await this.#networkUp
  }

  async origin(): Promise<Origin> {
    this.#origin ??= import('../origin/origin.ts').then(
      ({ Origin }) =>
        new Origin({ onRetry: (error, ms) => this.warn(`${error.message}; trying again in ${(ms / 1000).toFixed(1)} s`) }),
    )
    return await this.#origin
  }

  isBanned(peer: string): boolean {
    return this.#banned.has(peer)
  }

  ban(peer: string, proof: string): void {
    this.#banned.add(peer)
    this.warn(`banned ${peer}: ${proof}`)
    void this.network?.host.disconnect(peer)
  }

  warn(message: string): void {
    this.#say({ type: 'warning', message })
  }

  info(message: string): void {
    this.#say({ type: 'info', message })
  }

  #say(event: NodeEvent): void {
    this.#options.onEvent?.(event)
  }

  async #stop(): Promise<void> {
    await (await this.#duty?.catch(() => undefined))?.stop()
    await this.#membership?.stop()
    await this.#sessions.stop()
    await this.network?.exchange.stop()
    await (await this.#origin)?.stop()
    await this.network?.host.stop()
    await this.store.stop()
    await this.#release?.()
  }
}
