// Restricts reads for others to allowed addresses; checks the address of each connection.
import { type LookupAddress, lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import type { buildConnector } from 'undici'
import { DragonflyError } from '../core/errors.ts'
import type { AllowedOrigins, Refusal } from './allowed-origins.ts'
import { dialer } from './dial.ts'

const MAX_DIALERS = 64

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
  connector(timeoutMs: number): buildConnector.connector {
    return (place, callback) => {
      const host = place.hostname
      const port = portOf(place)
      // an address needs no lookup
      const refusal = isIP(host) === 0 ? undefined : this.#allowed.refusal({ host, port, address: host })
      if (refusal !== undefined) return queueMicrotask(() => callback(this.#refused(host, refusal), null))
      this.#dialer(port, timeoutMs)(place, callback)
    }
  }

  /** One for each port, because a lookup is not told the port. Remembers TLS sessions, so it is kept. */
  #dialer(port: number, timeoutMs: number): buildConnector.connector {
    const key = `${port} ${timeoutMs}`
    const known = this.#dialers.get(key) ?? dialer({ timeoutMs, lookup: this.#lookupFor(port) })
    // a redirect may name any port
    if (this.#dialers.size >= MAX_DIALERS) this.#dialers.clear()
    this.#dialers.set(key, known)
    return known
  }

  /** Rejects with `origin-refused` when no connection could go there now. */
  async check(url: URL): Promise<void> {
    const host = url.hostname.replace(/^\[|\]$/g, '')
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

  #refused(host: string, refusal: Refusal): DragonflyError {
    const [what, hint] =
      refusal === 'metadata'
        ? ['a link-local or metadata address', 'allow such an address by itself, not by a name']
        : ['not a public address', `start the seed with --allow-origin ${host}`]
    const error = new DragonflyError('origin-refused', `refused to read ${host} for others: ${what}`, { hint })
    this.#onRefused(host, error)
    return error
  }
}

function portOf({ port, protocol }: { port: string; protocol: string }): number {
  return Number(port) || (protocol === 'https:' ? 443 : 80)
}
