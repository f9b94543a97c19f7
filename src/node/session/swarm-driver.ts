// Drives one swarm decider: reports events to it, and performs its actions over links, store and origin.
import { randomUUID } from 'node:crypto'
import { DragonflyError } from '../../core/errors.ts'
import { isResumable } from '../../core/version.ts'
import { DEFAULT_POLICY, type SwarmAction, type SwarmEvent } from '../../swarm/events.ts'
import { hashOf } from '../../swarm/lot.ts'
import { startSwarm } from '../../swarm/setup.ts'
import type { Swarm } from '../../swarm/swarm.ts'
import type { PieceFact, Received } from '../../transfer/piece-transfer.ts'
import { causeOf } from '../api/events.ts'
import { digestMismatch, type StoredVersion } from '../content/stored-version.ts'
import { type BudgetUser, type NodeContext, now } from '../context/node-context.ts'
import type { ContentPace } from '../context/pacing.ts'
import type { PeerLinks } from '../peers/peer-links.ts'
import type { Roles } from '../peers/roles.ts'
import { HaveAnnouncer } from './have-announcer.ts'
import type { SwarmObserver } from './swarm-observer.ts'
import type { WantedRanges } from './wanted-ranges.ts'

/** The origin as a neighbour of the swarm; no peer id looks like it. */
export const ORIGIN = 'origin'

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
  readonly roles: Pick<Roles, 'serves' | 'isSeed'>
  readonly counts: Counts
  readonly givers: Set<string>
  readonly pace: ContentPace
  readonly ranges: Pick<WantedRanges, 'runs' | 'areAllPlaced'>
  /** Who keeps an account of the run. */
  readonly observers: ReadonlySet<SwarmObserver>
  fail(error: unknown): void
  /** A piece is here. */
  onStored(): void
  /** This neighbour gave something else than the manifest names; it is asked no more. */
  onWrongPiece(peer: string, piece: number): void
}

export class SwarmDriver implements BudgetUser {
  readonly #ctx: NodeContext
  readonly #owner: DriverOwner
  readonly #content: StoredVersion
  readonly #swarm: Swarm
  readonly #haves: HaveAnnouncer
  #rangeReader: RangeReader | undefined
  /** What the swarm was told last, as JSON; undefined: all. */
  #wanted: string | undefined
  #wake: NodeJS.Timeout | undefined
  #wakeAt = 0
  #isStopped = false
  readonly #salt = randomUUID()

  constructor(ctx: NodeContext, owner: DriverOwner, content: StoredVersion) {
    const { links, roles } = owner
    const { manifest } = content
    const { pieceLength } = manifest
    this.#ctx = ctx
    this.#owner = owner
    this.#content = content
    const who = { self: ctx.network?.host.id ?? '', isSeed: roles.serves, seed: Math.floor(Math.random() * 2 ** 32) }
    const setup = { ...who, pieceLength, policy: DEFAULT_POLICY }
    this.#swarm = startSwarm(setup)
    ctx.budget.enter(this, { pieceLength })
    owner.pace.onOriginHeld = ms => this.tell({ type: 'held', peer: ORIGIN, ms })
    this.#haves = new HaveAnnouncer({ links, roles, content, queue: () => this.#swarm.queue })
    for (const observer of owner.observers) observer.begun?.(setup)
  }

  get swarm(): Pick<Swarm, 'have' | 'queue' | 'missing' | 'isWhole'> {
    return this.#swarm
  }

  /** Whether all that is wanted is here. */
  get isComplete(): boolean {
    return this.#swarm.isWhole || (this.#swarm.isComplete && this.#owner.ranges.areAllPlaced(this.#content.manifest))
  }

