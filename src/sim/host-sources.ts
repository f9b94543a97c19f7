// Drives the source selector of one simulated host.
import type { SwarmEvent } from '../swarm/events.ts'
import { isSign } from '../swarm/seed-visit.ts'
import type { SourceAction, SourceEvent, SourcePolicy } from '../swarm/source-events.ts'
import { SourceSelector } from '../swarm/source-selector.ts'
import { Call } from './alarm.ts'
import { connect } from './graph.ts'
import type { SimPeer } from './peer.ts'
import { StreamRead } from './stream-read.ts'
import type { Surroundings } from './surroundings.ts'

/** A seed whose content is not complete says so often that it is there, milliseconds. */
const SIGN_MS = 5000
/** Signs of it at other contents are told at most so often, milliseconds. */
const SIGNS_MS = 100
/** A search of the DHT, and a look whether a host listens, take so long. */
const SEARCH_MS = 200
const LISTENING_MS = 1000
/** How long a look waits for a program's answer; and the longest turn of a busy event loop, milliseconds. */
const LIVES_MS = 20_000
const TURN_MS = 500
/** A connection and its encryption take so many latencies. */
const CONNECT_LATENCIES = 3

export interface HostSourcesOptions {
  self: SimPeer
  around: Surroundings
  /** In the order in which it asks them. */
  seeds: readonly HostSources[]
  mayRead: boolean
  /** A number in [0, 1). */
  chance: number
  policy?: Partial<SourcePolicy>
  /** A seed's: milliseconds of its one processor that a client costs it. Default 0. */
  admitMs?: number | undefined
  /** Hosts that the DHT names. */
  providers(): readonly SimPeer[]
}

export class HostSources {
  readonly self: SimPeer
  /** A seed's: the peer has got through to it. */
  onAdmitted: (peer: SimPeer) => void = () => {}
  readonly #options: HostSourcesOptions
  readonly #around: Surroundings
  readonly #seeds: readonly HostSources[]
  #selector: SourceSelector | undefined
  readonly #wake = new Call(() => this.#tell({ type: 'wake' }))
  readonly #sign = new Call(() => this.#giveSign())
  #read: StreamRead | undefined
  /** The seed that is being asked. */
  #visit: HostSources | undefined
  /** Hosts that have asked this one, which is a seed, and whether it has told them what the content is. */
  readonly #askers = new Map<HostSources, boolean>()
  /** Until when those who came keep a seed busy. */
  #busyUntil = 0
  #isBegun = false
  #told = { count: -1, missing: -1 }
  /** The last sign of a seed that was told. */
  #signAt = -Infinity

  constructor(options: HostSourcesOptions) {
    const { self, around, seeds } = options
    this.self = self
    this.#options = options
    this.#around = around
    this.#seeds = seeds
    self.onJoined = other => this.#tell({ type: 'linked', peer: other.id })
    self.onLost = other => this.#tell({ type: 'unlinked', peer: other.id })
    self.onLeave = () => this.#stop()
    self.onTold = event => this.#look(event)
    self.ranges.onActive = active => this.#tell({ type: 'ranges', active })
    self.ranges.onRefused = () => this.#tell({ type: 'ranges-refused' })
  }

