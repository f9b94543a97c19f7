// Where a session's bytes come from: seeds in their order, the DHT beside them, the origin when nobody else can.
import { setTimeout as sleep } from 'node:timers/promises'
import type { CID } from 'multiformats/cid'
import { DragonflyError, isAbort } from '../core/errors.ts'
import { sameBytes } from '../core/piece.ts'
import { rawCid } from '../core/root.ts'
import { isListening } from '../net/reach.ts'
import { resolve } from '../net/resolve.ts'
import type { OriginRead } from '../origin/read.ts'
import { errorOf } from '../wire/codec-resolve.ts'
import { type Network, type NodeContext, now } from './context.ts'
import { enter } from './guard.ts'
import { ingest, versionOf } from './ingest.ts'
import { continueKept, loadKept } from './kept.ts'
import { Neighbours } from './neighbours.ts'
import { rendezvousOrder } from './rendezvous.ts'
import { keepGranted } from './renewal.ts'
import type { Session } from './session.ts'

export interface SupplyOptions {
  /** Whether this node may read the origin. */
  origin: boolean
  /** Seeds to resolve at, without this node itself. */
  seeds: ReadonlyArray<{ peer: string; address: string }>
  /** Default: SEED_PATIENCE. */
  patience?: SeedPatience
}

/** How long a seed is waited for, milliseconds. */
export interface SeedPatience {
  /** A seed that does not answer for so long is taken for dead, and its successor is asked too. */
  answer: number
  /** How long its host may then take to accept a connection. */
  listening: number
  /**
   * A seed whose host takes connections but that has not answered is busy with others like us: if all of them read the
   * origin, nothing is won. Each waits for at least so long, and up to twice that, so that not all go at once.
   */
  busy: number
}

export const SEED_PATIENCE: SeedPatience = { answer: 3000, listening: 1000, busy: 8000 }
/** A seed that has not told what the content is for so long is frozen; its own limit for the origin's first byte is 30 s. */
const MUTE_SEED_MS = 45_000
/** A seed without a link for so long is asked anew. */
const LOST_SEED_MS = 3000
/** Between two rounds through all seeds that could not be reached. */
const SEED_RETRY_MS = 2000
/** How long the DHT may look for a first provider before the origin is read. */
const DHT_PATIENCE_MS = 3000
/** Pause before the DHT is searched again; doubles. With enough neighbours it is left alone. */
const DHT_AGAIN_MS = 2000
const DHT_AGAIN_MAX_MS = 30_000
const ENOUGH_LINKS = 4
/** Without neighbours and without growth for so long, an unsealed manifest is finished by our own read. */
const TAKEOVER_MS = 3000
/** The same while a seed is connected: it may be waiting for a slow origin, or it may be frozen. */
const SILENT_SEED_MS = 60_000
/** Without any source for so long, a download that may not read the origin gives up. */
const NO_SOURCE_MS = 5000
/** Versions that the origin may show during one download before we give up. */
const MAX_READS = 3
const CONNECT_TIMEOUT_MS = 5000

/** Error codes after which a peer may still try for itself: the seed could not get through, but we might. */
const SEEDS_OWN_TROUBLE = new Set([
  'origin-unreachable',
  'origin-unknown-host',
  'origin-timeout',
  'internal',
  'store-error',
  'no-space',
])

export class Supply {
  readonly #ctx: NodeContext
  readonly #session: Session
  readonly #options: SupplyOptions
  readonly #patience: SeedPatience
  readonly #neighbours: Neighbours
  readonly #stop = new AbortController()
  /** When nobody is served any more. */
  readonly #end = new AbortController()
  #renewing: Promise<void> | undefined
  readonly #stopped = Promise.withResolvers<void>()
  readonly #begun = now()
  #seedsFailed = false
  /** Until when a busy seed is waited for. */
  #busyUntil = 0
  #seedTrouble: unknown
  #searched = false
  #reading = false
  #reads = 0
  #rangesOffered = false

