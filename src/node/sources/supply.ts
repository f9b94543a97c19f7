// Where an active task's bytes come from: seeds in their order, the DHT beside them, the origin when nobody else can.
import { DragonflyError, isAbort } from '../../core/errors.ts'
import type { Freshness } from '../../core/freshness.ts'
import { rendezvousOrder } from '../../core/rendezvous.ts'
import { freshnessOf } from '../../origin/freshness.ts'
import type { Noted } from '../../origin/noted.ts'
import type { Origin } from '../../origin/origin.ts'
import type { OriginRead } from '../../origin/read.ts'
import { Restarts } from '../../origin/restarts.ts'
import { causeOf } from '../api/events.ts'
import { type NodeContext, now, type Reader } from '../context/node-context.ts'
import { pause } from '../context/waiting.ts'
import { NeighbourhoodDriver } from '../peers/neighbourhood-driver.ts'
import type { ActiveTask } from '../session/active-task.ts'
import { type CacheRules, continueCached, loadCached, loadFresh } from './cached.ts'
import { DHT_PATIENCE_MS, DhtSource } from './dht-source.ts'
import { keepGranted } from './grant-renewal.ts'
import { ingest, ingestOn, sealWhenWhole, versionOf } from './ingest.ts'
import { SeedSource, type SeedSourceOptions } from './seed-source.ts'

export interface SupplyOptions extends Omit<SeedSourceOptions, 'hearRate' | 'onGranted'> {
  /** For whom the origin may be read; undefined: this node may not read it. */
  reader: Reader | undefined
  /** A seed's: when a finished content in the store may be given out. Undefined: not before the origin was asked. */
  kept: CacheRules | undefined
}

/** Without neighbours and without growth for so long, an unsealed manifest is finished by our own read. */
const TAKEOVER_MS = 3000
/** The same while a seed is connected: it may be waiting for a slow origin, or it may be frozen. */
const SILENT_SEED_MS = 60_000
/** Without any source for so long, a download that may not read the origin gives up. */
const NO_SOURCE_MS = 5000
/** Versions that the origin may show during one download before we give up. */
const MAX_READS = 3

export class Supply {
  readonly #ctx: NodeContext
  readonly #active: ActiveTask
  readonly #options: SupplyOptions
  readonly #seeds: SeedSource
  readonly #neighbours: NeighbourhoodDriver
  readonly #dht: DhtSource
  readonly #stop = new AbortController()
  /** When nobody is served any more. */
  readonly #end = new AbortController()
  #renewing: Promise<void> | undefined
  readonly #stopped = Promise.withResolvers<void>()
  readonly #begun = now()
  #reading = false
  #reads = 0
  #rangesOffered = false

