// A node: starts and stops store, network, active tasks and seed services of one process.
import { DragonflyError } from '../core/errors.ts'
import { ACCESS_TIMES, type AccessTimes } from '../core/grant.ts'
import { refuseFault } from '../core/options.ts'
import type { DialablePeer } from '../core/peer.ts'
import { rankedAbove } from '../core/rendezvous.ts'
import { isTracing } from '../core/tracing.ts'
import type { Origin } from '../origin/origin.ts'
import type { DiskStore } from '../store/disk-store.ts'
import { homeIfAny } from '../store/home.ts'
import type { Store } from '../store/store.ts'
import { Budget } from '../swarm/budget.ts'
import { Administration } from './admin/administration.ts'
import { expireFromTimeToTime, removeSomeExpired } from './admin/expiry.ts'
import type { ContentHead, HeadOptions } from './api/content-head.ts'
import type { ContentStream, DragonflyNode } from './api/dragonfly-node.ts'
import type { EventFacts } from './api/events.ts'
import type { FleetReport } from './api/fleet-report.ts'
import { getFault, headFault, limitsFault, nodeFault, preheatFault } from './api/generated/options.js'
import type { GetOptions } from './api/get-options.ts'
import type { Limits, LimitsNow } from './api/limits.ts'
import type { LiveStatus } from './api/live.ts'
import type { Metric } from './api/metrics.ts'
import type { NodeOptions } from './api/node-options.ts'
import type { Preheated, PreheatOptions } from './api/preheat-options.ts'
import type { Receipt } from './api/receipt.ts'
import type { SeedStatus } from './api/status.ts'
import type { StoredContent } from './api/stored-content.ts'
import type { Company } from './company.ts'
import { ChunkLists } from './context/chunk-lists.ts'
import { Counters } from './context/counters.ts'
import { debugLog } from './context/debug-log.ts'
import { EventEmitter } from './context/event-emitter.ts'
import { LimitSchedule } from './context/limit-schedule.ts'
import { type BudgetUser, type Network, type NodeContext, now, type Reader } from './context/node-context.ts'
import { OriginTroubles } from './context/origin-troubles.ts'
import { Pacing } from './context/pacing.ts'
import { SameContents } from './context/same-contents.ts'
import { SilentSeeds } from './context/silent-seeds.ts'
import { Downloads } from './downloads.ts'
import type { Duty } from './duty.ts'
import type { Fleet } from './fleet/fleet.ts'
import type { IpfsBlocks } from './ipfs-blocks.ts'
import { LocalAccess } from './local-access.ts'
import { Origins } from './origins.ts'
import { OwnShares } from './own-shares.ts'
import { Isolation } from './peers/isolation.ts'
import type { Preheater } from './preheat/preheater.ts'
import { RangeDownloads } from './range-downloads.ts'
import { metricsOf, statusOf } from './status.ts'
import { openStorePlace, type StorePlace } from './store-place.ts'
import { TaskRegistry } from './tasks/task-registry.ts'

/** Starts a node. Rejects with `bad-…` for malformed options, `store-error`, `store-locked` or `listen-failed`. */
export async function createNode(options: NodeOptions = {}): Promise<DragonflyNode> {
  refuseFault(nodeFault(options), 'createNode')
  const home = options.home ?? homeIfAny()
  const counters = new Counters()
  const emitter = new EventEmitter(
    counters,
    [options.onEvent, await debugLog()].filter(listener => listener !== undefined),
  )
  const node = new Node(options, { home, place: await openStorePlace(options, home, emitter), counters, emitter })
  try {
    await node.start()
  } catch (error) {
    await node.stop()
    throw error
  }
  return isTracing() ? (await import('./api/traced-downloads.ts')).traceDownloads(node) : node
}

/** What is there before the node. */
interface Grounds {
  home: string | undefined
  place: StorePlace
  counters: Counters
  emitter: EventEmitter
}

