// Drives the source selector of an active task: reports events to it, and performs what it decides.

import type { DialablePeer } from '../../core/peer.ts'
import { rendezvousOrder } from '../../core/rendezvous.ts'
import { Restarts } from '../../origin/restarts.ts'
import { hastyPolicy } from '../../swarm/hasty-policy.ts'
import { SEED_SOURCE_POLICY, type SourceAction, type SourceEvent, type SourcePolicy } from '../../swarm/source-events.ts'
import { SourceSelector } from '../../swarm/source-selector.ts'
import { causeOf } from '../api/events.ts'
import { type NodeContext, now, type Reader } from '../context/node-context.ts'
import { NeighbourhoodDriver } from '../peers/neighbourhood-driver.ts'
import type { ActiveTask } from '../session/active-task.ts'
import { type CacheRules, loadFresh } from './cached.ts'
import { CurrentVersion } from './current-version.ts'
import { DhtSource } from './dht-source.ts'
import { keepGranted } from './grant-renewal.ts'
import { sealWhenWhole } from './ingest.ts'
import { JoinedPeers } from './joined-peers.ts'
import { errorOf } from './no-source.ts'
import { OriginSource } from './origin-source.ts'
import { SeedSigns } from './seed-signs.ts'
import { SeedSource } from './seed-source.ts'
import { TaskWatch } from './task-watch.ts'

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
  /** Somebody elsewhere relies on us for it from the beginning; see `reliedOn`. */
  isAsked?: boolean | undefined
  /** Default: DEFAULT_SOURCE_POLICY, and for a seed SEED_SOURCE_POLICY too. */
  policy?: Partial<SourcePolicy>
}

/** A timer that is so late shows that this process stood still, milliseconds. */
const LATE_MS = 250

export class Supply {
  readonly #ctx: NodeContext
  readonly #active: ActiveTask
  readonly #options: SupplyOptions
  readonly #selector: SourceSelector
  readonly #seeds: SeedSource
  readonly #neighbours: NeighbourhoodDriver
  readonly #joined: JoinedPeers
  readonly #dht: DhtSource
  readonly #origin: OriginSource | undefined
  readonly #stop = new AbortController()
  /** When nobody is served any more. */
  readonly #end = new AbortController()
  readonly #stopped = Promise.withResolvers<void>()
  readonly #current: CurrentVersion
  #renewing: Promise<void> | undefined
  readonly #watch: TaskWatch
  readonly #signs: SeedSigns
  #wake: NodeJS.Timeout | undefined
  /** What is performed and not over yet. */
  readonly #works = new Set<Promise<void>>()

