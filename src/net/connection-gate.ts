// Lets connections in while there is room; when it is short, makes room where one address has most.
import type { Connection, MultiaddrConnection } from '@libp2p/interface'
import { placeOfAddress } from './address-group.ts'
import { TrustedNetworks } from './trusted-networks.ts'

/** A connection may be idle for so long before another takes its room, milliseconds: its first stream is on its way. */
const GRACE_MS = 5000

/** Which of a gate's incoming connections count together. */
type Group = Set<Incoming>

interface Incoming {
  readonly raw: MultiaddrConnection
  /** Undefined: it is in a trusted network. */
  readonly place: string | undefined
  /** Those of its address; those of trusted networks; or, once its peer is known to be preferred, those of such peers. */
  group: Group
  readonly since: number
  /** Undefined before the handshake is done. */
  connection: Connection | undefined
}

export interface GateOptions {
  /** Connections that may come in and stay, at the same time. */
  most: number
  /** Quotas do not count for addresses in them. Default none */
  networks?: TrustedNetworks
  /** Whether others give way to this peer. Asked when its connection may have to go. Default nobody */
  isPreferred?: ((peer: string) => boolean) | undefined
}

/**
 * Counts what comes in, handshakes included, by address (IPv4 address or IPv6 /64). Nobody is refused while there is room. Then the
 * address that has most loses one: first those without a stream, of these the oldest. A newcomer whose own address has most takes the room of
 * an idle one of that address, or is refused. Connections from trusted networks, and of preferred peers, belong to no address: they go when there
 * are no others, and only while they are idle.
 */
export class ConnectionGate {
  readonly #most: number
  readonly #networks: TrustedNetworks
  readonly #isPreferred: (peer: string) => boolean
  readonly #incoming = new Map<MultiaddrConnection, Incoming>()
  readonly #byPlace = new Map<string, Group>()
  readonly #byAddress = new Map<string, Incoming>()
  readonly #ofNetworks: Group = new Set()
  readonly #ofPreferred: Group = new Set()

  constructor({ most, networks = new TrustedNetworks(), isPreferred = () => false }: GateOptions) {
    this.#most = most
    this.#networks = networks
    this.#isPreferred = isPreferred
  }

  get size(): number {
    return this.#incoming.size
  }

  /** Whether a connection that has just been accepted, before any handshake, may stay. */
  admits(raw: MultiaddrConnection): boolean {
    const address = raw.remoteAddr.toString()
    const place = this.#networks.has(address) ? undefined : (placeOfAddress(address) ?? address)
    if (this.#incoming.size >= this.#most && !this.#makesRoomFor(place)) return false
    const group = this.#groupOf(place)
    const incoming: Incoming = { raw, place, group, since: performance.now(), connection: undefined }
    this.#incoming.set(raw, incoming)
    this.#byAddress.set(address, incoming)
    group.add(incoming)
    raw.addEventListener('close', () => this.#forget(incoming), { once: true })
    return true
  }

  /** Its handshake is done: from now on it is known whose it is, and whether it is used. */
  opened(connection: Connection): void {
    const incoming = this.#byAddress.get(withoutPeer(connection))
    if (incoming !== undefined && connection.direction === 'inbound') incoming.connection = connection
  }

  closed(connection: Connection): void {
    const incoming = this.#byAddress.get(withoutPeer(connection))
    if (incoming?.connection === connection) this.#forget(incoming)
  }

  #groupOf(place: string | undefined): Group {
    if (place === undefined) return this.#ofNetworks
    const group = this.#byPlace.get(place) ?? new Set()
    this.#byPlace.set(place, group)
    return group
  }

  /** `place`: of the newcomer; undefined: it is in a trusted network. */
  #makesRoomFor(place: string | undefined): boolean {
    let goes = this.#leastEntitled(place)
    // a seed or a member is looked for only where one would have to go
    while (goes !== undefined && goes.group !== this.#ofPreferred && this.#prefers(goes)) goes = this.#leastEntitled(place)
    if (goes === undefined) return false
    this.#forget(goes)
    const reason = new Error('others need the room of this connection')
    if (goes.connection === undefined) goes.raw.abort(reason)
    else goes.connection.abort(reason)
    return true
  }

  #leastEntitled(place: string | undefined): Incoming | undefined {
    let largest: Group = new Set()
    for (const group of this.#byPlace.values()) if (group.size > largest.size) largest = group
    const own = (place === undefined ? undefined : this.#byPlace.get(place)) ?? new Set()
    // with one more it would itself be the one that has most
    const isOwn = own.size + 1 >= largest.size
    const goes = oldestIdle(isOwn ? own : largest) ?? (isOwn ? undefined : youngest(largest))
    if (goes !== undefined) return goes
    if (place !== undefined && this.#byPlace.size > 0) return undefined
    return oldestIdle(largest) ?? oldestIdle(this.#ofNetworks) ?? oldestIdle(this.#ofPreferred)
  }

  /** Whether it is a preferred peer's; then it counts among those. */
  #prefers(incoming: Incoming): boolean {
    const peer = incoming.connection?.remotePeer.toString()
    if (peer === undefined || !this.#isPreferred(peer)) return false
    this.#leaveGroup(incoming)
    incoming.group = this.#ofPreferred.add(incoming)
    return true
  }

  #leaveGroup(incoming: Incoming): void {
    const { group, place } = incoming
    group.delete(incoming)
    if (group.size === 0 && place !== undefined && this.#byPlace.get(place) === group) this.#byPlace.delete(place)
  }

  #forget(incoming: Incoming): void {
    const { raw } = incoming
    if (!this.#incoming.delete(raw)) return
    this.#leaveGroup(incoming)
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
