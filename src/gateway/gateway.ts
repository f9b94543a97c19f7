// The gateway: an HTTP server through which other programs of the host use the node, such as container engines.
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { fromSystemError } from '../core/errors.ts'
import type { Service } from '../daemon/service.ts'
import { guestOf, type Handler } from './front/guest.ts'
import { Health } from './front/health.ts'
import type { Upstream, UpstreamSettings } from './front/upstream.ts'
import type { ProxyOptions } from './proxy/proxy.ts'
import type { MirrorSettings } from './registry/settings.ts'

/** Connections at the same time. */
const MAX_CONNECTIONS = 4096
/** Headers of a request must be here after so long, ms. */
const HEADERS_TIMEOUT = 30_000
const MAX_HEADERS = 64 * 1024

export interface GatewayOptions {
  host: string
  /** 0: any free one. */
  port: number
  /** How registries and other servers are reached, besides what `proxy`, `noProxy` and `ca` say. */
  upstream?: UpstreamSettings
  /** As the options of a node. Default: the environment's. */
  proxy?: string | undefined
  noProxy?: string | undefined
  ca?: string | undefined
  /** What the forward proxy does besides passing everything straight. */
  forward?: ProxyOptions | undefined
  /** Which registries the mirror asks, and how. */
  mirror?: MirrorSettings
}

/** The gateway, being served. */
export interface Gateway {
  readonly url: string
  /** Hangs up. Safe to call twice. */
  close(): Promise<void>
}

/** Rejects with `listen-failed`. */
export async function serveGateway(service: Service, options: GatewayOptions): Promise<Gateway> {
  const settings = await settingsOf(options)
  const upstream = await makeUpstream(settings)
  const { registry, forward, tunnel, stop } = await parts(service, { upstream, settings, options }).catch(async error => {
    await upstream.stop()
    throw error
  })
  const health = new Health(service)
  const server = createServer({ maxHeaderSize: MAX_HEADERS, headersTimeout: HEADERS_TIMEOUT, requestTimeout: 0 })
  server.maxConnections = MAX_CONNECTIONS
  server.on('request', (request, response) => {
    const guest = guestOf(request, response)
    if (health.handle(guest)) return
    // a proxy is asked in absolute form (RFC 9112 §3.2.2)
    const handler = request.url?.startsWith('/') === true ? registry : forward
    handler(guest).catch(error => {
      if (response.headersSent) return void response.destroy()
      response.writeHead(502, { 'content-type': 'text/plain' }).end(`${error instanceof Error ? error.message : 'failed'}\n`)
    })
  })
  server.on('connect', tunnel)
  await listen(server, options)
  const { address, port, family } = server.address() as AddressInfo
  let closed: Promise<void> | undefined
  const close = async () => {
    closed ??= stop()
      .then(() => hangUp(server))
      .then(() => upstream.stop())
    await closed
  }
  return { url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`, close }
}

async function settingsOf({ proxy, noProxy, ca, upstream }: GatewayOptions): Promise<UpstreamSettings> {
  const [{ Proxies }, { caFileOf }] = await Promise.all([import('../origin/proxies.ts'), import('../origin/trust.ts')])
  const named = { ...(proxy !== undefined && { proxy }), ...(noProxy !== undefined && { noProxy }) }
  return { proxies: new Proxies(named, process.env), ca: caFileOf(ca, process.env), ...upstream }
}

/** Loaded only where there is a gateway. */
async function makeUpstream(settings: UpstreamSettings): Promise<Upstream> {
  const { Upstream } = await import('./front/upstream.ts')
  return new Upstream(settings)
}

interface Parts {
  registry: Handler
  forward: Handler
  tunnel(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Ends what the server does not know of: tunnels, connections to registries. */
  stop(): Promise<void>
}

interface Means {
  upstream: Upstream
  settings: UpstreamSettings
  options: GatewayOptions
}

async function parts({ node }: Service, { upstream, settings, options }: Means): Promise<Parts> {
  const [{ openAuth }, { makeProxy }, { Mirror }] = await Promise.all([
    import('./auth/auth.ts'),
    import('./proxy/proxy.ts'),
    import('./registry/mirror.ts'),
  ])
  const { host: listen, mirror: registries = {}, forward = {} } = options
  const common = { node, upstream, upstreamSettings: settings }
  const auth = openAuth(upstream, registries.credentials === undefined ? [] : [registries.credentials])
  const mirror = new Mirror({ ...common, settings: registries, listen, auth })
  const proxy = await makeProxy({ ...common, options: forward, registry: (guest, url) => mirror.handleAt(guest, url) })
  const stop = async () => void (await Promise.all([proxy.stop(), mirror.stop()]))
  return { ...proxy, registry: mirror.handle, stop }
}

async function listen(server: Server, { host, port }: GatewayOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, host, resolve)
  try {
    await promise
  } catch (error) {
    throw fromSystemError(error, 'listen-failed', `cannot serve the gateway on ${host}:${port}`)
  }
  server.off('error', reject)
}

async function hangUp(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  server.closeAllConnections()
  await promise
}
