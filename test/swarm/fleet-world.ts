// A fleet in virtual time: members with a view each, and a network that takes time, loses requests and has dead ends.
import type { MemberRecord } from '../../src/core/fleet.ts'
import type { FleetAction, FleetEvent, FleetPolicy } from '../../src/swarm/fleet-events.ts'
import { FleetView } from '../../src/swarm/fleet-view.ts'

/** A record with one address takes so much on the wire; the rest of a message, and its encryption. Bytes. */
const RECORD_BYTES = 75
const MESSAGE_BYTES = 90
/** As in node/fleet. */
const MAX_ALL_CONNECTED = 64
const MAX_PARTNERS = 8
const ASK_MS = 3000
const REFUSED_MS = 500
const LOOK_MS = 1000

export interface FleetWorldOptions {
  members: number
  /** Numbers in [0, 1), the same every time. */
  random: () => number
  policy?: Partial<FleetPolicy>
  /** Share of requests without an answer. Default 0 */
  loss?: number
  /** Members start all at once, and know only the first one; otherwise they know one another. Default false */
  isCold?: boolean
}

export class SimMember {
  readonly view: FleetView
  readonly connected = new Set<SimMember>()
  readonly partners: SimMember[] = []
  readonly peer: string
  isUp = true
  wakeAt = Infinity

  constructor(peer: string, view: FleetView) {
    this.peer = peer
    this.view = view
  }
}

export class FleetWorld {
  now = 0
  messages = 0
  bytes = 0
  syncs = 0
  events = 0
  readonly all = new Map<string, SimMember>()
  /** By whole millisecond. */
  readonly #due = new Map<number, (() => void)[]>()
  readonly #options: FleetWorldOptions
  #born = 0

  constructor(options: FleetWorldOptions) {
    this.#options = options
    for (let i = 0; i < options.members; i++) this.#create()
    if (options.isCold === true) {
      const [first, ...others] = this.living
      for (const other of others) this.#ask(other, first?.peer as string, true)
    } else {
      const records = this.living.map(({ view }) => view.self as MemberRecord)
      for (const { view, peer } of this.living) {
        view.handle({ type: 'heard', records, from: peer }, 0)
        // what everybody knows is no news
        while (view.news().length > 1);
      }
    }
    for (const member of this.living) this.#schedule(member)
  }

  get living(): SimMember[] {
    return [...this.all.values()].filter(({ isUp }) => isUp)
  }

  /** One of those that live. */
  any(): SimMember {
    const { living } = this
    return living[Math.floor(this.#options.random() * living.length)] as SimMember
  }

  /** Somebody starts, and knows one member. */
  join(): SimMember {
    const known = this.any()
    const member = this.#create()
    this.#ask(member, known.peer, true)
    this.#schedule(member)
    return member
  }

  kill(member: SimMember): void {
    member.isUp = false
    for (const other of member.connected) {
      other.connected.delete(member)
      this.#tell(other, { type: 'disconnected', peer: member.peer })
    }
    member.connected.clear()
  }

  /** It is frozen or cut off for so long, then goes on as if nothing had happened. */
  pause(member: SimMember, ms: number): void {
    this.kill(member)
    this.#later(ms, () => {
      member.isUp = true
      this.#schedule(member)
    })
  }

  run(ms: number): void {
    for (const end = this.now + ms; this.now < end; this.now++) {
      const due = this.#due.get(this.now)
      this.#due.delete(this.now)
      for (const run of due ?? []) run()
    }
  }

  /** Seconds until so large a share of the living agrees, looking every 100 ms; Infinity: not within two minutes. */
  secondsUntil(share: number, knows: (member: SimMember) => boolean): number {
    const start = this.now
    while (this.now - start < 120_000) {
      const { living } = this
      if (living.filter(knows).length >= share * living.length) return (this.now - start) / 1000
      this.run(100)
    }
    return Infinity
  }

