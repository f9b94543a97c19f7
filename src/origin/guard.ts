// Restricts reads for others to allowed addresses; checks the address of each connection.
import { type LookupAddress, lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import type { buildConnector } from 'undici'
import { DragonflyError } from '../core/errors.ts'
import type { AllowedOrigins, Refusal } from './allowed-origins.ts'
import { dialer } from './dial.ts'
import { type Endpoint, hostOf, portOf } from './endpoint.ts'
import type { CaFile } from './trust.ts'

const MAX_DIALERS = 64

const REASONS: Record<Refusal | 'by-proxy', (host: string) => [what: string, hint: string]> = {
  metadata: () => ['a link-local or metadata address', 'allow such an address by itself, not by a name'],
  'not-public': host => ['not a public address', `start the seed with --allow-origin ${host}`],
  'by-proxy': host => [
    'only the proxy knows the address that it would connect to',
    `start the seed with --allow-origin ${host}, or read it by https`,
  ],
}

/** Every one may be left out. */
export interface GuardOptions {
  /** Told of every connection that is not made: the host as in the URL, an IPv6 address without brackets. Default: nobody is. */
  onRefused?: (host: string, error: DragonflyError) => void
  /** Resolves names. Default: the system, as everybody does. */
  lookup?: LookupFunction
}

export class Guard {
  readonly #allowed: AllowedOrigins
  readonly #onRefused: (host: string, error: DragonflyError) => void
  readonly #lookup: LookupFunction
  readonly #dialers = new Map<string, buildConnector.connector>()

  constructor(allowed: AllowedOrigins, options: GuardOptions = {}) {
    this.#allowed = allowed
    this.#onRefused = options.onRefused ?? (() => {})
    this.#lookup = options.lookup ?? lookup
  }

  /** As undici's, except that a connection fails with `origin-refused` where it may not go, without a packet sent. */
  connector(timeoutMs: number, ca?: CaFile): buildConnector.connector {
    return (place, callback) => {
      const host = place.hostname
      const port = portOf(place)
      // an address needs no lookup
      const refusal = isIP(host) === 0 ? undefined : this.#allowed.refusal({ host, port, address: host })
      if (refusal !== undefined) return queueMicrotask(() => callback(this.#refused(host, refusal), null))
      this.#dialer(port, timeoutMs, ca)(place, callback)
    }
  }

  /** One for each port, because a lookup is not told the port. Remembers TLS sessions, so it is kept. */
  #dialer(port: number, timeoutMs: number, ca: CaFile | undefined): buildConnector.connector {
    const key = `${port} ${timeoutMs}`
    const known = this.#dialers.get(key) ?? dialer({ timeoutMs, ca, lookup: this.#lookupFor(port) })
    // a redirect may name any port
    if (this.#dialers.size >= MAX_DIALERS) this.#dialers.clear()
    this.#dialers.set(key, known)
    return known
  }

  /** Rejects with `origin-refused` when no connection could go there now. */
  async check(url: URL): Promise<void> {
    const host = hostOf(url)
    const port = portOf(url)
    const refusal = isIP(host) === 0 ? undefined : this.#allowed.refusal({ host, port, address: host })
    if (refusal !== undefined) throw this.#refused(host, refusal)
    if (isIP(host) !== 0) return
    await new Promise<void>((resolve, reject) => {
      this.#lookupFor(port)(host, { all: true }, error => {
        // a name that cannot be resolved leads nowhere
        if (error instanceof DragonflyError) reject(error)
        else resolve()
      })
    })
  }

  /**
   * Rejects with `origin-refused` where a proxy may not be sent. The proxy resolves the name again, and for http nothing proves that
   * it finds the address that was checked here: without a pattern that names the host, only addresses may be read by http. For
   * https the certificate proves the name, so it is enough that the name has no address here that may not be read.
   */
  async checkProxied(endpoint: Endpoint, timeoutMs: number): Promise<void> {
    const host = hostOf(endpoint)
    const port = portOf(endpoint)
    if (isIP(host) !== 0) return this.#checkAll(host, port, [host])
    const isNamed = this.#allowed.names(host, port)
    if (!isNamed && endpoint.protocol !== 'https:') throw this.#refused(host, 'by-proxy')
    const addresses = await this.#addressesOf(host, timeoutMs)
    if (!isNamed && addresses.length === 0) throw this.#refused(host, 'by-proxy')
    this.#checkAll(host, port, addresses)
  }

  /** The proxy takes any of them. */
  #checkAll(host: string, port: number, addresses: readonly string[]): void {
    const refusals = addresses.map(address => this.#allowed.refusal({ host, port, address }))
    const refusal = refusals.find(r => r !== undefined)
    if (refusal !== undefined) throw this.#refused(host, refusal)
  }

  /** None when the name cannot be resolved here in time, as behind many proxies. */
  async #addressesOf(host: string, timeoutMs: number): Promise<string[]> {
    const { promise, resolve } = Promise.withResolvers<string[]>()
    const timer = setTimeout(() => resolve([]), timeoutMs)
    this.#lookup(host, { all: true }, (error, found) => {
      resolve(error === null ? (found as LookupAddress[]).map(({ address }) => address) : [])
    })
    return await promise.finally(() => clearTimeout(timer))
  }

  /** Gives a connection those addresses of a name that it may use: a name that changes between check and use is of no use. */
  #lookupFor(port: number): LookupFunction {
    return (host, options, callback) => {
      this.#lookup(host, { ...options, all: true }, (error, found) => {
        if (error !== null) return callback(error, [])
        const addresses = found as LookupAddress[]
        const refusals = addresses.map(({ address }) => this.#allowed.refusal({ host, port, address }))
        const open = addresses.filter((_, i) => refusals[i] === undefined)
        const refusal = open.length > 0 ? undefined : refusals.find(r => r !== undefined)
        if (refusal !== undefined) return callback(this.#refused(host, refusal), [])
        if (options.all) return callback(null, open)
        callback(null, open[0]?.address ?? '', open[0]?.family)
      })
    }
  }

  #refused(host: string, refusal: Refusal | 'by-proxy'): DragonflyError {
    const [what, hint] = REASONS[refusal](host)
    const error = new DragonflyError('origin-refused', `refused to read ${host} for others: ${what}`, { hint })
    this.#onRefused(host, error)
    return error
  }
}
