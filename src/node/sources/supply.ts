// Drives the source selector of an active task: reports events to it, and performs what it decides.

import type { DialablePeer } from '../../core/peer.ts'
import { rendezvousOrder } from '../../core/rendezvous.ts'
import { Restarts } from '../../origin/restarts.ts'
import {
  hastyPolicy,
  SEED_SOURCE_POLICY,
  type SourceAction,
  type SourceEvent,
  type SourcePolicy,
} from '../../swarm/source-events.ts'
import { SourceSelector } from '../../swarm/source-selector.ts'
import { causeOf } from '../api/events.ts'
import { type NodeContext, now, type Reader } from '../context/node-context.ts'
import { NeighbourhoodDriver } from '../peers/neighbourhood-driver.ts'
import type { ActiveTask } from '../session/active-task.ts'
import { ORIGIN } from '../session/swarm-driver.ts'
import type { SwarmObserver } from '../session/swarm-observer.ts'
import { type CacheRules, loadFresh } from './cached.ts'
import { CurrentVersion } from './current-version.ts'
import { DhtSource } from './dht-source.ts'
import { keepGranted } from './grant-renewal.ts'
import { sealWhenWhole } from './ingest.ts'
import { errorOf } from './no-source.ts'
import { OriginSource } from './origin-source.ts'
import { SeedSigns } from './seed-signs.ts'
import { SeedSource } from './seed-source.ts'

export interface SupplyOptions {
  /** Without this node itself. */
  seeds: readonly DialablePeer[]
  /** The seeds are to ask the origin before they answer. */
  revalidate: boolean
  /** For whom the origin may be read; undefined: this node may not read it. */
  reader: Reader | undefined
  /** A seed's: when a finished content in the store may be given out. Undefined: not before the origin was asked. */
  cached: CacheRules | undefined
  /** How often the content is begun again: shared by all attempts of one download. Default: this supply's own. */
  restarts?: Restarts | undefined
  /** Milliseconds of a silent swarm after which the origin is read; undefined: as the policy says. */
  originAfter?: number | undefined
  /** Default: DEFAULT_SOURCE_POLICY, and for a seed SEED_SOURCE_POLICY too. */
  policy?: Partial<SourcePolicy>
}

/** Bytes that come are told at most so often, milliseconds. */
const PROGRESS_MS = 500
/** A timer that is so late shows that this process stood still, milliseconds. */
const LATE_MS = 250
/** So many bytes are progress. */
const PROGRESS_BYTES = 4096

export class Supply {
  readonly #ctx: NodeContext
  readonly #active: ActiveTask
  readonly #options: SupplyOptions
  readonly #selector: SourceSelector
  readonly #seeds: SeedSource
  readonly #neighbours: NeighbourhoodDriver
  readonly #dht: DhtSource
  readonly #origin: OriginSource | undefined
  readonly #stop = new AbortController()
  /** When nobody is served any more. */
  readonly #end = new AbortController()
  readonly #stopped = Promise.withResolvers<void>()
  readonly #current: CurrentVersion
  #renewing: Promise<void> | undefined
  /** What was told of last. */
  readonly #linked = new Set<string>()
  readonly #signs: SeedSigns
  #told = { count: -1, missing: -1, sealed: false }
  #progressAt = -Infinity
  /** From peers, since it was told last. */
  #bytesCame = 0
  #wake: NodeJS.Timeout | undefined
  /** What is performed and not over yet. */
  readonly #works = new Set<Promise<void>>()

