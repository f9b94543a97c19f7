// The driver of one swarm in the simulated world: performs what it decides over virtual links and messages.
import { Bitfield } from '../core/bitfield.ts'
import type { NeighbourKind, SwarmAction, SwarmEvent } from '../swarm/events.ts'
import { Swarm, type SwarmOptions } from '../swarm/swarm.ts'
import { Link, type Links, type Transfer } from './link.ts'
import type { Line } from './scenario.ts'
import type { World } from './world.ts'

/** What all hosts of a world share. */
export interface Surroundings {
  world: World
  links: Links
  /** Milliseconds. */
  latency: number
  pieces: number
  pieceLength: number
  /** The origin's uplink. */
  origin: Link
  check: boolean
  tally: Tally
}

export interface Tally {
  events: number
  duplicateBytes: number
  originBytes: number
  bans: string[]
}

/** How often a running transfer counts as a sign of life, milliseconds; on a real stream every frame is one. */
const PROGRESS_MS = 1000
export const ORIGIN = 'origin'

export class SimPeer {
  readonly id: string
  readonly kind: NeighbourKind
  readonly swarm: Swarm
  isLiar = false
  /** Still there, but does nothing any more. */
  isSilent = false
  isAlive = true
  /** Virtual milliseconds. */
  doneAt: number | undefined
  sentBytes = 0
  /** Pieces that have left whole at least once. */
  readonly out: Bitfield
  readonly #around: Surroundings
  readonly #up: Link
  readonly #down: Link
  readonly #neighbours = new Map<string, SimPeer>()
  /** What goes to whom, by `peer/piece`. */
  readonly #sending = new Map<string, { to: SimPeer; transfer: Transfer }>()
  #manifest = 0
  #wakeAt = Infinity

  constructor(id: string, line: Line, options: SwarmOptions, around: Surroundings) {
    this.id = id
    this.kind = options.isSeed ? 'seed' : 'peer'
    this.swarm = new Swarm(options)
    this.out = new Bitfield(around.pieces)
    this.#up = new Link(line.up)
    this.#down = new Link(line.down)
    this.#around = around
  }