class Node implements DragonflyNode, NodeContext {
  readonly counters: Counters
  readonly budget = new Budget<BudgetUser>()
  readonly pacing = new Pacing()
  readonly silentSeeds = new SilentSeeds()
  readonly chunkLists = new ChunkLists()
  readonly sameContents = new SameContents()
  readonly originTroubles = new OriginTroubles()
  readonly #schedule = new LimitSchedule(this.pacing)
  readonly administration: Administration
  readonly #begun = now()
  readonly store: Store
  readonly trusted = new Set<string>()
  readonly isInFleet: boolean
  fleet: Fleet | undefined
  isSeed = false
  network: Network | undefined
  readonly isLongLived: boolean
  readonly expire: number | undefined
  readonly bootstrap: readonly string[]
  readonly access: AccessTimes
  readonly #options: NodeOptions
  readonly #emitter: EventEmitter
  readonly #home: string | undefined
  readonly #place: StorePlace
  readonly #disk: DiskStore | undefined
  readonly #registry: TaskRegistry
  readonly #downloads: Downloads
  readonly #rangeDownloads: RangeDownloads
  readonly isolation = new Isolation(this)
  #seeds: DialablePeer[] = []
  #networkUp: Promise<Network | undefined> = Promise.resolve(undefined)
  readonly #origins: Origins
  #duty: Promise<Duty> | undefined
  #preheats: Promise<Preheater> | undefined
  #company: Company | undefined
  readonly #shares: OwnShares
  #blocks: Promise<IpfsBlocks> | undefined
  #endExpiry: (() => void) | undefined
  #release: (() => Promise<void>) | undefined
  #stopped: Promise<void> | undefined

  constructor(options: NodeOptions, { home, place, counters, emitter }: Grounds) {
    this.counters = counters
    this.#emitter = emitter
    this.#options = options
    this.#home = home
    this.#place = place
    this.#disk = place.disk
    this.store = place.store
    this.bootstrap = options.bootstrap ?? []
    this.isInFleet = options.fleet !== undefined
    this.access = { ...ACCESS_TIMES, ...options.access }
    this.isLongLived = options.dhtServer !== false
    this.expire = options.expire
    this.#origins = new Origins(options, this)
    this.#registry = new TaskRegistry(this)
    this.#shares = new OwnShares(this, this.#registry)
    this.#disk?.heldBy(this.#registry)
    this.administration = new Administration(this.#disk, {
      contents: () => this.#registry.all(),
      letGo: key => this.#registry.letGo(key),
      repairs: {
        close: key => this.#registry.closeIdle(key),
        fetch: async (url, signal) => void (await this.#downloads.toStore(url, signal ? { signal } : {}, async () => {})),
      },
    })
    const access = new LocalAccess(this)
    this.#downloads = new Downloads(this, this.#registry, access, place.dir)
    this.#rangeDownloads = new RangeDownloads(this, this.#registry, access)
  }