  constructor(ctx: NodeContext, session: Session, options: SupplyOptions) {
    this.#ctx = ctx
    this.#session = session
    this.#options = options
    this.#patience = options.patience ?? SEED_PATIENCE
    this.#neighbours = new Neighbours(ctx, session)
  }

  /**
   * Works until `stop`: looks for sources until the session is complete, fails it when there is no hope, and keeps its links
   * as long as it serves others. Never rejects.
   */
  async run(): Promise<void> {
    if (this.#options.seeds.length > 0 || this.#ctx.isSeed) this.#session.setCurrent('unknown')
    try {
      const works = [this.#fromSeeds(), this.#fromDht(), this.#fromOrigin()]
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

  get #signal(): AbortSignal {
    return this.#stop.signal
  }

  get #isOver(): boolean {
    return this.#signal.aborted || this.#session.isComplete || this.#session.isClosed
  }

  #onError(error: unknown): void {
    if (!this.#signal.aborted && !isAbort(error)) this.#session.fail(error)
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#signal }).catch(() => {})
  }

  // ---- seeds

  async #fromSeeds(): Promise<void> {
    const seeds = this.#seeds
    if (seeds.length === 0) {
      this.#seedsFailed = true
      return
    }
    const network = await this.#ctx.networkUp()
    while (network !== undefined && !this.#isOver) {
      for (const seed of seeds) {
        if (this.#isOver) return
        await this.#atSeed(network, seed).catch(async error => {
          if (isTimeout(error)) await this.#noteBusy(seed.address)
          this.#noteSeed(seed.peer, error)
        })
      }
      this.#seedsFailed = true
      this.#session.setCurrent('any')
      await this.#pause(SEED_RETRY_MS)
    }
  }

  get #seeds(): { peer: string; address: string }[] {
    return rendezvousOrder(this.#session.task.subject, this.#options.seeds)
  }

  async #noteBusy(address: string): Promise<void> {
    const { listening, busy } = this.#patience
    if (this.#busyUntil > 0 || !(await isListening(address, listening))) return
    this.#busyUntil = this.#begun + busy * (1 + Math.random())
  }

  #noteSeed(peer: string, error: unknown): void {
    if (this.#isOver) return
    if (error instanceof DragonflyError && error.code.startsWith('origin-') && !SEEDS_OWN_TROUBLE.has(error.code)) throw error
    this.#seedTrouble ??= error
    this.#ctx.warn(`seed ${peer} is of no use now: ${(error as Error).message}`)
  }

