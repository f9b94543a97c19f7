// Where guests may be led: programs of this host anywhere, those of other hosts only to public addresses and what is allowed.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import { DragonflyError } from '../../core/errors.ts'
import type { AllowedOrigins } from '../../origin/allowed-origins.ts'
import { dialer } from '../../origin/dial.ts'
import { type Endpoint, hostOf, portOf } from '../../origin/endpoint.ts'
import { Guard } from '../../origin/guard.ts'
import { USER_AGENT } from '../../origin/http-client.ts'
import { Proxied } from '../../origin/proxied.ts'
import { Upstream, type UpstreamSettings } from '../../origin/upstream.ts'
import { isLoopback } from './hops.ts'

/** Tunnels of other hosts' programs lead to 443 and to ports that no privileged service has, such as mail. */
const FIRST_UNPRIVILEGED_PORT = 1024
const CONNECT_TIMEOUT_MS = 5000

/** A program on this host could connect by itself. */
export function isOfThisHost({ socket }: Pick<IncomingMessage, 'socket'>): boolean {
  return isLoopback(socket.remoteAddress ?? '')
}

export class Access {
  readonly #settings: UpstreamSettings
  readonly #allowed: AllowedOrigins
  readonly #guard: Guard
  readonly #timeoutMs: number
  readonly #open: Upstream
  readonly #guarded: Upstream

  /** `upstream`: for programs of this host; not stopped here. */
  constructor(settings: UpstreamSettings, upstream: Upstream, allowed: AllowedOrigins) {
    this.#settings = settings
    this.#allowed = allowed
    this.#guard = new Guard(allowed)
    this.#timeoutMs = settings.connectTimeoutMs ?? CONNECT_TIMEOUT_MS
    this.#open = upstream
    this.#guarded = new Upstream({ ...settings, guard: this.#guard })
  }

  /** What sends a request of this guest; it fails with `origin-refused` where the guest may not go. */
  upstreamFor(request: Pick<IncomingMessage, 'socket'>): Upstream {
    return isOfThisHost(request) ? this.#open : this.#guarded
  }

  /** Rejects with `origin-refused` where this guest may not go: what the swarm has of it is not given either. */
  async check(request: Pick<IncomingMessage, 'socket'>, url: URL): Promise<void> {
    if (isOfThisHost(request)) return
    const isProxied = this.#settings.proxies?.for(url) !== undefined
    await (isProxied ? this.#guard.checkProxied(url, this.#timeoutMs) : this.#guard.check(url))
  }

  /** A connection for a tunnel to a target of https, through the node's proxy if there is one. Rejects with `origin-refused` or why it failed. */
  async connect(request: Pick<IncomingMessage, 'socket'>, target: URL): Promise<Socket> {
    const { proxies, ca } = this.#settings
    const timeoutMs = this.#timeoutMs
    const guard = isOfThisHost(request) ? undefined : this.#guard
    if (guard !== undefined) this.#checkPort(target)
    const place = { hostname: hostOf(target), host: hostOf(target), protocol: 'http:', port: String(portOf(target)) }
    // the target is one of https, as a tunnel carries TLS nearly always
    const proxy = proxies?.for(target)
    if (proxy === undefined) {
      const connect = guard?.connector(timeoutMs, ca) ?? dialer({ timeoutMs, ca })
      return await opened(connect, place)
    }
    await guard?.checkProxied(target, timeoutMs)
    return await new Proxied({ timeoutMs, ca, dial: dialer({ timeoutMs, ca }), userAgent: USER_AGENT }).tunnel(proxy, place)
  }

  async stop(): Promise<void> {
    await this.#guarded.stop()
  }

  #checkPort(target: Endpoint): void {
    const port = portOf(target)
    if (port === 443 || port >= FIRST_UNPRIVILEGED_PORT || this.#allowed.names(hostOf(target), port)) return
    throw new DragonflyError('origin-refused', `no tunnel for other hosts to port ${port}`, {
      hint: `start it with --allow-origin ${hostOf(target)}:${port}`,
    })
  }
}

function opened(connect: buildConnector.connector, place: buildConnector.Options): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  connect(place, (...[error, socket]) => (error === null ? resolve(socket) : reject(error)))
  return promise
}
