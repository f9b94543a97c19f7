// Makes connections secure, whatever carries them: TCP to the origin, or a tunnel through a proxy.
import { isIP } from 'node:net'
import { buildConnector } from 'undici'
import { hostOf } from './endpoint.ts'
import { type CaFile, fileTrust, isUnknownIssuer, systemTrust } from './trust.ts'

/** A connection on which nothing comes is asked whether it lives, so that a slow origin may be waited for and a dead link is seen. */
export const KEEP_ALIVE_MS = 15_000

/** Opens a connection that carries TLS. */
export type Carrier = (done: buildConnector.Callback) => void

/** Remembers TLS sessions, and which authorities were needed. */
export class Securer {
  readonly #settings: { timeout: number; allowH2: false; keepAliveInitialDelay: number }
  readonly #ca: CaFile | undefined
  #connect: buildConnector.connector | undefined
  /** Whether nothing more can be tried than `#connect`. */
  #isLast = false

  constructor(timeoutMs: number, ca: CaFile | undefined) {
    this.#settings = { timeout: timeoutMs, allowH2: false, keepAliveInitialDelay: KEEP_ALIVE_MS }
    this.#ca = ca
  }

  /** TLS to the host of `place`. An issuer that Node does not know is looked for among the system's, over another carrier. */
  secure(place: buildConnector.Options, carrier: Carrier, callback: buildConnector.Callback): void {
    let connect: buildConnector.connector
    try {
      connect = this.#connect ??= this.#first()
    } catch (error) {
      return queueMicrotask(() => callback(error as Error, null))
    }
    const isLast = this.#isLast
    over(connect, place, carrier, (...result) => {
      if (result[0] === null || isLast || !isUnknownIssuer(result[0])) return callback(...result)
      if (!this.#isLast) this.#connect = buildConnector({ ...this.#settings, secureContext: systemTrust() })
      this.#isLast = true
      over(this.#connect as buildConnector.connector, place, carrier, callback)
    })
  }

  #first(): buildConnector.connector {
    if (this.#ca === undefined) return buildConnector(this.#settings)
    const connect = buildConnector({ ...this.#settings, secureContext: fileTrust(this.#ca) })
    this.#isLast = true
    return connect
  }
}

function over(
  connect: buildConnector.connector,
  place: buildConnector.Options,
  carrier: Carrier,
  callback: buildConnector.Callback,
): void {
  const host = hostOf(place)
  // RFC 6066 §3: the name without its trailing dot; an address is no name
  const servername = isIP(host) === 0 ? { servername: (place.servername ?? host).replace(/\.$/, '') } : {}
  carrier((...[error, socket]) => {
    if (error !== null) callback(error, null)
    else connect({ ...place, ...servername, httpSocket: socket }, callback)
  })
}