  /** Resolves the task at a seed and stays as long as it has something to say. */
  async #atSeed(network: Network, { peer, address }: { peer: string; address: string }): Promise<void> {
    const { task, wanted } = this.#session
    const first = new AbortController()
    const timer = setTimeout(() => first.abort(new DragonflyError('timeout', 'no answer')), this.#patience.answer)
    const connecting = AbortSignal.any([this.#signal, first.signal])
    try {
      await network.host.connect([address], connecting)
    } finally {
      clearTimeout(timer)
    }
    const request = { url: task.url, headers: task.headers, filter: [...task.filter], tag: task.tag, digest: wanted }
    const visit = new AbortController()
    const told = { at: undefined as number | undefined }
    const signal = AbortSignal.any([this.#signal, visit.signal])
    void this.#watch(peer, visit, told)
    try {
      for await (const reply of resolve(network.host, peer, request, signal)) {
        if (reply.type === 'failed') throw errorOf(reply)
        if (reply.type !== 'resolved') continue
        told.at = now()
        // it was only slow: what it reads need not be read again
        this.#seedsFailed = false
        this.#session.setCurrent({ version: reply.version })
        await enter(this.#session, reply)
        if (this.#session.guard !== undefined)
          this.#renewing ??= keepGranted(this.#ctx, this.#session, this.#seeds, this.#end.signal)
        await this.#session.links.dial(peer, this.#timeout(), ownTopic(reply.topic, this.#session))
        if (this.#isOver) return
      }
    } finally {
      visit.abort()
    }
    throw new DragonflyError('peer-refused', 'it has gone away')
  }

  /** Ends the visit at a seed that is of no use: it says nothing, or says that it is there and gives nothing. */
  async #watch(peer: string, visit: AbortController, told: { at: number | undefined }): Promise<void> {
    const begun = now()
    while (!visit.signal.aborted && !this.#isOver) {
      await this.#pause(500)
      if (told.at !== undefined && this.#session.links.has(peer)) told.at = now()
      if (told.at === undefined && now() - begun > this.#patience.answer) this.#session.setCurrent('any')
      const isLost = told.at !== undefined && now() - told.at > LOST_SEED_MS
      const isMute = told.at === undefined && now() - begun > MUTE_SEED_MS
      if (isMute || isLost) visit.abort(new DragonflyError('timeout', isMute ? 'it says nothing' : 'its link is lost'))
    }
  }

  #timeout(): AbortSignal {
    return AbortSignal.any([this.#signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)])
  }

  // ---- DHT

  async #fromDht(): Promise<void> {
    if (this.#ctx.bootstrap.length === 0 && this.#options.seeds.length === 0) {
      this.#searched = true
      return
    }
    const network = await this.#ctx.networkUp()
    for (let pause = DHT_AGAIN_MS; network !== undefined && !this.#isOver; pause = Math.min(DHT_AGAIN_MAX_MS, pause * 2)) {
      if (this.#session.links.size < ENOUGH_LINKS) await this.#discover(network)
      this.#searched = true
      await this.#pause(pause)
    }
  }

  async #discover(network: Network): Promise<void> {
    await Promise.all(this.#ctx.bootstrap.map(address => this.#enter(network, address)))
    await this.#search(network).catch(error => {
      if (!isAbort(error)) this.#ctx.info(`DHT search: ${(error as Error).message}`)
    })
  }

  /** A bootstrap peer is a way in, and may have the content itself. */
  async #enter(network: Network, address: string): Promise<void> {
    try {
      const peer = await network.host.connect([address], this.#timeout())
      await this.#session.links.dial(peer, this.#timeout())
    } catch (error) {
      if (!isAbort(error)) this.#ctx.info(`bootstrap ${address}: ${(error as Error).message}`)
    }
  }

  async #search(network: Network): Promise<void> {
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(DHT_PATIENCE_MS)])
    // without a single connection there is no DHT to ask: do not make a person wait for it
    while (!network.host.hasConnections && !this.#seedsFailed && !signal.aborted) await this.#pause(20)
    if (!network.host.hasConnections) return
    await network.dht.ready(signal)
    const { task, wanted } = this.#session
    const { dhtKey } = this.#session
    const work = dhtKey === undefined ? [] : [this.#searchFor(network, dhtKey, signal)]
    if (wanted !== undefined && !task.isPrivate) work.push(this.#searchContent(network, rawCid(wanted), signal))
    await Promise.all(work)
    while (!this.#neighbours.isIdle && !signal.aborted) await this.#pause(50)
  }

  async #searchFor(network: Network, key: CID, signal: AbortSignal): Promise<void> {
    for await (const { peer, addresses } of network.dht.find(key, signal)) {
      this.#neighbours.offer('dht', [{ id: peer, addresses }])
    }
  }

  async #searchContent(network: Network, key: CID, signal: AbortSignal): Promise<void> {
    for await (const { peer, addresses } of network.dht.find(key, signal)) {
      if (this.#session.manifest !== undefined) return
      await network.host
        .connectPeer(peer, addresses, this.#timeout())
        .then(() => this.#session.links.dial(peer, this.#timeout(), key.bytes))
        .catch(() => {})
    }
  }

  // ---- origin

  async #fromOrigin(): Promise<void> {
    const session = this.#session
    while (!this.#isOver) {
      if (this.#shouldRead()) {
        this.#reading = true
        await this.#read()
        this.#reading = false
        continue
      }
      if (session.manifest !== undefined && this.#options.origin) this.#offerRanges()
      if (this.#isHopeless()) return session.fail(this.#hopeless())
      await this.#pause(this.#isFirst() ? 10 : 200)
    }
    this.#stop.abort()
  }

  #isFirst(): boolean {
    return now() - this.#begun < 1000
  }

  /** Seeds and peers had their chance: nobody has said what the content is, or nobody goes on saying it. */
  #shouldRead(): boolean {
    const session = this.#session
    if (!this.#options.origin || this.#reading) return false
    const waited = now() - this.#begun
    if (session.manifest === undefined) {
      if (now() < this.#busyUntil) return false
      const believable = this.#ctx.trusted.size > 1 || session.wanted !== undefined
      return (
        (this.#seedsFailed && (!believable || this.#searched || waited > DHT_PATIENCE_MS) && session.links.size === 0) ||
        (this.#seedsFailed && waited > 2 * DHT_PATIENCE_MS)
      )
    }
    const unfinished = session.manifest.seal === undefined && session.hasAllKnown
    return unfinished && session.quietFor > (session.links.hasSeed ? SILENT_SEED_MS : TAKEOVER_MS)
  }

  /** Our own read: from the start, or on from what the manifest or an earlier try has. */
  async #read(): Promise<void> {
    if (++this.#reads > MAX_READS) throw new DragonflyError('origin-changed', 'the origin changes faster than it can be read')
    const origin = await this.#ctx.origin()
    const { task, manifest } = this.#session
    const request = { url: task.url, headers: task.headers }
    if (manifest !== undefined) {
      const want = { from: manifest.count * manifest.pieceLength, version: manifest.info.version, signal: this.#signal }
      return await ingest(this.#session, await origin.open(request, want))
    }
    const kept = await loadKept(this.#ctx.store, task)
    if (kept === undefined) return await this.#ingestNew(await origin.open(request, { signal: this.#signal }))
    try {
      await continueKept(this.#session, origin, kept, this.#signal)
    } catch (error) {
      await kept.entry.close()
      // what was kept belongs to a version that is gone: the next round begins with nothing of it
      if (!isChanged(error) || this.#session.manifest !== undefined) throw error
      await kept.entry.remove()
    }
  }

  async #ingestNew(read: OriginRead): Promise<void> {
    await this.#session.adopt(versionOf(this.#session.task, read), 'origin')
    await ingest(this.#session, read)
  }

  #offerRanges(): void {
    const { task, manifest } = this.#session
    if (manifest === undefined || this.#rangesOffered) return
    this.#rangesOffered = true
    const { version } = manifest.info
    this.#session.offerOrigin(async (start, end) => {
      const origin = await this.#ctx.origin()
      const request = { url: task.url, headers: task.headers }
      return await origin.range(request, version, { start, end }, manifest.length, this.#signal)
    })
  }

  #isHopeless(): boolean {
    const session = this.#session
    if (this.#options.origin && session.manifest === undefined) return false
    if (session.links.size > 0 || !this.#seedsFailed || !this.#searched) return false
    return session.quietFor > (this.#options.origin ? 3 * NO_SOURCE_MS : NO_SOURCE_MS)
  }

  #hopeless(): DragonflyError {
    const trouble = this.#seedTrouble
    if (trouble instanceof DragonflyError && trouble.code.startsWith('origin-')) return trouble
    return new DragonflyError('no-source', 'nobody who can be reached has this content', {
      hint: this.#options.origin ? 'check the network' : 'leave out --no-origin, or give a --seed or --bootstrap that is running',
      cause: trouble,
    })
  }
}

/** libp2p's own timeouts, ours, and those of signals. */
function isTimeout(error: unknown): boolean {
  if (error instanceof DragonflyError) return error.code === 'timeout'
  return isAbort(error) || (error instanceof Error && error.name === 'TimeoutError')
}

function isChanged(error: unknown): boolean {
  return error instanceof DragonflyError && error.code === 'origin-changed'
}

function ownTopic(topic: Uint8Array, session: Session): Uint8Array | undefined {
  return sameBytes(topic, session.links.topic) ? undefined : topic
}
