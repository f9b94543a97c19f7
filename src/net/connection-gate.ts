// Lets connections in while there is room; when it is short, makes room where one address has most.
import type { Connection, MultiaddrConnection } from '@libp2p/interface'
import { placeOfAddress } from './address-group.ts'

/** A connection may be idle for so long before another takes its room, milliseconds: its first stream is on its way. */
const GRACE_MS = 5000

interface Incoming {
  readonly raw: MultiaddrConnection
  readonly place: string
  readonly since: number
  /** Undefined before the handshake is done. */
  connection: Connection | undefined
}

/**
 * Counts what comes in, handshakes included, by address (IPv4 address or IPv6 /64). Nobody is refused while there is room. Then the
 * address that has most loses one: first those without a stream, of these the oldest. A newcomer whose own address has most takes the room of
 * an idle one of that address, or is refused.
 */
export class ConnectionGate {
  readonly #most: number
  readonly #incoming = new Map<MultiaddrConnection, Incoming>()
  readonly #byPlace = new Map<string, Set<Incoming>>()
  readonly #byAddress = new Map<string, Incoming>()

  /** @param most - connections that may come in and stay, at the same time */
  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#incoming.size
  }

  /** Whether a connection that has just been accepted, before any handshake, may stay. */
  admits(raw: MultiaddrConnection): boolean {
    const address = raw.remoteAddr.toString()
    const place = placeOfAddress(address) ?? address
    if (this.#incoming.size >= this.#most && !this.#makesRoomFor(place)) return false
    const incoming: Incoming = { raw, place, since: performance.now(), connection: undefined }
    this.#incoming.set(raw, incoming)
    this.#byAddress.set(address, incoming)
    const ofPlace = this.#byPlace.get(place) ?? new Set()
    this.#byPlace.set(place, ofPlace.add(incoming))
    raw.addEventListener('close', () => this.#forget(incoming), { once: true })
    return true
  }

  /** Its handshake is done: from now on it is known whether it is used. */
  opened(connection: Connection): void {
    const incoming = this.#byAddress.get(withoutPeer(connection))
    if (incoming !== undefined && connection.direction === 'inbound') incoming.connection = connection
  }

  closed(connection: Connection): void {
    const incoming = this.#byAddress.get(withoutPeer(connection))
    if (incoming?.connection === connection) this.#forget(incoming)
  }

  #makesRoomFor(place: string): boolean {
    let largest: ReadonlySet<Incoming> = new Set()
    for (const ofPlace of this.#byPlace.values()) if (ofPlace.size > largest.size) largest = ofPlace
    const own = this.#byPlace.get(place)?.size ?? 0
    // with one more it would itself be the one that has most
    const isOwn = own + 1 >= largest.size
    const goes = oldestIdle(isOwn ? (this.#byPlace.get(place) ?? []) : largest) ?? (isOwn ? undefined : youngest(largest))
    if (goes === undefined) return false
    this.#forget(goes)
    const reason = new Error('others need the room of this connection')
    if (goes.connection === undefined) goes.raw.abort(reason)
    else goes.connection.abort(reason)
    return true
  }

  #forget(incoming: Incoming): void {
    const { raw, place } = incoming
    if (!this.#incoming.delete(raw)) return
    const ofPlace = this.#byPlace.get(place)
    ofPlace?.delete(incoming)
    if (ofPlace?.size === 0) this.#byPlace.delete(place)
    const address = raw.remoteAddr.toString()
    if (this.#byAddress.get(address) === incoming) this.#byAddress.delete(address)
  }
}

/** The one without a stream, or still without a handshake, that came first; undefined: all are used, or have just come. */
function oldestIdle(all: Iterable<Incoming>): Incoming | undefined {
  const now = performance.now()
  for (const incoming of all) {
    if (now - incoming.since < GRACE_MS) return undefined
    if ((incoming.connection?.streams.length ?? 0) === 0) return incoming
  }
  return undefined
}

/** Of those that are used the one that came last has least to lose. */
function youngest(all: Iterable<Incoming>): Incoming | undefined {
  return [...all].at(-1)
}

function withoutPeer({ remoteAddr }: Connection): string {
  return remoteAddr.toString().replace(/\/p2p\/[^/]+$/, '')
}
