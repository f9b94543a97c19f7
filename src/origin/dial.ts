// Connects to origins by Happy Eyeballs (RFC 8305), so that a dead address costs a moment.
import { type LookupAddress, lookup as systemLookup } from 'node:dns'
import { connect, isIP, type LookupFunction, type Socket } from 'node:net'
import { buildConnector, errors } from 'undici'
import { isUnknownIssuer, systemTrust } from './system-trust.ts'

/** Until the next address is tried beside those that have not answered yet. */
const ATTEMPT_DELAY_MS = 250
/** A connection on which nothing comes is asked whether it lives, so that a slow origin may be waited for and a dead link is seen. */
const KEEP_ALIVE_MS = 15_000

export interface DialSettings {
  /** Until the connection stands; then once more until it is secure. Milliseconds. */
  timeoutMs: number
  /** Default: the system's. */
  lookup?: LookupFunction
}

/** Makes undici's connections. Certificates are checked against Node's authorities, then against the system's too. */
export function dialer({ timeoutMs, lookup = systemLookup }: DialSettings): buildConnector.connector {
  const settings = { timeout: timeoutMs, allowH2: false, keepAliveInitialDelay: KEEP_ALIVE_MS }
  const secure = buildConnector(settings)
  let secureBySystem: buildConnector.connector | undefined
  return (place, callback) => {
    const host = place.hostname.replace(/^\[|\]$/g, '')
    const port = Number(place.port) || (place.protocol === 'https:' ? 443 : 80)
    const open = (done: buildConnector.Callback): void => new Dial(port, timeoutMs, done).begin(host, lookup)
    if (place.protocol !== 'https:') return open(callback)
    // RFC 6066 §3: the name without its trailing dot; an address is no name
    const servername = isIP(host) === 0 ? { servername: (place.servername ?? host).replace(/\.$/, '') } : {}
    const openSecure = (connect: buildConnector.connector, done: buildConnector.Callback): void =>
      open((...[error, socket]) => {
        if (error !== null) done(error, null)
        else connect({ ...place, ...servername, httpSocket: socket }, done)
      })
    openSecure(secureBySystem ?? secure, (...result) => {
      if (result[0] === null || secureBySystem !== undefined || !isUnknownIssuer(result[0])) return callback(...result)
      secureBySystem = buildConnector({ ...settings, secureContext: systemTrust() })
      openSecure(secureBySystem, callback)
    })
  }
}

/** IPv6 and IPv4 by turns, beginning with the family that the resolver prefers (RFC 8305 §4). */
export function byTurns(addresses: readonly LookupAddress[]): LookupAddress[] {
  const preferred = addresses[0]?.family
  const first = addresses.filter(({ family }) => family === preferred)
  const second = addresses.filter(({ family }) => family !== preferred)
  return first.flatMap((address, i) => [address, ...second.slice(i, i + 1)]).concat(second.slice(first.length))
}

/** One connection in the making. */
class Dial {
  readonly #port: number
  readonly #timeoutMs: number
  readonly #done: buildConnector.Callback
  readonly #timeout: NodeJS.Timeout
  readonly #trying = new Map<Socket, (error: Error) => void>()
  readonly #errors: Error[] = []
  #left: LookupAddress[] = []
  #next: NodeJS.Timeout | undefined
  #isOver = false

  constructor(port: number, timeoutMs: number, done: buildConnector.Callback) {
    this.#port = port
    this.#timeoutMs = timeoutMs
    this.#done = done
    this.#timeout = setTimeout(() => this.#fail(this.#late()), timeoutMs)
  }

  begin(host: string, lookup: LookupFunction): void {
    const family = isIP(host)
    if (family !== 0) return this.#tryAll([{ address: host, family }])
    lookup(host, { all: true }, (error, found) => {
      if (error !== null) return this.#fail(error)
      this.#tryAll(byTurns(found as LookupAddress[]))
    })
  }

  #tryAll(addresses: LookupAddress[]): void {
    if (this.#isOver) return
    this.#left = addresses
    this.#tryNext()
  }

  #tryNext(): void {
    clearTimeout(this.#next)
    const address = this.#left.shift()
    if (address === undefined) return this.#trying.size === 0 ? this.#fail(this.#worst()) : undefined
    const options = {
      host: address.address,
      family: address.family,
      port: this.#port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      highWaterMark: 64 * 1024,
    }
    const socket = connect(options)
    const onError = (error: Error): void => {
      this.#trying.delete(socket)
      this.#errors.push(error)
      if (!this.#isOver && (this.#left.length > 0 || this.#trying.size === 0)) this.#tryNext()
    }
    this.#trying.set(socket, onError)
    socket.once('connect', () => this.#won(socket)).on('error', onError)
    if (this.#left.length > 0) this.#next = setTimeout(() => this.#tryNext(), ATTEMPT_DELAY_MS)
  }

  #won(socket: Socket): void {
    if (this.#isOver) return void socket.destroy()
    const onError = this.#trying.get(socket)
    this.#trying.delete(socket)
    this.#end()
    this.#done(null, socket)
    // only now has somebody else taken it over
    if (onError !== undefined) socket.off('error', onError)
  }

  #fail(error: Error): void {
    if (this.#isOver) return
    this.#end()
    this.#done(error, null)
  }

  #end(): void {
    this.#isOver = true
    clearTimeout(this.#timeout)
    clearTimeout(this.#next)
    for (const socket of this.#trying.keys()) socket.destroy()
  }

  /** What tells most: somebody who refuses is nearer than no way there. */
  #worst(): Error {
    const refused = this.#errors.find(error => (error as NodeJS.ErrnoException).code === 'ECONNREFUSED')
    return refused ?? this.#errors[0] ?? new Error('the name has no address')
  }

  #late(): Error {
    return new errors.ConnectTimeoutError(`no connection within ${this.#timeoutMs} ms`)
  }
}