  constructor(ctx: NodeContext, active: ActiveTask, options: SupplyOptions) {
    const { reader, revalidate, cached, restarts = new Restarts(), originAfter, isAsked = false } = options
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
      isInFleet: ctx.isInFleet,
      hasDht: hasWays(ctx) || seeds.length > 0,
      mayRead: reader !== undefined,
      revalidate,
      asksOrigin: this.#current.mayAsk,
      believesOthers: ctx.trusted.size > 1 || ctx.isInFleet || active.wanted !== undefined || active.task.root !== undefined,
      // those who are asked are few, and no crowd
      chance: isAsked ? 0 : Math.random(),
      policy: { ...(isAsked ? SEED_SOURCE_POLICY : {}), ...hasty, ...options.policy },
    })
    // who may not read the origin does not care how fast it is
    const hearRate = (rate: number, peers: number) => {
      if (reader !== undefined) active.originOffer.tellRate(rate, peers)
    }
    const onGranted = () => {
      this.#renewing ??= keepGranted(ctx, active, () => this.#seeds.known, this.#end.signal)
    }
    this.#watch = new TaskWatch(active, this.#signs, { tell, over: () => this.#over(), signal })
    this.#seeds = new SeedSource(ctx, active, { seeds, revalidate, hearRate, onGranted, tell }, signal)
    this.#neighbours = new NeighbourhoodDriver(ctx, active)
    this.#joined = new JoinedPeers(ctx, active, this.#neighbours)
    const haveSeedsFailed = () => this.#selector.haveSeedsFailed
    this.#dht = new DhtSource(ctx, active, { neighbours: this.#neighbours, haveSeedsFailed }, signal)
    const isDoubted = () => this.#selector.isOriginDoubted
    if (reader !== undefined) this.#origin = new OriginSource(ctx, active, { reader, cached, restarts, isDoubted, tell }, signal)
    active.links.onStray = peer => {
      if (active.manifest !== undefined) tell({ type: 'seed-resolved', seed: peer, same: false })
    }
    active.sharing.listener = {
      shared: () => tell({ type: 'read-shared', isOver: false }),
      alone: () => tell({ type: 'read-shared', isOver: true }),
      reachedEnd: length => this.#origin?.sealShared(length),
    }
  }

  /**
   * Works until `stop`: looks for sources until the active task is complete, fails it when there is no hope, and keeps its links
   * as long as it serves others. Never rejects.
   */
  async run(): Promise<void> {
    const { seeds, revalidate, originAfter } = this.#options
    if (originAfter !== undefined)
      this.#stop.signal.addEventListener('abort', this.#ctx.silentSeeds.absences.watch(), { once: true })
    const { servesOthers, isInFleet } = this.#ctx
    // what the root names has no other version
    const isOpen = this.#active.task.root === undefined
    const isUnknown = seeds.length > 0 || servesOthers || isInFleet || revalidate || this.#current.mayAsk
    if (isOpen && isUnknown) this.#active.setCurrent('unknown')
    this.#work(this.#joined.follow(this.#stop.signal, this.#end.signal))
    try {
      this.#tell({ type: 'wake' })
      await this.#watch.follow()
      await this.#stopped.promise
      await Promise.all(this.#works)
      await this.#renewing
    } finally {
      this.#neighbours.stop()
    }
  }

  /** Somebody elsewhere relies on us for it: we wait for others no longer than a seed does, and are as one. */
  reliedOn(): void {
    if (this.#active.roles.serves) return
    this.#active.roles.serve()
    this.#tell({ type: 'relied-on' })
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

  #tell(event: SourceEvent, timerMs = 0): void {
    if (this.#stop.signal.aborted) return
    const at = now()
    for (const fact of [...this.#signs.news(timerMs), event]) {
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
    this.#tell({ type: 'wake' }, lateMs < LATE_MS ? 0 : lateMs)
  }

  #over(): void {
    clearTimeout(this.#wake)
    this.#watch.stop()
    this.#stop.abort()
  }

  // ---- what is decided

  #perform(action: SourceAction): void {
    const seed = 'seed' in action ? action.seed : undefined
    this.#ctx.emit({ code: 'source-decided', task: this.#active.task.id, decision: action.type, seed })
    switch (action.type) {
      case 'look-in-store':
        return this.#work(this.#fromStore())
      case 'seek-seeds':
        return this.#work(this.#seek())
      case 'ask-seed':
        return this.#work(this.#seeds.ask(action.seed))
      case 'leave-seed':
        return this.#seeds.leave(action.why)
      case 'look-at-seed':
        return this.#work(this.#seeds.look(action.seed))
      case 'be-patient':
        return this.#active.originOffer.wait(action)
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
    this.#watch.look()
    this.#tell({ type: 'store-searched' })
  }

  async #adoptFresh(): Promise<void> {
    const { cached: rules } = this.#options
    const cached = rules && (await loadFresh(this.#ctx.store, this.#active.task, rules))
    if (cached === undefined) return
    await this.#active.adoptCached(cached)
    await sealWhenWhole(this.#active, cached.prefix)
  }

  async #seek(): Promise<void> {
    await this.#ctx.networkUp()
    const { fleet, network } = this.#ctx
    const { signal } = this.#stop
    const mayRead = this.#options.reader !== undefined
    const members = (await fleet?.responsible(this.#active.task.subject, mayRead, signal).catch(() => [])) ?? []
    const all = [...this.#options.seeds, ...members.filter(({ peer }) => this.#options.seeds.every(s => s.peer !== peer))]
    this.#seeds.know(all)
    this.#signs.watch(all.map(({ peer }) => peer))
    // whoever is to read it for the others is as a seed for them
    if (all.length === 0 && fleet?.serves === true && network !== undefined) this.#active.roles.serve()
    this.#tell({ type: 'seeds', seeds: all.map(({ peer }) => peer) })
  }

  async #searchDht(): Promise<void> {
    await this.#dht.search()
    this.#watch.look()
    this.#tell({ type: 'dht-ended' })
  }
}

/** Whether anybody might lead into the DHT. */
function hasWays({ bootstrap, lanPeers, isInFleet, network }: NodeContext): boolean {
  return bootstrap.length > 0 || lanPeers !== undefined || isInFleet || network?.known !== undefined
}
