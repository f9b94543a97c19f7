// Drives one swarm decider in the simulator.
import { Bitfield } from '../core/bitfield.ts'
import type { NeighbourKind, SwarmAction, SwarmEvent } from '../swarm/events.ts'
import { Swarm, type SwarmOptions } from '../swarm/swarm.ts'
import type { Priority } from '../swarm/weights.ts'
import { Call } from './alarm.ts'
import { type LinkKeeper, ORIGIN, type Parting, type SimHost } from './host.ts'
import type { Link } from './link.ts'
import type { Content, Machine } from './machine.ts'
import { ManifestCopy } from './manifest-copy.ts'
import { OriginRanges } from './origin-ranges.ts'
import type { Surroundings } from './surroundings.ts'
import { Trade } from './trade.ts'

const WAKE: SwarmEvent = { type: 'wake' }

/** Who takes part in a swarm, and where. */
export interface Identity {
  id: string
  /** Its number among all of all swarms. */
  index: number
  machine: Machine
  /** Of its content. Default `normal`. */
  priority?: Priority | undefined
}

/** A host as it is in the swarm of one content. */
export class SimPeer implements SimHost, Content {
  readonly id: string
  readonly index: number
  readonly kind: NeighbourKind
  readonly machine: Machine
  readonly #priority: Priority
  readonly swarm: Swarm
  readonly trade: Trade
  readonly ranges: OriginRanges
  isLiar = false
  /** Still there, but does nothing any more. */
  isSilent = false
  /** Whether it has joined and not left. */
  isHere = false
  /** Only where neighbours have to be found. */
  keeper: LinkKeeper | undefined
  /** Called when it has a new neighbour, once when it leaves, and when a neighbour has. */
  onJoined: (other: SimHost) => void = () => {}
  onLeave: () => void = () => {}
  onLost: (other: SimHost) => void = () => {}
  /** Called after its swarm was told something. */
  onTold: (event: SwarmEvent) => void = () => {}
  /** Whether it reaches no origin. */
  isCutFromOrigin = false
  /** Whether the run waits for it: it has no fault and stays. */
  mustFinish = false
  /** Virtual milliseconds; Infinity: not yet. */
  joinedAt = Infinity
  doneAt: number | undefined
  /** When and why it gave up, by the code of the error. */
  failure: { at: number; why: string } | undefined
  readonly #around: Surroundings
  readonly #byId = new Map<string, SimHost>()
  /** Replaced, never changed: messages under way keep theirs. */
  #neighbours: readonly SimHost[] = []
  readonly #copy: ManifestCopy
  readonly #wake = new Call(() => this.tell(WAKE))

  constructor(identity: Identity, options: SwarmOptions, around: Surroundings) {
    this.id = identity.id
    this.index = identity.index
    this.machine = identity.machine
    this.machine.contents.push(this)
    this.#priority = identity.priority ?? 'normal'
    this.kind = options.isSeed ? 'seed' : 'peer'
    this.swarm = new Swarm(options)
    this.#around = around
    this.trade = new Trade(this, around)
    this.ranges = new OriginRanges(this, around)
    this.#copy = new ManifestCopy(this, around)
  }

  get neighbours(): readonly SimHost[] {
    return this.#neighbours
  }

  get up(): Link {
    return this.machine.up
  }

  get down(): Link {
    return this.machine.down
  }

  get sentBytes(): number {
    return this.trade.outbox.sentBytes
  }

  get side(): number {
    return this.up.side
  }

  /** Whether it is there and does what it should. */
  get acts(): boolean {
    return this.isHere && !this.isSilent
  }

  neighbour(id: string): SimHost | undefined {
    return this.#byId.get(id)
  }

  hears(other: SimHost): boolean {
    return this.#byId.get(other.id) === other
  }

  /** Is there from now on. */
  enter(): void {
    this.isHere = true
    this.joinedAt = this.#around.world.now
    this.machine.enter(this, this.#priority)
    if (this.isLiar) this.holdAll()
  }

  /** Its connections end: every neighbour notices one latency later. */
  leave(why: 'broken' | 'gone'): void {
    if (!this.isHere) return
    this.isHere = false
    for (const other of this.#neighbours) this.#disconnect(other, why)
    this.keeper?.stop()
    this.onLeave()
    this.ranges.stop()
    this.trade.forgetNews()
    this.#copy.stop()
    this.#around.world.clear(this.#wake)
    this.machine.leave(this)
  }

  /** Knows the neighbour from now on; the other side does the same. */
  join(other: SimHost): void {
    this.#byId.set(other.id, other)
    this.#neighbours = [...this.#neighbours, other]
    this.tell({ type: 'joined', peer: other.id, kind: other.kind })
    this.onJoined(other)
    const { queue } = this.swarm
    const have = this.swarm.have.clone()
    const count = this.manifest
    this.#around.mail.send(this, other, to => {
      to.learnManifest(count)
      to.tell({ type: 'bitfield', peer: this.id, have, queue })
    })
  }