  /** Knows the neighbour from now on; the other side does the same. */
  join(other: SimPeer): void {
    this.#neighbours.set(other.id, other)
    this.tell({ type: 'joined', peer: other.id, kind: other.kind })
    this.#send(other, () => {
      other.learnManifest(this.#manifest)
      other.tell({ type: 'bitfield', peer: this.id, have: this.swarm.have.clone(), queue: this.swarm.queue })
    })
  }

  /** Knows the origin, too: it has everything. */
  joinOrigin(): void {
    this.tell({ type: 'joined', peer: ORIGIN, kind: 'origin' })
    this.tell({ type: 'bitfield', peer: ORIGIN, have: Bitfield.full(this.#around.pieces), queue: 0 })
  }

  /** Has everything before it begins. */
  holdAll(): void {
    this.learnManifest(this.#around.pieces)
    for (let piece = 0; piece < this.#around.pieces; piece++) this.tell({ type: 'stored', piece })
  }

  /** Reads the origin in file order; every piece is passed on as it comes. */
  readOrigin(piece = 0): void {
    const { links, origin, pieces, pieceLength, tally } = this.#around
    if (piece === pieces) return
    links.start(origin, this.#down, pieceLength, () => {
      if (!this.isAlive) return
      tally.originBytes += pieceLength
      this.learnManifest(piece + 1)
      this.tell({ type: 'stored', piece })
      this.readOrigin(piece + 1)
    })
  }

  /** Piece digests travel from neighbour to neighbour. */
  learnManifest(count: number): void {
    if (count <= this.#manifest || !this.#acts) return
    this.#manifest = count
    this.tell({ type: 'manifest', count, sealed: count === this.#around.pieces })
    for (const other of this.#neighbours.values()) this.#send(other, () => other.learnManifest(count))
  }

  /** The connections break: every neighbour notices one latency later. */
  die(): void {
    this.isAlive = false
    for (const other of this.#neighbours.values()) this.#disconnect(other)
  }

  tell(event: SwarmEvent): void {
    if (!this.#acts) return
    const { world, check, tally } = this.#around
    tally.events++
    const actions = this.swarm.handle(event, world.now)
    if (check) this.swarm.check()
    for (const action of actions) this.#perform(action)
    if (this.swarm.isComplete) this.doneAt ??= world.now
    this.#planWake()
  }

  get #acts(): boolean {
    return this.isAlive && !this.isSilent
  }

  #perform(action: SwarmAction): void {
    if (action.type === 'announce') return this.#announce(action.piece)
    const { peer, piece } = action
    if (peer === ORIGIN) return action.type === 'ask' ? this.#readRange(piece) : undefined
    const other = this.#neighbours.get(peer)
    if (other === undefined) return
    switch (action.type) {
      case 'ask':
        return this.#send(other, () => other.tell({ type: 'request', peer: this.id, piece }))
      case 'cancel':
        return this.#send(other, () => other.#calledBack(this, piece))
      case 'refuse':
        return this.#send(other, () => other.tell({ type: 'refused', peer: this.id, piece, forever: action.missing }))
      case 'serve':
        return this.#serve(other, piece)
      case 'ban':
        this.#around.tally.bans.push(`${peer}<${this.id}`)
        return this.#disconnect(other)
    }
  }

  #announce(piece: number): void {
    for (const other of this.#neighbours.values()) {
      this.#send(other, () => other.tell({ type: 'have', peer: this.id, pieces: [piece], queue: this.swarm.queue }))
    }
  }

  #serve(to: SimPeer, piece: number): void {
    const key = `${to.id}/${piece}`
    const bytes = this.#around.pieceLength
    const transfer = this.#around.links.start(this.#up, to.#down, bytes, () => {
      this.#sending.delete(key)
      this.sentBytes += bytes
      this.out.add(piece)
      this.tell({ type: 'served', peer: to.id, piece })
      this.#send(to, () => to.#arrived(this, piece))
    })
    this.#sending.set(key, { to, transfer })
    this.#send(to, () => to.#progressed(this, piece, transfer))
  }

  /** Tells of a sign of life now and again, as long as bytes come. */
  #progressed(from: SimPeer, piece: number, transfer: Transfer): void {
    if (from.#sending.get(`${this.id}/${piece}`)?.transfer !== transfer || !from.#acts) return
    this.tell({ type: 'progress', peer: from.id, piece, bytes: 0 })
    this.#around.world.after(PROGRESS_MS, () => this.#progressed(from, piece, transfer))
  }

  #arrived(from: SimPeer, piece: number): void {
    const { pieceLength, tally } = this.#around
    if (from.isLiar || this.swarm.have.has(piece)) tally.duplicateBytes += pieceLength
    if (from.isLiar) this.tell({ type: 'corrupt', peer: from.id, piece })
    else this.tell({ type: 'received', peer: from.id, piece, bytes: pieceLength })
  }

  #readRange(piece: number): void {
    const { world, links, latency, origin, pieceLength, tally } = this.#around
    const arrived = (): void => {
      if (!this.#acts) return
      tally.originBytes += pieceLength
      if (this.swarm.have.has(piece)) tally.duplicateBytes += pieceLength
      this.tell({ type: 'received', peer: ORIGIN, piece, bytes: pieceLength })
    }
    world.after(2 * latency, () => links.start(origin, this.#down, pieceLength, arrived))
  }

  #calledBack(by: SimPeer, piece: number): void {
    this.tell({ type: 'cancel', peer: by.id, piece })
    if (this.#acts && this.#stopSending(by, piece)) this.tell({ type: 'served', peer: by.id, piece })
  }

  #stopSending(to: SimPeer, piece: number): boolean {
    const key = `${to.id}/${piece}`
    const sending = this.#sending.get(key)
    if (sending === undefined) return false
    this.#sending.delete(key)
    const bytes = this.#around.links.stop(sending.transfer)
    this.sentBytes += bytes
    this.#around.tally.duplicateBytes += bytes
    return true
  }

  /** Ends the connection from this side; the other side notices one latency later. */
  #disconnect(other: SimPeer): void {
    this.#neighbours.delete(other.id)
    for (let piece = 0; piece < this.#around.pieces; piece++) {
      this.#stopSending(other, piece)
      other.#stopSending(this, piece)
    }
    this.#around.world.after(this.#around.latency, () => {
      if (other.#neighbours.delete(this.id)) other.tell({ type: 'left', peer: this.id })
    })
  }

  /** A message: it comes one latency later, if sender and receiver are still connected. */
  #send(to: SimPeer, arrive: () => void): void {
    this.#around.world.after(this.#around.latency, () => {
      if (to.#neighbours.has(this.id)) arrive()
    })
  }

  #planWake(): void {
    const at = this.swarm.nextWake(this.#around.world.now)
    if (at >= this.#wakeAt) return
    this.#wakeAt = at
    this.#around.world.at(at, () => {
      if (this.#wakeAt !== at) return
      this.#wakeAt = Infinity
      this.tell({ type: 'wake' })
    })
  }
}
