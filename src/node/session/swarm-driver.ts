// The driver of one swarm: tells the decider what happened, and performs what it decides over links, store and origin.
import { DragonflyError } from '../../core/errors.ts'
import { isResumable } from '../../core/version.ts'
import { DEFAULT_POLICY, type SwarmAction, type SwarmEvent } from '../../swarm/events.ts'
import { startSwarm } from '../../swarm/setup.ts'
import type { Swarm } from '../../swarm/swarm.ts'
import type { PieceFact, Received } from '../../transfer/piece-transfer.ts'
import { digestMismatch, type StoredVersion } from '../content/stored-version.ts'
import { type BudgetUser, type NodeContext, now } from '../context/node-context.ts'
import type { PeerLink } from '../peers/peer-link.ts'
import type { PeerLinks } from '../peers/peer-links.ts'
import type { SwarmObserver } from './swarm-observer.ts'
import type { WantedRanges } from './wanted-ranges.ts'

/** The origin as a neighbour of the swarm; no peer id looks like it. */
const ORIGIN = 'origin'
/** News are told once for so many milliseconds: every small message costs as much CPU as 50 KiB of bulk. */
const ANNOUNCE_MS = 100

/** Reads bytes `start` to `end` of the version from the origin. */
export type RangeReader = (start: number, end: number) => Promise<Uint8Array>

/** Payload bytes by where they came from. */
export interface Counts {
  fromOrigin: number
  fromPeers: number
  fromSeeds: number
  resumed: number
}

/** What the driver needs of its active task. */
export interface DriverOwner {
  readonly links: Pick<PeerLinks, 'get' | 'values'>
  readonly counts: Counts
  readonly givers: Set<string>
  readonly ranges: Pick<WantedRanges, 'runs' | 'areAllPlaced'>
  /** Who keeps an account of the run. */
  readonly observers: ReadonlySet<SwarmObserver>
  fail(error: unknown): void
  /** A piece is here. */
  onStored(): void
  /** This neighbour is to be dealt with no more. */
  onLiar(peer: string): void
}

export class SwarmDriver implements BudgetUser {
  readonly #ctx: NodeContext
  readonly #owner: DriverOwner
  readonly #content: StoredVersion
  readonly #swarm: Swarm
  #rangeReader: RangeReader | undefined
  #news: number[] = []
  #announcedAt = -Infinity
  /** What the swarm was told last, as JSON; undefined: all. */
  #wanted: string | undefined
  #wake: NodeJS.Timeout | undefined
  #wakeAt = 0
  #isStopped = false

  constructor(ctx: NodeContext, owner: DriverOwner, content: StoredVersion) {
    const { pieceLength } = content.manifest
    this.#ctx = ctx
    this.#owner = owner
    this.#content = content
    const seed = Math.floor(Math.random() * 2 ** 32)
    const setup = { self: ctx.network?.host.id ?? '', isSeed: ctx.isSeed, pieceLength, seed, policy: DEFAULT_POLICY }
    this.#swarm = startSwarm(setup)
    ctx.budget.enter(this, { pieceLength })
    for (const observer of owner.observers) observer.begun?.(setup)
  }

  get swarm(): Pick<Swarm, 'have' | 'queue' | 'missing' | 'isWhole'> {
    return this.#swarm
  }

  /** Whether all that is wanted is here. */
  get isComplete(): boolean {
    return this.#swarm.isComplete && this.#owner.ranges.areAllPlaced(this.#content.manifest)
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#wake)
    this.#ctx.budget.leave(this)
    this.#wakeOthers()
  }

  wake(): void {
    this.tell({ type: 'wake' })
  }

