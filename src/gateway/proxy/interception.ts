// Ends the TLS of chosen hosts, so that rules hold for what is inside. The requests go the way of all others.
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { DragonflyError } from '../../core/errors.ts'
import { guestOf, type Handler } from '../front/guest.ts'
import type { Authority } from './authority.ts'
import { answerRefusal, Refusal } from './refusals.ts'

/** Until the guest's TLS stands, and again until the head of a request is here, ms. */
const HANDSHAKE_TIMEOUT_MS = 30_000
const MAX_HEADER_BYTES = 64 * 1024
export const MAX_INTERCEPTED = 256

const NAME = /^(\*\.)?([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/i

/** Hosts whose TLS is ended here: `reg.corp`, or `*.corp` for all names below one. */
export class HostPatterns {
  readonly #exact = new Set<string>()
  readonly #below: string[] = []

  /** Throws `bad-option`. */
  constructor(patterns: readonly string[]) {
    if (patterns.length > MAX_INTERCEPTED) {
      throw new DragonflyError('bad-option', `gateway.intercept: more than ${MAX_INTERCEPTED} hosts`)
    }
    for (const pattern of patterns) {
      if (!NAME.test(pattern)) {
        throw new DragonflyError('bad-option', `gateway.intercept: not a host: ${JSON.stringify(pattern.slice(0, 100))}`, {
          hint: 'write reg.example.org, or *.example.org for all names below it',
        })
      }
      const name = pattern.toLowerCase()
      if (name.startsWith('*.')) this.#below.push(name.slice(1))
      else this.#exact.add(name)
    }
  }

  covers(host: string): boolean {
    const name = host.toLowerCase().replace(/\.$/, '')
    return this.#exact.has(name) || this.#below.some(end => name.endsWith(end))
  }
}

export class Interception {
  readonly #patterns: HostPatterns
  readonly #authority: Authority
  readonly #server: Server
  /** By the secure side of a guest's connection: what CONNECT named. */
  readonly #targets = new WeakMap<object, URL>()

  constructor(patterns: HostPatterns, authority: Authority, forward: Handler) {
    this.#patterns = patterns
    this.#authority = authority
    this.#server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: HANDSHAKE_TIMEOUT_MS, requestTimeout: 0 })
    this.#server.on('request', (request, response) => {
      const wrong = this.#enter(request)
      if (wrong === undefined) void forward(guestOf(request, response))
      else answerRefusal(response, wrong)
    })
  }

  covers(host: string): boolean {
    return this.#patterns.covers(host)
  }

  /** Makes a TLS server of this end of the tunnel. Rejects when there can be no certificate. */
  async take(guest: Duplex, head: Buffer, target: URL): Promise<void> {
    const secureContext = await this.#authority.contextFor(target.hostname)
    guest.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    if (head.length > 0) guest.unshift(head)
    const secure = new TLSSocket(guest as Socket, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] })
    const late = setTimeout(() => secure.destroy(), HANDSHAKE_TIMEOUT_MS)
    secure.on('error', () => secure.destroy()).once('close', () => clearTimeout(late))
    secure.once('secure', () => {
      clearTimeout(late)
      this.#targets.set(secure, target)
      this.#server.emit('connection', secure)
    })
  }

  stop(): void {
    this.#server.closeAllConnections()
    // it does not listen, but looks after its connections by a timer
    this.#server.close()
  }

  /** Gives the request the form of one to a proxy. A Refusal for another host than CONNECT named. */
  #enter(request: IncomingMessage): Refusal | undefined {
    const target = this.#targets.get(request.socket) as URL
    const { host = target.host } = request.headers
    if (URL.parse(`https://${host}`)?.host !== target.host) return new Refusal(421, `this connection is to ${target.host}`)
    request.url = target.origin + (request.url?.startsWith('/') === true ? request.url : '/')
    return undefined
  }
}
