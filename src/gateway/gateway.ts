// The gateway: an HTTP server through which other programs of the host use the node, such as container engines.
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { fromSystemError } from '../core/errors.ts'
import type { Service } from '../daemon/service.ts'
import { guestOf, type Handler } from './front/guest.ts'
import { Health } from './front/health.ts'
import type { Upstream, UpstreamSettings } from './front/upstream.ts'
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
  /** How registries and other servers are reached. */
  upstream?: UpstreamSettings
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
  const upstream = await makeUpstream(options.upstream ?? {})
  const { registry, forward, tunnel, stop } = await parts(service, upstream, options)
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
    closed ??= hangUp(server).then(async () => void (await Promise.all([stop(), upstream.stop()])))
    await closed
  }
  return { url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`, close }
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
  stop(): Promise<void>
}

async function parts({ node }: Service, upstream: Upstream, options: GatewayOptions): Promise<Parts> {
  const { Mirror } = await import('./registry/mirror.ts')
  const { host: listen, mirror: settings = {}, upstream: upstreamSettings = {} } = options
  const mirror = new Mirror({ node, upstream, upstreamSettings, settings, listen })
  const nothing: Handler = async ({ response }) => void response.writeHead(404).end()
  return {
    registry: mirror.handle,
    forward: nothing,
    tunnel: (_request, socket) => socket.end('HTTP/1.1 404 Not Found\r\n\r\n'),
    stop: () => mirror.stop(),
  }
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