  async start(): Promise<void> {
    if (this.#options.limits !== undefined) this.#schedule.set(this.#options.limits)
    await this.#origins.check()
    if (this.#disk !== undefined) this.#endExpiry = expireFromTimeToTime(this.#disk)
    if (this.#options.network === false) return
    const { startNetwork } = await import('./network.ts')
    const network = await startNetwork(this.#options, this.#home, this.#registry.answer, facts => this.emit(facts))
    ;({ network: this.network, seeds: this.#seeds, fleet: this.fleet, release: this.#release } = network)
    for (const peer of [...network.trusted, network.network.host.id]) this.trusted.add(peer)
    this.#networkUp = Promise.resolve(network.network)
    if (network.unreachable !== undefined) this.emit({ code: 'node-unreachable', addresses: network.unreachable })
    if (this.fleet?.serves === true) this.#duty = this.#takeOn(network.network)
    await this.#duty
    this.#company = await (await import('./company.ts')).Company.start(network, this)
  }

  get peerId(): string {
    return this.network?.host.id ?? ''
  }

  get addresses(): readonly string[] {
    return this.network?.host.addresses ?? []
  }

  async head(url: string, options: HeadOptions = {}): Promise<ContentHead> {
    refuseFault(headFault(options), 'head')
    return await (await import('./heads.ts')).headOf(this, url, options)
  }

  get(url: string, options: GetOptions = {}): ContentStream {
    refuseFault(getFault(options), 'get')
    if (options.range !== undefined) return this.#rangeDownloads.asStream(url, options.range, options)
    return this.#downloads.asStream(url, options)
  }

  async download(url: string, file?: string, options: GetOptions = {}): Promise<Receipt> {
    refuseFault(getFault(options), 'download')
    const { range } = options
    if (range !== undefined) return await this.#rangeDownloads.toFile(url, range, file, options)
    return await this.#downloads.toFile(url, file, options)
  }

  async fetch(url: string, options: GetOptions, use: (content: StoredContent) => Promise<void>): Promise<Receipt> {
    refuseFault(getFault(options), 'fetch')
    if (options.range !== undefined) throw new DragonflyError('bad-option', 'fetch: range is not possible')
    return await this.#downloads.toStore(url, options, use)
  }

  async preheat(url: string, options: PreheatOptions = {}): Promise<Preheated> {
    refuseFault(preheatFault(options), 'preheat')
    if (this.network === undefined) throw new DragonflyError('bad-option', 'a node without a network cannot reach a seed')
    if (this.#stopped !== undefined) throw new DragonflyError('aborted', 'the node was stopped')
    this.#preheats ??= import('./preheat/preheater.ts').then(({ Preheater }) => new Preheater(this, this.#seeds))
    return await (await this.#preheats).preheat(url, options)
  }

  async seed(): Promise<void> {
    const { network } = this
    if (network === undefined) throw new DragonflyError('bad-option', 'a node without a network cannot seed')
    if (this.#stopped !== undefined) throw new DragonflyError('aborted', 'the node was stopped')
    this.isSeed = true
    this.fleet?.becomeSeed()
    this.#duty ??= this.#takeOn(network)
    await this.#duty
  }

  async #takeOn(network: Network): Promise<Duty> {
    const { Duty } = await import('./duty.ts')
    await this.#shares.leaveNamesToDuty()
    return await Duty.start(this, { registry: this.#registry, network, disk: this.#disk }, this.#options.replicas)
  }

  readonly share: DragonflyNode['share'] = async (...asked) => await this.#shares.share(...asked)
  readonly shares: DragonflyNode['shares'] = async () => await this.#shares.list()
  readonly unshare: DragonflyNode['unshare'] = async pathOrUrl => await this.#shares.end(pathOrUrl)
  readonly readBlock = async (cid: string): Promise<Uint8Array | undefined> => {
    this.#blocks ??= import('./ipfs-blocks.ts').then(({ IpfsBlocks }) => new IpfsBlocks(this.#registry))
    return await (await this.#blocks).read(cid)
  }

  readonly findTree: DragonflyNode['findTree'] = async (...asked) => await (await import('./trees.ts')).findTree(this, ...asked)
  readonly status = async (limit?: number): Promise<SeedStatus> => await statusOf(this, this.#begun, limit)
  readonly metrics = async (): Promise<Metric[]> => await metricsOf(this, this.#begun, this.#registry.all())
  readonly live = async (): Promise<LiveStatus> => await (await import('./live.ts')).liveOf(this, this.#registry, this.#begun)
  readonly fleetStatus = async (): Promise<FleetReport> => (await import('./duty.ts')).askFleet(await this.#duty)

  async setLimits(limits: Limits): Promise<void> {
    refuseFault(limitsFault(limits), 'setLimits')
    this.#schedule.set(limits)
  }
  readonly limits = async (): Promise<LimitsNow> => this.#schedule.get()

  async stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    await this.#stopped
  }

  readonly [Symbol.asyncDispose] = async (): Promise<void> => await this.stop()

  readonly seedsAbove = (subject: string): readonly DialablePeer[] =>
    this.isSeed ? rankedAbove(subject, this.peerId, this.#seeds) : this.#seeds

  get otherSeeds(): readonly DialablePeer[] {
    return [...this.#seeds, ...(this.fleet?.seeds ?? [])].filter(({ peer }) => peer !== this.peerId)
  }

  get lanPeers(): readonly string[] | undefined {
    return this.#company?.lanPeers
  }

  readonly networkUp = async (): Promise<Network | undefined> => await this.#networkUp
  readonly origin = async (reader: Reader): Promise<Origin> => await this.#origins.of(reader)

  get servesOthers(): boolean {
    return this.isSeed || this.fleet?.serves === true
  }

  readonly isTrusted = (peer: string): boolean => this.trusted.has(peer) || this.fleet?.isMember(peer) === true
  readonly isBanned = (peer: string): boolean => this.isolation.isBanned(peer)

  ban(peer: string, proof: string): void {
    this.isolation.ban(peer, proof)
    void this.network?.host.disconnect(peer)
  }

  emit(facts: EventFacts): void {
    this.isolation.heard(facts)
    this.#emitter.emit(facts)
  }

  async #stop(): Promise<void> {
    this.#endExpiry?.()
    this.#schedule.stop()
    await this.#shares.stop()
    await (await this.#preheats)?.stop()
    await (await this.#duty?.catch(() => undefined))?.stop()
    await this.#company?.stop()
    await this.#registry.stop()
    await this.network?.known?.stop()
    await this.network?.exchange.stop()
    await this.#origins.stop()
    await this.network?.host.stop()
    if (this.#disk !== undefined) await removeSomeExpired(this.#disk)
    await this.store.stop()
    await this.#place.remove()
    await this.#release?.()
  }
}
