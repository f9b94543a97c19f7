// Who may look at the page and who may change something. Other web pages in the same browser are the ones to keep out.
import { timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { hostname } from 'node:os'

export interface AccessRules {
  /** Where the page is served: a name or an address. */
  listen: string
  /** Whether only this host can connect: then looking needs no token. */
  isLoopback: boolean
  token: string
}

/** Names of this host, besides those that the page is served on. */
const LOCAL = ['localhost', '127.0.0.1', '::1']

export class Access {
  readonly #rules: AccessRules
  readonly #wanted: Buffer
  readonly #names: ReadonlySet<string>

  constructor(rules: AccessRules) {
    this.#rules = rules
    this.#wanted = Buffer.from(`Bearer ${rules.token}`)
    this.#names = new Set([...LOCAL, ...(rules.isLoopback ? [] : [rules.listen.toLowerCase(), hostname().toLowerCase()])])
  }

  /**
   * Whether the request is for a name of this host. A page of somebody else that has its own name point here (DNS rebinding) sends
   * that name. An address as such cannot be pointed elsewhere; on loopback only loopback ones make sense.
   */
  isForUs({ host = '' }: IncomingHttpHeaders): boolean {
    const name = nameOf(host)
    if (name === undefined) return false
    return this.#names.has(name) || (!this.#rules.isLoopback && isIP(name) !== 0)
  }

  mayLook(headers: IncomingHttpHeaders): boolean {
    return this.#rules.isLoopback || this.hasToken(headers)
  }

  /** With the token, and asked for by our own page: what another page has sent (CSRF) names another origin, or none. */
  mayChange(headers: IncomingHttpHeaders): boolean {
    const { origin, host = '', 'sec-fetch-site': site = 'same-origin' } = headers
    const from = origin === undefined ? undefined : URL.parse(origin)?.host
    return this.hasToken(headers) && site === 'same-origin' && from === host.toLowerCase()
  }

  hasToken({ authorization = '' }: IncomingHttpHeaders): boolean {
    const given = Buffer.from(authorization)
    return given.byteLength === this.#wanted.byteLength && timingSafeEqual(given, this.#wanted)
  }
}

/** The name or address of a Host header, in lower case; undefined for a malformed one. */
function nameOf(host: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9.-]{1,253}))(?::\d{1,5})?$/i.exec(host) ?? []
  return (bracketed ?? plain)?.toLowerCase()
}
