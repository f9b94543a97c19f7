// Connects to origins by Happy Eyeballs (RFC 8305), so that a dead address costs a moment.
import { type LookupAddress, lookup as systemLookup } from 'node:dns'
import { connect, isIP, type LookupFunction, type Socket } from 'node:net'
import { type buildConnector, errors } from 'undici'
import { hostOf, portOf } from './endpoint.ts'
import { KEEP_ALIVE_MS, Securer } from './secure.ts'
import type { CaFile } from './trust.ts'

/** Until the next address is tried beside those that have not answered yet. */
const ATTEMPT_DELAY_MS = 250

/** Addresses that are remembered for having said nothing. */
const MAX_SILENT = 256

export interface DialSettings {
  /** Until the connection stands; then once more until it is secure. Milliseconds. */
  timeoutMs: number
  /** Authorities for https. Default: Node's and the system's. */
  ca?: CaFile | undefined
  /** Default: the system's. */
  lookup?: LookupFunction
}

/** Makes undici's connections. */
export function dialer({ timeoutMs, ca, lookup = systemLookup }: DialSettings): buildConnector.connector {
  const securer = new Securer(timeoutMs, ca)
  const silent = new SilentAddresses()
  return (place, callback) => {
    const open = (done: buildConnector.Callback): void => {
      new Dial({ port: portOf(place), timeoutMs, silent, done }).begin(hostOf(place), lookup)
    }
    if (place.protocol === 'https:') securer.secure(place, open, callback)
    else open(callback)
  }
}

/** IPv6 and IPv4 by turns, beginning with the family that the resolver prefers (RFC 8305 §4). */
export function byTurns(addresses: readonly LookupAddress[]): LookupAddress[] {
  const preferred = addresses[0]?.family
  const first = addresses.filter(({ family }) => family === preferred)
  const second = addresses.filter(({ family }) => family !== preferred)
  return first.flatMap((address, i) => [address, ...second.slice(i, i + 1)]).concat(second.slice(first.length))
}

/** Addresses that took a connection and never said anything: the next one to their host goes to another address, if there is one. */
class SilentAddresses {
  readonly #names = new Set<string>()

  /** Those that were silent last. */
  ordered(addresses: readonly LookupAddress[], port: number): LookupAddress[] {
    const isSilent = ({ address }: LookupAddress): boolean => this.#names.has(`${address} ${port}`)
    return [...addresses.filter(a => !isSilent(a)), ...addresses.filter(isSilent)]
  }

  watch(socket: Socket, { address }: LookupAddress, port: number): void {
    const name = `${address} ${port}`
    socket.once('close', () => {
      this.#names.delete(name)
      if (socket.bytesRead === 0) this.#names.add(name)
      const [oldest] = this.#names
      if (oldest !== undefined && this.#names.size > MAX_SILENT) this.#names.delete(oldest)
    })
  }
}

interface DialOptions {
  port: number
  timeoutMs: number
  silent: SilentAddresses
  done: buildConnector.Callback
}

/** One connection in the making. */
class Dial {
  readonly #port: number
  readonly #timeoutMs: number
  readonly #silent: SilentAddresses
  readonly #done: buildConnector.Callback
  readonly #timeout: NodeJS.Timeout
  readonly #trying = new Map<Socket, (error: Error) => void>()
  readonly #errors: Error[] = []
  #left: LookupAddress[] = []
  #next: NodeJS.Timeout | undefined
  #isOver = false

  constructor({ port, timeoutMs, silent, done }: DialOptions) {
    this.#port = port
    this.#timeoutMs = timeoutMs
    this.#silent = silent
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
    this.#left = this.#silent.ordered(addresses, this.#port)
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
    socket.once('connect', () => this.#won(socket, address)).on('error', onError)
    if (this.#left.length > 0) this.#next = setTimeout(() => this.#tryNext(), ATTEMPT_DELAY_MS)
  }

  #won(socket: Socket, address: LookupAddress): void {
    if (this.#isOver) return void socket.destroy()
    this.#silent.watch(socket, address, this.#port)
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
