// Decides which addresses this host connects to, whoever named them: gossip, refusals, the DHT, multicast DNS, the peer store.
import { networkInterfaces } from 'node:os'
import type { Multiaddr } from '@multiformats/multiaddr'
import ipaddr from 'ipaddr.js'
import { DragonflyError } from '../core/errors.ts'
import { placeOfAddress } from './address-group.ts'
import { type Endpoint, endpointOf, scopeOfIp } from './address-scope.ts'
import { FailureBudget } from './failure-budget.ts'

/** A peer that is there fails a few times at most; a service that is no peer is not to be hammered. */
export const ENDPOINT_LIMIT = { most: 8, forgiveMs: 15_000 }
/** An IPv4 address or IPv6 /64: many peers may be behind one, some of which cannot be reached. */
export const PLACE_LIMIT = { most: 64, forgiveMs: 2000 }
/** A peer may know many that have just left, but does not go on naming them. */
export const NAMER_LIMIT = { most: 64, forgiveMs: 5000 }
/** Endpoints that the user named, and local ones that somebody named who may; the oldest make room. */
const MAX_REMEMBERED = 4096
/** How long the addresses of this host's interfaces are taken as known, milliseconds. */
const INTERFACES_MS = 10_000

export interface DialGateOptions {
  /** Remote addresses of all connections that stand. */
  remotes(): Iterable<Multiaddr>
  /** Milliseconds of a monotonic clock. Default: this process's. */
  now?: () => number
}

/**
 * What the user named may be dialled. All else is hearsay: addresses that lead to this host itself or to its network segment count only
 * if whoever named them is there too, and failures are limited by endpoint, by host and by who named it.
 */
export class DialGate {
  readonly #remotes: () => Iterable<Multiaddr>
  readonly #now: () => number
  readonly #endpoints = new FailureBudget(ENDPOINT_LIMIT)
  readonly #places = new FailureBudget(PLACE_LIMIT)
  readonly #namers = new FailureBudget(NAMER_LIMIT)
  readonly #named = new Set<string>()
  readonly #local = new Set<string>()
  #interfaces = { ips: new Set<string>(), at: -Infinity }

  constructor({ remotes, now = () => performance.now() }: DialGateOptions) {
    this.#remotes = remotes
    this.#now = now
  }

  /** The user named these: nothing holds for them. */
  trust(addresses: readonly Multiaddr[]): void {
    for (const address of addresses) remember(this.#named, keyOf(address))
  }

  /** Whether somebody who is connected from `namer` may send us to the address. undefined: it is not known who said so. */
  believes(address: Multiaddr, namer: Multiaddr | undefined): boolean {
    if (this.mayDial(address)) return true
    const endpoint = endpointOf(address)
    if (endpoint === undefined || !this.#isBeside(namer, endpoint)) return false
    remember(this.#local, keyOf(address))
    return true
  }

  /** Whether what a peer said of itself on an earlier run may be dialled. `wasHere`: it was on this host. */
  recalls(address: Multiaddr, wasHere: boolean): boolean {
    if (wasHere && endpointOf(address)?.scope === 'host') remember(this.#local, keyOf(address))
    return this.mayDial(address)
  }

  /** Whether it may be dialled as far as its kind goes. */
  mayDial(address: Multiaddr): boolean {
    const key = keyOf(address)
    if (this.#named.has(key) || this.#local.has(key)) return true
    const scope = endpointOf(address)?.scope
    return scope === 'network' || scope === 'name'
  }

  /** Whether the user named it. */
  isTrusted(address: Multiaddr): boolean {
    return this.#named.has(keyOf(address))
  }

  /** A connection is about to be opened. Throws when there were too many failures there; `succeeded` follows, or it is one. */
  begin(address: Multiaddr): void {
    if (this.isTrusted(address)) return
    const now = this.#now()
    const [endpoint, place] = [keyOf(address), placeOf(address)]
    if (!this.#endpoints.hasRoom(endpoint, now) || !this.#places.hasRoom(place, now)) throw refused(address)
    this.#endpoints.begin(endpoint, now)
    this.#places.begin(place, now)
  }

  /** The connection stands, and the peer is the one that was meant. */
  succeeded(address: Multiaddr): void {
    if (this.isTrusted(address)) return
    this.#endpoints.succeeded(keyOf(address), this.#now())
    this.#places.succeeded(placeOf(address), this.#now())
  }

  /** Dials a peer that `namer` named, unless too many of those failed; a rejected `dial` is a failure. */
  async asNamedBy<T>(namer: string, dial: () => Promise<T>): Promise<T> {
    if (!this.#namers.hasRoom(namer, this.#now())) {
      throw new DragonflyError('peer-refused', 'too many peers that were named by the same one could not be reached')
    }
    this.#namers.begin(namer, this.#now())
    const result = await dial()
    this.#namers.succeeded(namer, this.#now())
    return result
  }

  /** Whether the namer is where the endpoint's address has its meaning: on this host, or on its network segment. */
  #isBeside(namer: Multiaddr | undefined, { scope }: Endpoint): boolean {
    if (namer !== undefined) return this.isHere(namer) || (scope === 'link' && endpointOf(namer)?.scope === 'link')
    // one of those who are connected said so
    const remotes = [...this.#remotes()]
    return remotes.length > 0 && remotes.every(remote => this.isHere(remote))
  }

  /** Whether a connection from there comes from this host itself. */
  isHere(remote: Multiaddr): boolean {
    const endpoint = endpointOf(remote)
    return endpoint !== undefined && (endpoint.scope === 'host' || this.#ownIps.has(endpoint.host))
  }

  get #ownIps(): ReadonlySet<string> {
    const now = this.#now()
    if (now - this.#interfaces.at >= INTERFACES_MS) {
      const all = Object.values(networkInterfaces()).flatMap(addresses => addresses ?? [])
      this.#interfaces = { ips: new Set(all.map(({ address }) => ipaddr.process(address).toString())), at: now }
    }
    return this.#interfaces.ips
  }
}

/** Whether an IP to which a name leads may be connected to because of hearsay. */
export function isForHearsay(ip: string): boolean {
  return scopeOfIp(ip) === 'network'
}

function keyOf(address: Multiaddr): string {
  const endpoint = endpointOf(address)
  return endpoint === undefined ? address.toString() : `${endpoint.host} ${endpoint.port}`
}

function placeOf(address: Multiaddr): string {
  return placeOfAddress(address.toString()) ?? endpointOf(address)?.host ?? address.toString()
}

function remember(all: Set<string>, key: string): void {
  all.delete(key)
  all.add(key)
  if (all.size > MAX_REMEMBERED) all.delete(all.values().next().value as string)
}

function refused(address: Multiaddr): DragonflyError {
  return new DragonflyError('peer-refused', `too many connections to ${address} failed a short while ago`)
}