  /** Ends the link by its own will. */
  part(other: SimHost): void {
    this.#disconnect(other, 'parted')
    this.tell({ type: 'left', peer: other.id })
  }

  /** A piece from the neighbour has come; calls back when it counts. */
  hold(from: SimHost, bytes: number, pass: () => void): void {
    const { pacing } = this.machine
    if (pacing === undefined) return pass()
    pacing.hold(this, bytes, ms => this.tell({ type: 'held', peer: from.id, ms }), pass)
  }

  /** Knows the origin, too: it has everything. */
  joinOrigin(): void {
    this.tell({ type: 'joined', peer: ORIGIN, kind: 'origin' })
    this.tell({ type: 'bitfield', peer: ORIGIN, have: Bitfield.full(this.#around.pieces), queue: 0 })
  }

  /** Knows the origin no more. */
  leaveOrigin(): void {
    this.ranges.stop()
    this.tell({ type: 'left', peer: ORIGIN })
  }

  /** Gives up, and leaves. */
  fail(why: string): void {
    this.failure = { at: this.#around.world.now, why }
    if (this.mustFinish) this.#around.tally.waiting--
    this.leave('gone')
  }

  /** Has everything before it meets anybody. */
  holdAll(): void {
    this.learnManifest(this.#around.pieces)
    for (let piece = 0; piece < this.#around.pieces; piece++) this.tell({ type: 'stored', piece })
    this.trade.forgetNews()
  }

  get manifest(): number {
    return this.isLiar ? 0 : this.#copy.signed
  }

  /** Pieces whose digests it knows, from its own read or from a seed. */
  get known(): number {
    return this.#copy.count
  }

  learnManifest(count: number): void {
    this.#copy.learn(count)
  }

  publishManifest(count: number): void {
    this.#copy.publish(count)
  }

  /** It has read so many from the origin itself. */
  ownManifest(count: number): void {
    if (this.kind === 'seed') this.#copy.publish(count)
    else this.#copy.own(count)
  }

  heardNews(from: SimHost, news: Extract<SwarmEvent, { type: 'have' }>): void {
    this.tell(news)
    this.#copy.heard(from, news.pieces)
  }

  lost(other: SimHost, why: Parting): void {
    this.#cut(other)
    this.tell({ type: 'left', peer: other.id })
    this.keeper?.unlinked(other, why)
    this.onLost(other)
  }

  tell(event: SwarmEvent): void {
    if (!this.acts) return
    const { world, tally } = this.#around
    tally.events++
    const actions = this.#decide(event)
    for (const action of actions) this.#perform(action)
    if (this.doneAt === undefined && this.swarm.isComplete) {
      this.doneAt = world.now
      if (this.mustFinish) tally.waiting--
    }
    const at = this.swarm.nextWake(world.now)
    if (at < this.#wake.at) world.set(this.#wake, at)
    this.machine.wakeWaiting()
    this.onTold(event)
  }

  /** What the swarm intends, within what the host leaves to it. */
  #decide(event: SwarmEvent): SwarmAction[] {
    const { world, check } = this.#around
    const { budget } = this.machine
    for (const news of budget.news(this, world.now)) this.swarm.handle(news, world.now)
    if (event.type === 'received' && event.peer !== ORIGIN) budget.arrivals.came(this, event.bytes)
    const actions = this.swarm.handle(event, world.now)
    budget.report(this, this.swarm.usage)
    if (check) {
      this.swarm.check()
      budget.check()
    }
    return actions
  }

  #perform(action: SwarmAction): void {
    if (action.type === 'announce') return this.trade.announce(action.piece)
    const other = this.#byId.get(action.peer)
    if (other !== undefined) return this.#deal(other, action)
    if (action.peer === ORIGIN && action.type === 'ask') this.ranges.read(action.piece)
  }

  #deal(other: SimHost, action: SwarmAction): void {
    switch (action.type) {
      case 'ask':
        return this.trade.ask(other, action)
      case 'cancel':
        return this.trade.cancel(other, action.piece)
      case 'refuse':
        return this.trade.refuse(other, action)
      case 'serve':
        return this.trade.outbox.send(other, action.piece)
      case 'drop':
        this.#disconnect(other, 'parted')
        return this.keeper?.unlinked(other, 'gone')
      case 'ban':
        this.#around.tally.bans.push(`${other.id}<${this.id}`)
        this.#disconnect(other, 'parted')
        return this.keeper?.unlinked(other, 'gone')
    }
  }

  /** Ends the connection from this side; the other side notices one latency later. */
  #disconnect(other: SimHost, why: Parting): void {
    this.#cut(other)
    this.#around.mail.carry(this, other, to => to.lost(this, why))
  }

  #cut(other: SimHost): void {
    this.#byId.delete(other.id)
    this.#around.mail.cut()
    this.#neighbours = this.#neighbours.filter(n => n !== other)
    this.trade.drop(other)
  }
}