  /** Who takes itself for responsible for a task, on average over so many: what a task's origin is read at least. */
  copies(tasks: number): number {
    let readers = 0
    const { living } = this
    for (let task = 0; task < tasks; task++) {
      const subject = `task-${task}`
      // whom others ask that is alive reads it, too
      const asked = new Set<string>()
      for (let i = 0; i < 20; i++) {
        const { view, peer } = living[Math.floor(this.#options.random() * living.length)] as SimMember
        const [above] = view
          .responsible(subject, this.now, { count: 4, until: peer })
          .filter(other => this.all.get(other.peer)?.isUp === true)
        asked.add(this.#end(subject, above?.peer ?? peer))
      }
      readers += asked.size
    }
    return readers / tasks
  }

  /** Whoever is asked asks the one that it takes for responsible. */
  #end(subject: string, first: string): string {
    let at = first
    for (let hops = 0; hops < 10; hops++) {
      const member = this.all.get(at) as SimMember
      const [above] = member.view
        .responsible(subject, this.now, { count: 4, until: at })
        .filter(other => this.all.get(other.peer)?.isUp === true)
      if (above === undefined) return at
      at = above.peer
    }
    return at
  }

  #create(): SimMember {
    const peer = `member-${this.#born++}`
    const self = { peer, addresses: [], role: 'member', state: 'alive', stamp: 1 } as const
    const { random, policy = {} } = this.#options
    const member = new SimMember(peer, new FleetView({ self, random, policy }))
    this.all.set(peer, member)
    return member
  }

  #tell(member: SimMember, event: FleetEvent): void {
    if (!member.isUp) return
    this.events++
    this.#perform(member, member.view.handle(event, this.now))
    this.#schedule(member)
  }

  #perform(member: SimMember, actions: readonly FleetAction[]): void {
    for (const { peer, all } of actions) this.#ask(member, peer, all)
  }

  #schedule(member: SimMember): void {
    const at = this.now + Math.ceil(Math.min(LOOK_MS, Math.max(20, member.view.nextWake - this.now)))
    if (at >= member.wakeAt && member.wakeAt > this.now) return
    member.wakeAt = at
    this.#later(at - this.now, () => {
      if (member.wakeAt !== at || !member.isUp) return
      member.wakeAt = Infinity
      this.#tell(member, { type: 'wake' })
    })
  }

  #ask(from: SimMember, peer: string, all: boolean): void {
    const { random, loss = 0 } = this.#options
    const to = this.all.get(peer) as SimMember
    const news = from.view.news()
    const view = new Uint8Array(from.view.digest)
    this.#count(1, news.length)
    if (random() < loss) return this.#later(ASK_MS, () => this.#tell(from, { type: 'unreachable', peer }))
    this.#later(1 + 40 * random(), () => {
      if (!to.isUp) return this.#later(REFUSED_MS, () => this.#tell(from, { type: 'unreachable', peer }))
      this.#connect(from, to)
      this.#hear(to, news, from)
      if (!all) this.#tell(to, { type: 'answered', peer: from.peer, differs: !same(view, to.view.digest) })
      const members = all ? to.view.all : to.view.news()
      const theirs = new Uint8Array(to.view.digest)
      if (all) this.syncs++
      this.#count(Math.max(1, Math.ceil(members.length / 128)), members.length)
      this.#later(1 + 40 * random(), () => {
        this.#hear(from, members, to)
        this.#tell(from, { type: 'answered', peer, differs: all ? undefined : !same(theirs, from.view.digest) })
      })
    })
  }

  #hear(to: SimMember, records: readonly MemberRecord[], from: SimMember): void {
    this.#tell(to, { type: 'heard', records, from: from.peer })
    this.#tell(to, { type: 'connected', peer: from.peer })
  }

  #connect(from: SimMember, to: SimMember): void {
    if (from.connected.has(to)) return
    from.connected.add(to)
    to.connected.add(from)
    from.partners.push(to)
    while (from.partners.length > MAX_PARTNERS && from.view.count > MAX_ALL_CONNECTED) {
      const old = from.partners.shift() as SimMember
      from.connected.delete(old)
      old.connected.delete(from)
      this.#tell(from, { type: 'disconnected', peer: old.peer })
      this.#tell(old, { type: 'disconnected', peer: from.peer })
    }
  }

  #count(messages: number, records: number): void {
    this.messages += messages
    this.bytes += messages * MESSAGE_BYTES + records * RECORD_BYTES
  }

  #later(ms: number, run: () => void): void {
    const at = this.now + Math.max(1, Math.ceil(ms))
    const due = this.#due.get(at)
    if (due === undefined) this.#due.set(at, [run])
    else due.push(run)
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
