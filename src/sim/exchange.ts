// Neighbours that a peer finds by itself: it knows one address, and hears of others, as src/node/neighbours.ts does it.
import { Call } from './alarm.ts'
import { shuffled } from './draw.ts'
import { connect } from './graph.ts'
import type { SimHost, Surroundings } from './host.ts'
import type { SimPeer } from './peer.ts'

/** Numbers of src/node/neighbours.ts and src/node/session.ts; milliseconds. */
const DIALS_AT_ONCE = 6
const DIAL_TIMEOUT_MS = 5000
const RETRY_MS = 5000
const MAX_CANDIDATES = 256
const EXCHANGE_MS = 250
const TOLD_PER_LINK = 16
const MAX_LINKS = 16
const MAX_SEED_LINKS = 2000
/** A connection, its encryption and a hello: two round trips. */
const DIAL_LATENCIES = 4

/** What all peers that look for neighbours share. */
export interface Meeting {
  around: Surroundings
  /** Links that a peer looks for by itself; more may come in. */
  wanted: number
  random: () => number
  /** Somebody who is there, as the DHT would name; undefined: nobody. */
  lookUp(): SimPeer | undefined
  /** All hosts, by id. */
  hosts: ReadonlyMap<string, SimPeer>
}

export class PeerExchange {
  readonly #self: SimPeer
  readonly #meeting: Meeting
  /** Whom it has heard of, and when it last tried them. */
  readonly #candidates = new Map<string, number>()
  readonly #told = new Map<SimHost, Set<SimHost>>()
  readonly #round = new Call(() => this.#onRound())
  #dialling = 0

  constructor(self: SimPeer, meeting: Meeting) {
    this.#self = self
    this.#meeting = meeting
  }

  /** Looks for neighbours from now on, through the ones that it knows. */
  start(known: readonly SimPeer[]): void {
    const { around, random } = this.#meeting
    around.world.set(this.#round, around.world.now + random() * EXCHANGE_MS)
    this.#self.onPeers = ids => this.#offer(ids)
    this.#offer(known.map(peer => peer.id))
  }

  #offer(ids: readonly string[]): void {
    for (const id of ids) {
      if (id === this.#self.id || this.#candidates.has(id) || this.#candidates.size >= MAX_CANDIDATES) continue
      this.#candidates.set(id, -Infinity)
    }
    this.#dialMore()
  }

  /** Who has everything looks for nobody. */
  #dialMore(): void {
    const { wanted, around, random } = this.#meeting
    const linked = this.#self.neighbours.length
    if (this.#self.swarm.isComplete || linked + this.#dialling >= wanted) return
    for (const [id, triedAt] of shuffled([...this.#candidates], random)) {
      if (this.#dialling >= DIALS_AT_ONCE || linked + this.#dialling >= wanted) return
      const other = this.#meeting.hosts.get(id) as SimPeer
      if (this.#self.hears(other) || this.#self.swarm.isBanned(id) || around.world.now - triedAt < RETRY_MS) continue
      this.#candidates.set(id, around.world.now)
      this.#dial(other)
    }
  }

  get #isAlone(): boolean {
    return this.#self.neighbours.length + this.#dialling === 0
  }

  #dial(other: SimPeer): void {
    const { world, latency } = this.#meeting.around
    this.#dialling++
    const isReached = other.acts && other.side === this.#self.side
    world.after(isReached ? DIAL_LATENCIES * latency : DIAL_TIMEOUT_MS, () => {
      this.#dialling--
      if (!this.#self.acts) return
      if (isReached && this.#isWelcome(other)) connect(this.#self, other)
      this.#dialMore()
    })
  }

  #isWelcome(other: SimPeer): boolean {
    if (!other.acts || this.#self.hears(other) || other.hears(this.#self) || other.swarm.isBanned(this.#self.id)) return false
    return other.neighbours.length < (other.kind === 'seed' ? MAX_SEED_LINKS : MAX_LINKS)
  }

  #onRound(): void {
    const { world } = this.#meeting.around
    if (!this.#self.isHere) return
    world.set(this.#round, world.now + EXCHANGE_MS)
    if (!this.#self.acts) return
    const found = this.#isAlone ? this.#meeting.lookUp() : undefined
    this.#offer(found === undefined ? [] : [found.id])
    this.#tellAll()
  }

  /** Every neighbour hears of up to 16 random others, each once. */
  #tellAll(): void {
    const linked = this.#self.neighbours
    for (const gone of [...this.#told.keys()]) if (!this.#self.hears(gone)) this.#told.delete(gone)
    for (const to of linked) {
      const told = this.#told.get(to) ?? new Set()
      this.#told.set(to, told)
      if (told.size >= Math.min(TOLD_PER_LINK, linked.length - 1)) continue
      const ids: string[] = []
      for (const other of shuffled(linked, this.#meeting.random)) {
        if (other === to || told.has(other) || told.size >= TOLD_PER_LINK) continue
        told.add(other)
        ids.push(other.id)
      }
      if (ids.length > 0) this.#meeting.around.mail.send(this.#self, to, host => host.onPeers(ids))
    }
  }
}