  /** Tells where a neighbour is, by a number that is equal for the same address and says nothing else, as a trace may hold it. */
  place(peer: string): void {
    const { host } = this.#ctx.network ?? {}
    const place = host?.placeOf(peer)
    if (place !== undefined)
      this.tell({ type: 'placed', peer, place: hashOf(this.#salt + place), roundTrip: host?.roundTrip(peer) })
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
    budget.cap(this, this.#owner.pace.window(this.#content.manifest.pieceLength))
    for (const news of budget.news(this, at)) this.#decide(news, at)
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
    this.#haves.announceProven()
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
      const bytes = this.#content.manifest.pieceSize(piece)
      this.#owner.counts.resumed += bytes
      this.#measure('store', bytes)
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
    if (isNew) this.#count(ORIGIN, size)
    this.tell({ type: 'stored', piece: index })
    this.#owner.onStored()
  }

  /** What became of bytes that a peer, or the origin, sent for a piece. */
  received(peer: string, piece: number, received: Received): void {
    if (received.state === 'corrupt') {
      this.#ctx.counters.countAt('dragonfly_corrupt_pieces_total', { source: this.#sourceOf(peer) })
      return this.tell({ type: 'corrupt', peer, piece })
    }
    if (received.state === 'stopped') return
    if (received.isNew) this.#count(peer, received.bytes)
    this.tell({ type: 'received', peer, piece, bytes: received.bytes })
    this.#owner.onStored()
  }

  #count(peer: string, bytes: number): void {
    const { counts, givers } = this.#owner
    const source = this.#sourceOf(peer)
    this.#measure(source, bytes)
    if (source !== 'origin') this.#ctx.budget.arrivals.came(this, bytes)
    if (source !== 'origin') givers.add(peer)
    if (source === 'origin') counts.fromOrigin += bytes
    else if (source === 'seed') counts.fromSeeds += bytes
    else counts.fromPeers += bytes
  }

  #sourceOf(peer: string): 'origin' | 'seed' | 'peer' {
    return peer === ORIGIN ? 'origin' : this.#owner.roles.isSeed(peer) ? 'seed' : 'peer'
  }

  #measure(source: 'origin' | 'seed' | 'peer' | 'store', bytes: number): void {
    this.#ctx.counters.countAt('dragonfly_verified_bytes_total', { source }, bytes)
    this.#ctx.counters.countAt('dragonfly_verified_pieces_total', { source })
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
        else link?.ask(action.piece, this.#content.manifest.pieceSize(action.piece), action.load, action.has)
        return
      case 'cancel':
        return link?.cancel(action.piece)
      case 'serve':
        void this.#serve(action.peer, action.piece)
        return
      case 'refuse':
        return link?.refuse(action.piece, action.missing ? 'no-such-piece' : 'too-busy')
      case 'announce':
        return this.#haves.announce(action.piece)
      case 'drop':
        return link?.abort(new DragonflyError('peer-refused', 'peer does not read what it asked for', { retryable: true }))
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
    const { manifest, transfer } = this.#content
    const read = this.#rangeReader
    if (read === undefined) return
    this.#ctx.counters.countAt('dragonfly_origin_reads_total', { kind: 'piece' })
    try {
      const received = await transfer.fetch(piece, read)
      this.#ctx.counters.countAt('dragonfly_received_bytes_total', { source: 'origin' }, manifest.pieceSize(piece))
      this.received(ORIGIN, piece, received)
    } catch (error) {
      if (read !== this.#rangeReader) return
      const isOrigins = error instanceof DragonflyError && error.code.startsWith('origin-')
      if (!isOrigins) return this.#owner.fail(error)
      if (this.#content.isDoubtful(piece) && error.code === 'origin-changed') return this.#owner.fail(digestMismatch())
      this.#ctx.emit({ code: 'origin-piece-failed', piece, ...causeOf(error) })
      this.tell({ type: 'refused', peer: ORIGIN, piece, forever: false })
    }
  }

  async #serve(peer: string, piece: number): Promise<void> {
    const link = this.#owner.links.get(peer)?.link
    try {
      // it is asked for again: how long it is will be known in a moment
      if (this.#content.transfer.isUnsettled(piece)) return link?.refuse(piece, 'too-busy')
      await this.#content.transfer.serve(piece, async bytes => (await link?.give(piece, bytes)) === true)
      if (link !== undefined) this.#ctx.counters.count('dragonfly_sent_pieces_total')
    } catch (error) {
      if (error instanceof DragonflyError && error.code === 'store-error') {
        this.#ctx.emit({ code: 'piece-unreadable', piece, ...causeOf(error) })
        link?.refuse(piece, 'no-such-piece')
      }
    } finally {
      this.tell({ type: 'served', peer, piece })
    }
  }

  #ban(peer: string, piece: number): void {
    if (peer === ORIGIN) {
      // a stranger's manifest, which the origin contradicts
      if (this.#content.isDoubtful(piece)) return this.#owner.fail(digestMismatch())
      return this.#ctx.emit({ code: 'origin-piece-corrupt', piece, version: this.#content.manifest.info.version })
    }
    this.#owner.onWrongPiece(peer, piece)
  }
}