  constructor(ctx: NodeContext, active: ActiveTask, options: SupplyOptions) {
    this.#ctx = ctx
    this.#active = active
    this.#options = options
    // who may not read the origin does not care how fast it is
    const hearRate = (rate: number, peers: number) => {
      if (this.#mayRead) active.originOffer.tellRate(rate, peers)
    }
    const onGranted = () => {
      this.#renewing ??= keepGranted(ctx, active, rendezvousOrder(active.task.subject, options.seeds), this.#end.signal)
    }
    this.#seeds = new SeedSource(ctx, active, { ...options, hearRate, onGranted }, this.#signal)
    this.#neighbours = new NeighbourhoodDriver(ctx, active)
    const hasSeeds = options.seeds.length > 0
    this.#dht = new DhtSource(ctx, active, { neighbours: this.#neighbours, seeds: this.#seeds, hasSeeds }, this.#signal)
  }

  /**
   * Works until `stop`: looks for sources until the active task is complete, fails it when there is no hope, and keeps its links
   * as long as it serves others. Never rejects.
   */
  async run(): Promise<void> {
    const { seeds, revalidate } = this.#options
    if (seeds.length > 0 || this.#ctx.isSeed || revalidate) this.#active.setCurrent('unknown')
    try {
      await this.#fromStore().catch(error => this.#ctx.emit({ code: 'resume-failed', ...causeOf(error) }))
      const works = [this.#seeds.run(), this.#dht.run(), this.#fromOrigin()]
      await Promise.all(works.map(work => work.catch(error => this.#onError(error))))
      await this.#stopped.promise
      await this.#renewing
    } finally {
      this.#neighbours.stop()
    }
  }

  stop(): void {
    this.#stop.abort()
    this.#end.abort()
    this.#stopped.resolve()
  }

  /** Whether our own read of the origin is under way. */
  get isReading(): boolean {
    return this.#reading && !this.#isOver
  }

  get #signal(): AbortSignal {
    return this.#stop.signal
  }

  get #isOver(): boolean {
    return this.#signal.aborted || this.#active.isComplete || this.#active.isClosed
  }

  #onError(error: unknown): void {
    if (!this.#signal.aborted && !isAbort(error)) this.#active.fail(error)
  }

  // ---- store

  async #fromStore(): Promise<void> {
    const { kept: rules } = this.#options
    const kept = rules && (await loadFresh(this.#ctx.store, this.#active.task, rules))
    if (kept === undefined) return
    await this.#active.adoptCached(kept)
    await sealWhenWhole(this.#active, kept.prefix)
  }

  // ---- origin

  async #fromOrigin(): Promise<void> {
    const active = this.#active
    while (!this.#isOver) {
      if (this.#shouldRead()) {
        this.#reading = true
        await this.#read()
        this.#reading = false
        continue
      }
      if (active.manifest !== undefined && this.#mayRead) this.#offerRanges()
      if (this.#isHopeless()) return active.fail(this.#hopeless())
      await pause(this.#isFirst() ? 10 : 200, this.#signal)
    }
    this.#stop.abort()
  }

  /** Whether this node may read the origin. */
  get #mayRead(): boolean {
    return this.#options.reader !== undefined
  }

  async #origin(): Promise<Origin> {
    return await this.#ctx.origin(this.#options.reader ?? 'others')
  }

  #isFirst(): boolean {
    return now() - this.#begun < 1000
  }

  /** Seeds and peers had their chance: nobody has said what the content is, or nobody goes on saying it. */
  #shouldRead(): boolean {
    const active = this.#active
    if (!this.#mayRead || this.#reading) return false
    const waited = now() - this.#begun
    if (active.manifest === undefined) {
      if (this.#seeds.isAwaited) return false
      if (this.#options.revalidate) return this.#seeds.haveFailed
      const believable = this.#ctx.trusted.size > 1 || active.wanted !== undefined
      return (
        (this.#seeds.haveFailed &&
          (!believable || this.#dht.hasSearched || waited > DHT_PATIENCE_MS) &&
          active.links.size === 0) ||
        (this.#seeds.haveFailed && waited > 2 * DHT_PATIENCE_MS)
      )
    }
    const unfinished = active.manifest.seal === undefined && active.hasAllKnown
    return unfinished && active.quietFor > (active.links.hasSeed ? SILENT_SEED_MS : TAKEOVER_MS)
  }

  /** Our own read, begun again a few times where the origin breaks off and lets nobody go on. */
  async #read(): Promise<void> {
    if (++this.#reads > MAX_READS) throw new DragonflyError('origin-changed', 'the origin changes faster than it can be read')
    const restarts = new Restarts()
    for (;;) {
      try {
        return await this.#readOnce()
      } catch (error) {
        const { manifest } = this.#active
        if (manifest === undefined || this.#isOver || !(error instanceof DragonflyError)) throw error
        const wait = restarts.after(error, manifest.count * manifest.pieceLength)
        if (wait === undefined) throw error
        await pause(wait, this.#signal)
      }
    }
  }

  /** From the start, or on from what the manifest or an earlier try has. */
  async #readOnce(): Promise<void> {
    const origin = await this.#origin()
    const { task, manifest } = this.#active
    if (manifest !== undefined) return await ingestOn(this.#active, manifest, origin, this.#signal)
    const request = { url: task.url, headers: task.headers }
    const { kept: rules } = this.#options
    const kept = await loadCached(this.#ctx.store, task, rules)
    if (kept === undefined) return await this.#ingestNew(await origin.open(request, { signal: this.#signal }))
    try {
      await continueCached(this.#active, kept, {
        origin,
        heard: (noted, known) => this.#heard(noted, known),
        rules,
        signal: this.#signal,
      })
    } catch (error) {
      await kept.entry.close()
      // what was kept belongs to a version that is gone: the next round begins with nothing of it
      if (!isChanged(error) || this.#active.manifest !== undefined) throw error
      await kept.entry.remove()
    }
  }

  /** Only what was read for others counts as fresh for them: for anything else they have to have the origin asked. */
  #heard(noted: Noted, known: Freshness | undefined): Freshness | undefined {
    if (this.#options.reader !== 'others') return undefined
    const { headers, secret } = this.#active.task
    return freshnessOf(noted, known, { headers, secret, expire: this.#ctx.expire })
  }

  async #ingestNew(read: OriginRead): Promise<void> {
    await this.#active.adopt(versionOf(this.#active.task, read), 'origin', {
      vouched: this.#heard(read.noted, undefined),
    })
    await ingest(this.#active, read)
  }

  #offerRanges(): void {
    const { task, manifest } = this.#active
    if (manifest === undefined || this.#rangesOffered) return
    this.#rangesOffered = true
    const { version } = manifest.info
    this.#active.originOffer.offer(async (start, end) => {
      const origin = await this.#origin()
      const request = { url: task.url, headers: task.headers }
      return await origin.range(request, version, { start, end }, manifest.length, this.#signal)
    })
  }

  #isHopeless(): boolean {
    const active = this.#active
    if (this.#mayRead && active.manifest === undefined) return false
    const mayHear = active.links.size > 0 && !(this.#options.revalidate && active.manifest === undefined)
    if (mayHear || !this.#seeds.haveFailed || !this.#dht.hasSearched) return false
    return active.quietFor > (this.#mayRead ? 3 * NO_SOURCE_MS : NO_SOURCE_MS)
  }

  #hopeless(): DragonflyError {
    const trouble = this.#seeds.trouble
    if (trouble instanceof DragonflyError && trouble.code.startsWith('origin-')) return trouble
    return new DragonflyError('no-source', 'nobody who can be reached has this content', {
      hint: this.#mayRead ? 'check the network' : 'leave out --no-origin, or give a --seed or --bootstrap that is running',
      cause: trouble,
    })
  }
}

function isChanged(error: unknown): boolean {
  return error instanceof DragonflyError && error.code === 'origin-changed'
}