  /** Begins to look for sources; does nothing when it has begun already. */
  begin(): void {
    if (this.#selector !== undefined) return
    const { mayRead, chance, policy = {} } = this.#options
    this.#selector = new SourceSelector({
      seeds: this.#seeds.map(({ self }) => self.id),
      hasDht: true,
      mayRead,
      revalidate: false,
      believesOthers: true,
      chance,
      policy,
    })
    for (const other of this.self.neighbours) this.#tell({ type: 'linked', peer: other.id })
    this.#tell({ type: 'wake' })
  }

  // ---- a seed is asked

  /** Somebody's connection has come up. */
  #ask(by: HostSources): void {
    if (!this.self.acts) return
    this.begin()
    this.#askers.set(by, false)
    this.onAdmitted(by.self)
    by.#hear(this, { type: 'seed-heard', seed: this.self.id })
    if (this.#sign.at === Infinity) this.#around.world.set(this.#sign, this.#around.world.now + SIGN_MS)
    this.#answer()
  }

  /** Tells all who have asked what the content is, once that is known. */
  #answer(): void {
    if (!this.#isBegun || !this.self.acts) return
    for (const [asker, isTold] of this.#askers) {
      if (isTold || asker.self.side !== this.self.side) continue
      this.#askers.set(asker, true)
      asker.#hear(this, { type: 'seed-resolved', seed: this.self.id, same: true })
      if (!this.self.hears(asker.self)) connect(this.self, asker.self)
      asker.#hear(this, { type: 'seed-dialled', seed: this.self.id })
    }
  }

  #giveSign(): void {
    const { world } = this.#around
    if (!this.self.acts || this.self.swarm.isComplete) return
    for (const asker of this.#askers.keys()) asker.#hear(this, { type: 'seed-heard', seed: this.self.id })
    world.set(this.#sign, world.now + SIGN_MS)
  }

  /** What a seed says takes one latency, and does not come where both are cut off from one another. */
  #hear(seed: HostSources, event: SourceEvent): void {
    const { world, latency } = this.#around
    world.after(latency, () => {
      if (this.#visit === seed && this.self.side === seed.self.side) this.#tell(event)
    })
  }

  #endVisits(why: 'unreachable' | 'trouble' | 'out-of-reach'): void {
    const { world, latency } = this.#around
    for (const asker of this.#askers.keys()) world.after(latency, () => asker.#visitEnded(this, why))
    this.#askers.clear()
  }

  // ---- this host asks, reads, and gives up

  #visitEnded(seed: HostSources, why: 'unreachable' | 'busy' | 'trouble' | 'out-of-reach'): void {
    if (this.#visit !== seed || (why !== 'busy' && this.self.side !== seed.self.side)) return
    this.#visit = undefined
    this.#tell({ type: 'seed-failed', seed: seed.self.id, why })
  }

  #tell(event: SourceEvent): void {
    const { world } = this.#around
    if (this.#selector === undefined || !this.self.acts) return
    for (const fact of [...this.#signs(), event]) {
      for (const action of this.#selector?.handle(fact, world.now) ?? []) this.#perform(action)
    }
    world.set(this.#wake, this.#selector?.nextWake ?? Infinity)
  }

  /** The seed that is asked was heard at another content of this host. */
  #signs(): SourceEvent[] {
    const visit = this.#visit?.self
    const sign = visit === undefined ? undefined : this.self.machine.heard.get(visit.machine)
    if (visit === undefined || sign === undefined || sign.content === this.self || sign.at < this.#signAt + SIGNS_MS) return []
    this.#signAt = sign.at
    return [{ type: 'seed-alive', seed: visit.id, at: sign.at }]
  }

  #perform(action: SourceAction): void {
    const { world } = this.#around
    switch (action.type) {
      case 'look-in-store':
        return world.after(0, () => this.#tell({ type: 'store-searched' }))
      case 'ask-seed':
        return this.#visitSeed(this.#seeds.find(({ self }) => self.id === action.seed) as HostSources)
      case 'leave-seed':
        return this.#leave(this.#visit as HostSources)
      case 'search-dht':
        return world.after(SEARCH_MS, () => this.#searched())
      case 'look-at-seed':
        return this.#lookAt(this.#seeds.find(({ self }) => self.id === action.seed) as HostSources)
      case 'be-patient':
        return this.self.tell({ ...action, type: 'patience' })
      case 'hear-anybody':
        return
      case 'read-origin':
        this.#read = new StreamRead(this.self, this.#around, this, action)
        return
      case 'stop-reading':
        return this.#read?.stop()
      case 'offer-ranges':
        return this.self.joinOrigin()
      case 'withdraw-ranges':
        return this.self.leaveOrigin()
      case 'fail':
        return this.#fail(action.why)
    }
  }

  #searched(): void {
    for (const other of this.#options.providers()) if (other.side === this.self.side) connect(this.self, other)
    this.#tell({ type: 'dht-ended' })
  }

  #visitSeed(seed: HostSources): void {
    const { world, latency } = this.#around
    this.#visit = seed
    world.after(CONNECT_LATENCIES * latency, () => {
      if (this.#visit !== seed || this.self.side !== seed.self.side) return
      if (seed.self.isHere) seed.#admit(this)
      else this.#visitEnded(seed, 'unreachable')
    })
  }

  /** The handshakes and requests of all who come take their time one after the other, also for who has given up meanwhile. */
  #admit(by: HostSources): void {
    const { world } = this.#around
    const { admitMs = 0 } = this.#options
    if (admitMs === 0) return this.#ask(by)
    this.#busyUntil = Math.max(this.#busyUntil, world.now) + admitMs
    world.after(this.#busyUntil - world.now, () => {
      if (by.#visit === this && by.self.acts && by.self.side === this.self.side) this.#ask(by)
    })
  }

  /** The seed's process answers a look between two clients; a frozen one's kernel accepts the connection, and that is all. */
  #lookAt(seed: HostSources): void {
    const { world, latency } = this.#around
    const name = seed.self.id
    const looked = (ms: number, lives: boolean) => world.after(ms, () => this.#tell({ type: 'seed-looked', seed: name, lives }))
    if (!seed.self.isHere || seed.self.side !== this.self.side) return looked(LISTENING_MS, false)
    world.after(2 * latency, () => this.#tell({ type: 'seed-listening', seed: name }))
    if (!seed.self.acts) return looked(LIVES_MS, false)
    looked(2 * latency + Math.min(Math.max(0, seed.#busyUntil - world.now), TURN_MS), true)
  }

  #leave(seed: HostSources): void {
    seed.#askers.delete(this)
    // its kernel accepts connections as long as the host can be reached
    const isListening = seed.self.isHere && seed.self.side === this.self.side
    this.#around.world.after(isListening ? this.#around.latency : LISTENING_MS, () => this.#visitEnded(seed, 'busy'))
  }

  #fail(why: string): void {
    this.#selector = undefined
    this.#isBegun = false
    this.#around.world.clear(this.#wake)
    if (this.self.kind === 'seed') this.#endVisits(why === 'origin' ? 'out-of-reach' : 'trouble')
    else this.self.fail(why)
  }

  #stop(): void {
    this.#read?.stop()
    this.#around.world.clear(this.#wake)
    this.#around.world.clear(this.#sign)
    this.#endVisits('unreachable')
    if (this.#visit !== undefined) this.#visit.#askers.delete(this)
    this.#selector = undefined
  }

  /** The swarm was told something: what we have may be another now. */
  #look(event: SwarmEvent): void {
    this.#hearSign(event)
    if (this.#selector === undefined) return
    const count = this.self.known
    const missing = Math.max(0, count - this.self.swarm.have.count)
    if (event.type === 'progress') {
      this.#tell({ type: 'progress', bytes: event.bytes, pieceLength: this.#around.pieceLength })
    }
    if (event.type === 'held') this.#tell({ type: 'held' })
    if (count === this.#told.count && missing === this.#told.missing) return
    this.#told = { count, missing }
    const isNew = !this.#isBegun && count > 0
    this.#isBegun ||= isNew
    this.#tell({ type: 'content', count, missing, sealed: count === this.#around.pieces })
    if (isNew) this.#answer()
  }

  #hearSign(event: SwarmEvent): void {
    if (!('peer' in event) || !isSign(event)) return
    const seed = this.#seeds.find(({ self }) => self.id === event.peer)
    const sign = { at: this.#around.world.now, content: this.self }
    if (seed !== undefined) this.self.machine.heard.set(seed.self.machine, sign)
  }

  // ---- what our own read says (ReadOwner)

  readBegan(): void {
    this.#isBegun = true
    if (this.self.known === 0) this.#tell({ type: 'content', count: 0, missing: 0, sealed: false })
    this.#answer()
  }

  readGave(): void {
    this.#tell({ type: 'origin-progress' })
  }

  readEnded(failure?: 'no-ranges' | 'changed' | 'trouble' | 'final'): void {
    this.#read = undefined
    this.#tell(failure === undefined ? { type: 'origin-ended' } : { type: 'origin-failed', why: failure })
  }
}
