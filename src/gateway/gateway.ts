// The gateway: an HTTP server through which other programs of the host use the node, such as container engines.
import { createServer, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Span, SpanOf } from '../core/span.ts'
import { withoutSecrets } from '../core/task.ts'
import { traced } from '../core/tracing.ts'
import type { Service } from '../daemon/service.ts'
import type { DragonflyNode } from '../node/api/dragonfly-node.ts'
import type { Upstream, UpstreamSettings } from '../origin/upstream.ts'
import { listenOn, type Place } from './api/http-listener.ts'
import { countRequest, engineOf } from './front/count-request.ts'
import { type Guest, guestOf, type Handler } from './front/guest.ts'
import { Health } from './front/health.ts'
import { endStalled } from './front/stalled-readers.ts'
import { isHubPath } from './hub/routes.ts'
import { isIpfsPath } from './ipfs/routes.ts'
import type { ProxyOptions } from './proxy/proxy.ts'
import type { MirrorSettings } from './registry/settings.ts'
import { isS3Path } from './s3/routes.ts'
import type { S3Gateway, S3Setup } from './s3/s3.ts'

/** Connections at the same time. */
const MAX_CONNECTIONS = 4096
/** Headers of a request must be here after so long, ms. */
const HEADERS_TIMEOUT = 30_000
const MAX_HEADERS = 64 * 1024

export interface GatewayOptions extends Place {
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
  /** URL of the hub whose files and API are served below `/hf`. Default `https://huggingface.co`. */
  hub?: string | undefined
  /**
   * Serves buckets of S3 below `/s3`, with the AWS credentials and the endpoint of this process (`host`, on a loopback address only), or
   * without any (`anonymous`). Whoever reaches the gateway reads with them. Default: not served.
   */
  s3?: 'host' | 'anonymous' | undefined
  /** Gives blocks of IPFS of public contents below `/ipfs`. Default false. */
  ipfs?: boolean | undefined
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
  const { registry, hub, s3, ipfs, forward, tunnel, stop } = await parts(service, { upstream, settings, options }).catch(
    async error => {
      await upstream.stop()
      throw error
    },
  )
  const health = new Health(service)
  const server = createServer({ maxHeaderSize: MAX_HEADERS, headersTimeout: HEADERS_TIMEOUT, requestTimeout: 0 })
  server.maxConnections = MAX_CONNECTIONS
  endStalled(server)
  server.on('request', (request, response) => {
    const guest = guestOf(request, response)
    if (health.handle(guest)) return
    countRequest(service.counters, guest)
    // a proxy is asked in absolute form (RFC 9112 §3.2.2)
    const { url = '' } = request
    const ofPrefix = isHubPath(url) ? hub : isIpfsPath(url) ? ipfs : isS3Path(url) ? s3 : undefined
    const handler = ofPrefix ?? (url.startsWith('/') ? registry : forward)
    traced(spanOf(guest), span => handled(handler, guest, span)).catch(error => {
      if (response.headersSent) return void response.destroy()
      response.writeHead(502, { 'content-type': 'text/plain' }).end(`${error instanceof Error ? error.message : 'failed'}\n`)
    })
  })
  server.on('connect', (request, socket, head) => {
    service.counters.count('dragonfly_gateway_tunnels_total')
    tunnel(request, socket, head)
  })
  const listener = await listenOn(server, options, 'the gateway')
  let closed: Promise<void> | undefined
  const close = async () => {
    closed ??= stop()
      .then(() => listener.close())
      .then(() => upstream.stop())
    await closed
  }
  return { url: listener.origin, close }
}

function spanOf({ request: { method = '', url = '', headers } }: Guest): SpanOf {
  const attributes = () => ({
    'http.request.method': method,
    'url.full': withoutSecrets(url),
    'dragonfly.engine': engineOf(headers),
  })
  return { name: 'dragonfly.gateway.request', kind: 'server', carrier: headers, attributes }
}

async function handled(handler: Handler, guest: Guest, span: Span): Promise<void> {
  await handler(guest)
  span.set({ 'http.response.status_code': guest.response.statusCode })
}

async function settingsOf({ proxy, noProxy, ca, upstream }: GatewayOptions): Promise<UpstreamSettings> {
  const [{ Proxies }, { caFileOf }] = await Promise.all([import('../origin/proxies.ts'), import('../origin/trust.ts')])
  const named = { ...(proxy !== undefined && { proxy }), ...(noProxy !== undefined && { noProxy }) }
  return { proxies: new Proxies(named, process.env), ca: caFileOf(ca, process.env), ...upstream }
}

/** Loaded only where there is a gateway. */
async function makeUpstream(settings: UpstreamSettings): Promise<Upstream> {
  const { Upstream } = await import('../origin/upstream.ts')
  return new Upstream(settings)
}

interface Parts {
  registry: Handler
  hub: Handler
  s3: Handler
  /** Undefined: nobody wants it. */
  ipfs: Handler | undefined
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

async function parts({ node, counters, registryReads }: Service, { upstream, settings, options }: Means): Promise<Parts> {
  const [{ openAuth }, { makeProxy }, { Mirror }, { HubGateway }] = await Promise.all([
    import('./auth/auth.ts'),
    import('./proxy/proxy.ts'),
    import('./registry/mirror.ts'),
    import('./hub/hub.ts'),
  ])
  const { host: listen, mirror: registries = {}, forward = {} } = options
  const common = { node, upstream, upstreamSettings: settings }
  const credentials = registries.credentials === undefined ? [] : [registries.credentials]
  const auth = openAuth(upstream, credentials, process.env, counters)
  const mirror = new Mirror({ ...common, settings: registries, listen, auth, reads: registryReads })
  const proxy = await makeProxy({ ...common, options: forward, registry: (guest, url) => mirror.handleAt(guest, url) })
  const hub = new HubGateway({ node, upstream, hub: options.hub, listen })
  const s3 =
    options.s3 === undefined
      ? undefined
      : await openS3({ node, upstream, rights: options.s3, listen: { host: listen, port: options.port } })
  const stop = async () => void (await Promise.all([proxy.stop(), mirror.stop()]))
  const ipfs = options.ipfs === true ? await trustless(node, listen) : undefined
  return { ...proxy, registry: mirror.handle, hub: hub.handle, s3: s3?.handle ?? noS3, ipfs, stop }
}

async function openS3(setup: S3Setup): Promise<S3Gateway> {
  const { S3Gateway } = await import('./s3/s3.ts')
  return await S3Gateway.open(setup)
}

const noS3: Handler = async ({ response }) => {
  const text = 'S3 is not served here: start the daemon with --gateway-s3 host\n'
  response.writeHead(404, { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(text) }).end(text)
}

async function trustless(node: DragonflyNode, listen: string): Promise<Handler> {
  const { TrustlessGateway } = await import('./ipfs/trustless.ts')
  return new TrustlessGateway(node, listen).handle
}