  constructor(ctx: NodeContext, active: ActiveTask, options: SupplyOptions) {
    const { reader, revalidate, cached, restarts = new Restarts(), originAfter } = options
    const seeds = rendezvousOrder(active.task.subject, options.seeds)
    const tell = (event: SourceEvent) => {
      if (event.type === 'seed-resolved') this.#current.isNamed = true
      this.#tell(event)
    }
    const { signal } = this.#stop
    const peers = seeds.map(({ peer }) => peer)
    const hasty = hastyPolicy(originAfter, ctx.silentSeeds.patience(originAfter, peers))
    this.#ctx = ctx
    this.#active = active
    this.#options = options
    this.#signs = new SeedSigns(ctx.silentSeeds, peers)
    this.#current = new CurrentVersion(ctx, active, reader)
    this.#selector = new SourceSelector({
      seeds: peers,
      hasDht: ctx.bootstrap.length > 0 || ctx.lanPeers !== undefined || seeds.length > 0 || ctx.network?.known !== undefined,
      mayRead: reader !== undefined,
      revalidate,
      asksOrigin: this.#current.mayAsk,
      believesOthers: ctx.trusted.size > 1 || active.wanted !== undefined,
      // seeds are few, and no crowd
      chance: reader === 'others' ? 0 : Math.random(),
      policy: { ...(reader === 'others' ? SEED_SOURCE_POLICY : {}), ...hasty, ...options.policy },
    })
    // who may not read the origin does not care how fast it is
    const hearRate = (rate: number, peers: number) => {
      if (reader !== undefined) active.originOffer.tellRate(rate, peers)
    }
    const onGranted = () => {
      this.#renewing ??= keepGranted(ctx, active, seeds, this.#end.signal)
    }
    this.#seeds = new SeedSource(ctx, active, { seeds, revalidate, hearRate, onGranted, tell }, signal)
    this.#neighbours = new NeighbourhoodDriver(ctx, active)
    const haveSeedsFailed = () => this.#selector.haveSeedsFailed
    this.#dht = new DhtSource(ctx, active, { neighbours: this.#neighbours, haveSeedsFailed }, signal)
    if (reader !== undefined) this.#origin = new OriginSource(ctx, active, { reader, cached, restarts, tell }, signal)
  }

  /**
   * Works until `stop`: looks for sources until the active task is complete, fails it when there is no hope, and keeps its links
   * as long as it serves others. Never rejects.
   */
  async run(): Promise<void> {
    const { seeds, revalidate, originAfter } = this.#options
    if (originAfter !== undefined)
      this.#stop.signal.addEventListener('abort', this.#ctx.silentSeeds.absences.watch(), { once: true })
    if (seeds.length > 0 || this.#ctx.isSeed || revalidate || this.#current.mayAsk) this.#active.setCurrent('unknown')
    this.#active.observers.add(this.#observer)
    try {
      this.#tell({ type: 'wake' })
      await this.#follow()
      await this.#stopped.promise
      await Promise.all(this.#works)
      await this.#renewing
    } finally {
      this.#neighbours.stop()
    }
  }

  stop(): void {
    this.#over()
    this.#end.abort()
    this.#stopped.resolve()
  }

  /** Whether our own read of the origin is under way. */
  get isReading(): boolean {
    return this.#selector.isReading && !this.#stop.signal.aborted
  }

  // ---- what happens

  /** Tells of every change of the active task, until it is complete, or of no use any more. */
  async #follow(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      this.#look()
      await this.#active.changed(signal).catch(() => this.#over())
    }
  }

  #look(): void {
    if (this.#active.isClosed || this.#active.hasFailed) return this.#over()
    const { links, manifest, missing } = this.#active
    for (const { peer } of links.values()) {
      if (this.#linked.has(peer)) continue
      this.#linked.add(peer)
      this.#tell({ type: 'linked', peer })
    }
    for (const peer of this.#linked) {
      if (links.has(peer)) continue
      this.#linked.delete(peer)
      this.#tell({ type: 'unlinked', peer })
    }
    // between a growth of the manifest and the moment that the swarm hears of it, nothing would seem to be missing
    const isSettled = manifest?.count === this.#active.have?.size
    if (manifest !== undefined && missing !== undefined && isSettled) {
      const { count, seal } = manifest
      // a sealed manifest without missing pieces is the end only once every wanted range is placed
      const content = { count, missing, sealed: seal !== undefined && (missing > 0 || this.#active.isComplete) }
      const told = this.#told
      if (count === told.count && missing === told.missing && content.sealed === told.sealed) return
      this.#told = content
      this.#tell({ type: 'content', ...content })
    }
    if (this.#active.isComplete) this.#over()
  }

  readonly #observer: SwarmObserver = {
    told: (event, at) => {
      this.#signs.observe(event)
      if (event.type === 'progress') this.#came(event.bytes, at)
      if (event.type === 'held') this.#progress({ type: event.peer === ORIGIN ? 'origin-progress' : 'held' }, at)
    },
    read: (_, at) => this.#progress({ type: 'origin-progress' }, at),
    readRange: (_, at) => this.#progress({ type: 'origin-progress' }, at),
  }

  /** A byte now and then is no progress: whoever sends it would keep us from the origin. */
  #came(bytes: number, at: number): void {
    this.#bytesCame += bytes
    const pieceLength = this.#active.manifest?.pieceLength ?? 0
    if (this.#bytesCame < PROGRESS_BYTES || !this.#progress({ type: 'progress', bytes: this.#bytesCame, pieceLength }, at)) return
    this.#bytesCame = 0
  }

  /** Whether it is told: not so soon after the last time. */
  #progress(event: SourceEvent, at: number): boolean {
    if (at < this.#progressAt + PROGRESS_MS) return false
    this.#progressAt = at
    this.#tell(event)
    return true
  }

  #tell(event: SourceEvent): void {
    if (this.#stop.signal.aborted) return
    const at = now()
    for (const fact of [...this.#signs.news(), event]) {
      for (const action of this.#selector.handle(fact, at)) this.#perform(action)
    }
    clearTimeout(this.#wake)
    const { nextWake } = this.#selector
    if (nextWake === Infinity || this.#stop.signal.aborted) return
    const wakeAt = Math.max(now() + 1, nextWake)
    this.#wake = setTimeout(() => this.#onWake(now() - wakeAt), wakeAt - now())
  }

  /** What came while this process stood still is heard before it is decided. */
  #onWake(lateMs: number): void {
    if (lateMs < LATE_MS) return this.#tell({ type: 'wake' })
    this.#tell({ type: 'late', ms: lateMs })
  }

  #over(): void {
    clearTimeout(this.#wake)
    this.#active.observers.delete(this.#observer)
    this.#stop.abort()
  }

  // ---- what is decided

  #perform(action: SourceAction): void {
    const seed = 'seed' in action ? action.seed : undefined
    this.#ctx.emit({ code: 'source-decided', task: this.#active.task.id, decision: action.type, seed })
    switch (action.type) {
      case 'look-in-store':
        return this.#work(this.#fromStore())
      case 'ask-seed':
        return this.#work(this.#seeds.ask(action.seed))
      case 'leave-seed':
        return this.#seeds.leave(action.why)
      case 'look-at-seed':
        return this.#work(this.#seeds.look(action.seed))
      case 'be-patient':
        return this.#active.originOffer.wait(action.ms)
      case 'hear-anybody':
        return this.#work(this.#current.hearAnybody(action.isAlone, this.#stop.signal))
      case 'search-dht':
        return this.#work(this.#searchDht())
      case 'read-origin':
        if (action.how === 'new') this.#signs.silent()
        if (this.#origin !== undefined) this.#work(this.#origin.read(action.how))
        return
      case 'stop-reading':
        return this.#origin?.stop()
      case 'offer-ranges':
        return this.#origin?.offerRanges()
      case 'withdraw-ranges':
        return this.#origin?.withdrawRanges()
      case 'fail':
        return this.#active.fail(errorOf(action.why, this.#active.task.url, this.#seeds.trouble, this.#origin))
    }
  }

  #work(work: Promise<void>): void {
    const done = work.finally(() => this.#works.delete(done))
    this.#works.add(done)
  }

  async #fromStore(): Promise<void> {
    await this.#adoptFresh().catch(error => this.#ctx.emit({ code: 'resume-failed', ...causeOf(error) }))
    this.#look()
    this.#tell({ type: 'store-searched' })
  }

  async #adoptFresh(): Promise<void> {
    const { cached: rules } = this.#options
    const cached = rules && (await loadFresh(this.#ctx.store, this.#active.task, rules))
    if (cached === undefined) return
    await this.#active.adoptCached(cached)
    await sealWhenWhole(this.#active, cached.prefix)
  }

  async #searchDht(): Promise<void> {
    await this.#dht.search()
    this.#look()
    this.#tell({ type: 'dht-ended' })
  }
}