  /** Tells the decider a fact, and performs its answer. */
  tell(event: SwarmEvent): void {
    if (this.#isStopped) return
    const at = now()
    const { budget } = this.#ctx
    const allowance = budget.allowance(this)
    if (allowance !== undefined) this.#decide({ type: 'allowance', ...allowance }, at)
    const actions = this.#decide(event, at)
    budget.report(this, this.#swarm.usage)
    for (const action of actions) this.#perform(action)
    this.#wakeBy(this.#swarm.nextWake(at), at)
    this.#wakeOthers()
  }

  #decide(event: SwarmEvent, at: number): SwarmAction[] {
    const actions = this.#swarm.handle(event, at)
    for (const observer of this.#owner.observers) observer.told(event, at, actions)
    return actions
  }

  /** Those whose turn it is to use what has become free; not within this turn, which may be theirs too. */
  #wakeOthers(): void {
    for (const other of this.#ctx.budget.takeWaiting()) queueMicrotask(() => other.wake())
  }

  /** The manifest has grown or was sealed. */
  grown(): void {
    const { manifest } = this.#content
    // first, so that nothing is asked for that nobody wants
    this.wanted()
    this.tell({ type: 'manifest', count: manifest.count, sealed: manifest.seal !== undefined })
    this.#joinOrigin()
  }

  /** What is wanted may have changed, or is known better by the manifest. */
  wanted(): void {
    const pieces = this.#owner.ranges.runs(this.#content.manifest)
    const text = JSON.stringify(pieces)
    if (text === this.#wanted) return
    this.#wanted = text
    this.tell({ type: 'wanted', pieces })
  }

  /** Pieces that were found in the store. */
  recovered(pieces: Iterable<number>): void {
    for (const piece of pieces) {
      this.#owner.counts.resumed += this.#content.manifest.pieceSize(piece)
      this.tell({ type: 'stored', piece })
    }
  }

  /** Makes the origin a neighbour that is asked when nobody else can give. */
  offerOrigin(reader: RangeReader): void {
    this.#rangeReader = reader
    this.#joinOrigin()
  }

  /** The origin is asked no more; what is under way to it is told nothing of. */
  withdrawOrigin(): void {
    this.#rangeReader = undefined
    this.tell({ type: 'left', peer: ORIGIN })
  }

  /** A piece of our own read of the origin is stored. */
  ingested({ index, size }: PieceFact, isNew: boolean): void {
    if (isNew) this.#count(undefined, size)
    this.tell({ type: 'stored', piece: index })
    this.#owner.onStored()
  }

  /** What became of bytes that a peer, or the origin, sent for a piece. */
  received(peer: string, piece: number, received: Received): void {
    if (received.state === 'corrupt') return this.tell({ type: 'corrupt', peer, piece })
    if (received.state === 'stopped') return
    if (received.isNew) this.#count(peer, received.bytes)
    this.tell({ type: 'received', peer, piece, bytes: received.bytes })
    this.#owner.onStored()
  }

  #count(peer: string | undefined, bytes: number): void {
    const { counts, givers } = this.#owner
    if (peer === undefined || peer === ORIGIN) {
      counts.fromOrigin += bytes
      return
    }
    givers.add(peer)
    if (this.#ctx.trusted.has(peer)) counts.fromSeeds += bytes
    else counts.fromPeers += bytes
  }

  /** One timer; waking early does no harm, and setting it anew for every event would cost. */
  #wakeBy(wakeAt: number, at: number): void {
    if (wakeAt === Infinity || (this.#wake !== undefined && this.#wakeAt <= wakeAt)) return
    clearTimeout(this.#wake)
    this.#wakeAt = wakeAt
    const onWake = () => {
      this.#wake = undefined
      this.wake()
    }
    this.#wake = setTimeout(onWake, Math.max(1, wakeAt - at))
  }

  #perform(action: SwarmAction): void {
    const link = 'peer' in action ? this.#owner.links.get(action.peer)?.link : undefined
    switch (action.type) {
      case 'ask':
        if (action.peer === ORIGIN) void this.#askOrigin(action.piece)
        else link?.ask(action.piece, this.#content.manifest.pieceSize(action.piece), action.load)
        return
      case 'cancel':
        return link?.cancel(action.piece)
      case 'serve':
        void this.#serve(action.peer, action.piece)
        return
      case 'refuse':
        return link?.refuse(action.piece, action.missing ? 'no-such-piece' : 'too-busy')
      case 'announce':
        return this.#announce(action.piece)
      case 'ban':
        return this.#ban(action.peer, action.piece)
    }
  }

  #joinOrigin(): void {
    const { manifest } = this.#content
    if (this.#rangeReader === undefined || !isResumable(manifest.info.version)) return
    this.tell({ type: 'joined', peer: ORIGIN, kind: 'origin' })
    this.tell({ type: 'have', peer: ORIGIN, pieces: Array.from({ length: manifest.count }, (_, i) => i), queue: 0 })
  }

  async #askOrigin(piece: number): Promise<void> {
    const { manifest, transfer, trust } = this.#content
    const read = this.#rangeReader
    if (read === undefined) return
    try {
      const received = await transfer.fetch(piece, read)
      this.#ctx.counters.fromOrigin += manifest.pieceSize(piece)
      this.received(ORIGIN, piece, received)
    } catch (error) {
      if (read !== this.#rangeReader) return
      const isOrigins = error instanceof DragonflyError && error.code.startsWith('origin-')
      if (!isOrigins) return this.#owner.fail(error)
      if (trust === 'digest' && error.code === 'origin-changed') return this.#owner.fail(digestMismatch())
      this.#ctx.warn(`origin gave no piece ${piece}: ${error.message}`)
      this.tell({ type: 'refused', peer: ORIGIN, piece, forever: false })
    }
  }

  async #serve(peer: string, piece: number): Promise<void> {
    const link = this.#owner.links.get(peer)?.link
    try {
      await this.#content.transfer.serve(piece, async bytes => await link?.give(piece, bytes))
    } catch (error) {
      if (error instanceof DragonflyError && error.code === 'store-error') {
        this.#ctx.warn(`cannot serve piece ${piece}: ${error.message}`)
        link?.refuse(piece, 'no-such-piece')
      }
    } finally {
      this.tell({ type: 'served', peer, piece })
    }
  }

  /** The first news go out at once, those of the next while together. */
  #announce(piece: number): void {
    if (this.#news.push(piece) > 1) return
    const tellAll = () => {
      const pieces = this.#news
      this.#news = []
      this.#announcedAt = now()
      for (const link of this.#owner.links.values()) {
        if (link.isNeighbour) link.tellHave(this.#newsFor(link, pieces), this.#swarm.queue)
      }
    }
    setTimeout(tellAll, Math.max(1, this.#announcedAt + ANNOUNCE_MS - now()))
  }

  /**
   * Who has a piece itself need not hear that we have it too. Seeds do: they give what few have first. And everybody hears
   * of the last piece: whoever waits for the end of the manifest asks those who are as far as he.
   */
  #newsFor(link: PeerLink, pieces: readonly number[]): readonly number[] {
    if (this.#ctx.trusted.has(link.peer)) return pieces
    const last = this.#content.manifest.count - 1
    return pieces.filter(piece => piece === last || !link.have.has(piece))
  }

  #ban(peer: string, piece: number): void {
    const { trust, manifest } = this.#content
    if (peer === ORIGIN) {
      // a stranger's manifest, which the origin contradicts
      if (trust === 'digest') this.#owner.fail(digestMismatch())
      else this.#ctx.warn(`origin sent wrong bytes for piece ${piece} of ${manifest.info.version}`)
      return
    }
    this.#owner.onLiar(peer)
    // whether the bytes or the manifest are the lie is not known before the end
    if (trust === 'digest') return
    this.#ctx.ban(peer, `piece ${piece} of ${manifest.info.task} does not have the digest that the manifest names`)
  }
}
