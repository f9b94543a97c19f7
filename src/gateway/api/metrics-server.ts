// Serves the metrics, and nothing else, on a port of its own, where Prometheus expects them: GET /metrics.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Service } from '../../daemon/service.ts'
import type { Metric } from '../../node/api/metrics.ts'
import { listenOn, type Place } from './http-listener.ts'
import { isNamedAsLoopback } from './token.ts'

/** Connections at the same time: a few Prometheus servers. */
const MAX_CONNECTIONS = 64
/** A whole request must be here after so long, ms. */
const REQUEST_TIMEOUT = 10_000
const MAX_HEADERS = 16 * 1024

export type MetricsServerOptions = Place

/** The metrics, being served. */
export interface MetricsServer {
  readonly url: string
  /** Hangs up. Safe to call twice. */
  close(): Promise<void>
}

/**
 * To whoever can connect: metrics have no URL, no host, no peer id and no credentials, whatever peers and origins send.
 * Rejects with `listen-failed`.
 */
export async function serveMetrics(service: Pick<Service, 'metrics'>, options: MetricsServerOptions): Promise<MetricsServer> {
  const scrape = new Scrape(service)
  const server = createServer({ maxHeaderSize: MAX_HEADERS, requestTimeout: REQUEST_TIMEOUT }, (request, response) => {
    answer(scrape, request, response).catch(() => {
      if (response.headersSent) response.destroy()
      else response.writeHead(500, { 'content-type': 'text/plain' }).end('no metrics: the node is ending\n')
    })
  })
  server.maxConnections = MAX_CONNECTIONS
  const { origin, close } = await listenOn(server, options, 'metrics')
  return { url: `${origin}/metrics`, close }
}

/** Whoever asks while metrics are being gathered gets the same ones. */
class Scrape {
  readonly #service: Pick<Service, 'metrics'>
  #running: Promise<Metric[]> | undefined

  constructor(service: Pick<Service, 'metrics'>) {
    this.#service = service
  }

  async metrics(): Promise<Metric[]> {
    this.#running ??= this.#service.metrics().finally(() => (this.#running = undefined))
    return await this.#running
  }
}

async function answer(scrape: Scrape, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { url = '', method, headers } = request
  const refuse = (status: number, text: string, more = {}) =>
    void response.writeHead(status, { 'content-type': 'text/plain', ...more }).end(`${text}\n`)
  // a web page whose name was made to point here
  if (isLoopback(request) && !isNamedAsLoopback(headers.host)) return refuse(421, 'ask for 127.0.0.1 or localhost')
  if (url.split('?')[0] !== '/metrics') return refuse(404, 'metrics are at /metrics')
  if (method !== 'GET' && method !== 'HEAD') return refuse(405, 'only GET and HEAD', { allow: 'GET, HEAD' })
  const { prometheusText } = await import('./prometheus.ts')
  const { type, text } = await prometheusText(await scrape.metrics(), headers.accept)
  response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(text), 'cache-control': 'no-store' })
  response.end(method === 'HEAD' ? undefined : text)
}

function isLoopback({ socket: { localAddress = '' } }: IncomingMessage): boolean {
  return localAddress === '::1' || /^(::ffff:)?127\./.test(localAddress)
}
