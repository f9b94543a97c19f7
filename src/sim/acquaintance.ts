// Drives one neighbourhood decider in the simulator.
import { Neighbourhood } from '../swarm/neighbourhood.ts'
import type { LinkUse, NeighbourhoodAction, NeighbourhoodEvent } from '../swarm/neighbourhood-events.ts'
import { Accounts } from './accounts.ts'
import { Call } from './alarm.ts'
import { connect } from './graph.ts'
import type { LinkKeeper, Parting, SimHost } from './host.ts'
import type { SimPeer } from './peer.ts'
import type { Surroundings } from './surroundings.ts'

const DIAL_TIMEOUT_MS = 5000
/** How often it is looked at what the links are good for. */
const LOOK_MS = 1000
/** A connection, its encryption and a hello take three latencies, and the hosts up to so many milliseconds besides. */
const DIAL_LATENCIES = 3
const HANDSHAKE_MS = 20

/** What all peers that look for neighbours share. */
export interface Meeting {
  around: Surroundings
  /** All hosts that can be dialled, by id. */
  keepers: Map<string, Acquaintance>
  /** Numbers in [0, 1), for the handshakes. */
  random: () => number
  /** Somebody who is there, as the DHT would name; undefined: nobody. */
  lookUp(): SimHost | undefined
}

export class Acquaintance implements LinkKeeper {
  readonly #self: SimPeer
  readonly #meeting: Meeting
  readonly #hood: Neighbourhood
  readonly #wake = new Call(() => this.#tell({ type: 'wake' }))
  readonly #look = new Call(() => this.#onLook())

  /** `random`: numbers in [0, 1) for the neighbourhood alone; `wanted`: links that it looks for, undefined: as it likes. */
  constructor(self: SimPeer, meeting: Meeting, random: () => number, wanted: number | undefined) {
    const policy =
      wanted === undefined ? {} : { lowLinks: wanted, wantedLinks: wanted, surplusLinks: wanted, maxLinks: wanted + 3 }
    this.#self = self
    this.#meeting = meeting
    this.#hood = new Neighbourhood({ isSeed: self.kind === 'seed', random, policy })
    self.trade.accounts = new Accounts()
    self.keeper = this
    meeting.keepers.set(self.id, this)
  }

  /** Looks for neighbours from now on: the seeds are dialled, other hosts are candidates. */
  start(known: readonly SimHost[]): void {
    const { world } = this.#meeting.around
    world.set(this.#look, world.now + LOOK_MS)
    for (const host of known) if (host.kind === 'seed') this.#dial(host.id)
    this.#hear(
      'list',
      known.filter(host => host.kind !== 'seed').map(host => host.id),
    )
  }

  stop(): void {
    const { world } = this.#meeting.around
    world.clear(this.#wake)
    world.clear(this.#look)
    this.#meeting.keepers.delete(this.#self.id)
  }

  unlinked(other: SimHost, why: Parting): void {
    this.#tell({ type: 'unlinked', peer: other.id, why })
  }

  /** An empty list is a question. */
  told(from: SimHost, ids: readonly string[], links: number): void {
    if (ids.length === 0) this.#tell({ type: 'asked', peer: from.id, links })
    else this.#hear(from.id, ids)
  }

  #hear(from: string, ids: readonly string[]): void {
    const strangers = ids.filter(id => id !== this.#self.id && !this.#self.swarm.isBanned(id))
    this.#tell({ type: 'heard', from, peers: strangers.map(peer => ({ peer, group: undefined })) })
  }

  #tell(event: NeighbourhoodEvent): void {
    if (!this.#self.acts) return
    const { world } = this.#meeting.around
    for (const action of this.#hood.handle(event, world.now)) this.#perform(action)
    world.set(this.#wake, this.#hood.nextWake(world.now))
  }

  #perform(action: NeighbourhoodAction): void {
    if (action.type === 'dial') return this.#dial(action.peer)
    const other = this.#self.neighbour(action.peer)
    if (other === undefined) return
    if (action.type === 'drop') return this.#self.part(other)
    const { peers } = action
    const links = this.#hood.degree
    this.#meeting.around.mail.send(this.#self, other, to => to.keeper?.told(this.#self, peers, links))
  }

  #dial(peer: string): void {
    const { around, keepers, random } = this.#meeting
    const other = keepers.get(peer)
    const links = this.#hood.degree
    const isReached = other?.isReachedFrom(this.#self) === true
    const ms = isReached ? DIAL_LATENCIES * around.latency + random() * HANDSHAKE_MS : DIAL_TIMEOUT_MS
    around.world.after(ms, () => {
      if (!this.#self.acts) return
      if (other === undefined || !isReached) this.#tell({ type: 'failed', peer, why: 'unreachable' })
      else if (!other.#greeted(this, links)) this.#tell({ type: 'failed', peer, why: 'busy' })
    })
  }

  isReachedFrom(host: SimHost): boolean {
    return this.#self.acts && this.#self.side === host.side
  }

  /** Somebody who has so many links says hello; false when it is refused. */
  #greeted(by: Acquaintance, links: number): boolean {
    const self = this.#self
    const other = by.#self
    if (!self.acts || self.swarm.isBanned(other.id)) return false
    // both have dialled: one of the two links is enough
    if (self.hears(other) || other.hears(self)) return false
    const kind = kindOf(other)
    if (this.#hood.refuses(other.id, kind, links, this.#meeting.around.world.now)) {
      by.#hear(self.id, this.#hood.hints({ peer: other.id, group: undefined }, this.#meeting.around.world.now))
      return false
    }
    const said = this.#hood.degree
    connect(self, other)
    this.#tell({ type: 'linked', peer: other.id, group: undefined, kind, links })
    by.#tell({ type: 'linked', peer: self.id, group: undefined, kind: kindOf(self), links: said })
    return true
  }

  #onLook(): void {
    const { world } = this.#meeting.around
    world.set(this.#look, world.now + LOOK_MS)
    if (!this.#self.acts) return
    // a seed keeps everybody
    const links = this.#self.kind === 'seed' ? [] : this.#self.neighbours.map(other => this.#use(other))
    this.#tell({ type: 'used', links, complete: this.#self.swarm.isComplete })
    const isAlone = this.#self.neighbours.length === 0 && !this.#hood.isAboutToDial(world.now)
    const found = isAlone ? this.#meeting.lookUp() : undefined
    if (found !== undefined) this.#hear('lookup', [found.id])
  }

  #use(other: SimHost): LinkUse {
    return {
      peer: other.id,
      ...(this.#self.trade.accounts as Accounts).take(other.id),
      complete: other.swarm.isComplete,
      offers: offers(other, this.#self),
      rtt: 2 * this.#meeting.around.latency,
    }
  }
}

function kindOf(host: SimHost): 'peer' | 'seed' {
  return host.kind === 'seed' ? 'seed' : 'peer'
}

/** Whether it has anything that the other lacks. */
function offers(host: SimHost, to: SimHost): boolean {
  const { words } = host.swarm.have
  const have = to.swarm.have.words
  return words.some((word, i) => (word & ~(have[i] ?? 0)) !== 0)
}
