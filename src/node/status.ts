// What a node tells about itself, gathered from its parts: the status of a seed, and the metrics.
import type { Administration } from './admin/administration.ts'
import type { Metric } from './api/metrics.ts'
import type { SeedStatus } from './api/status.ts'
import type { Counters } from './context/counters.ts'
import { type Network, now } from './context/node-context.ts'
import type { Isolation } from './peers/isolation.ts'
import type { LiveContent } from './tasks/task-registry.ts'

/** Whose status it is. */
export interface StatusSource {
  readonly peerId: string
  readonly addresses: readonly string[]
  readonly network: Network | undefined
  readonly lanPeers: readonly string[] | undefined
  readonly counters: Counters
  readonly administration: Administration
  readonly isolation: Isolation
}

/** `begun`: when the node started, by `now()`. `limit`: contents named. */
export async function statusOf(node: StatusSource, begun: number, limit: number): Promise<SeedStatus> {
  const { counters, administration } = node
  const contents = await administration.contents()
  const { sent, received } = payloadOf(node)
  return {
    peerId: node.peerId,
    addresses: node.addresses,
    pid: process.pid,
    uptime: uptime(begun),
    lanPeers: node.lanPeers?.length,
    contents: contents.slice(0, limit),
    total: contents.length,
    reads: contents.filter(({ isReading }) => isReading).length,
    askers: { all: counters.value('dragonfly_resolve_requests_total'), hits: counters.value('dragonfly_resolve_hits_total') },
    bytes: {
      fromOrigin: counters.value('dragonfly_received_bytes_total', { source: 'origin' }),
      toPeers: sent,
      fromPeers: received,
    },
    disk: await administration.disk(),
    isolation: node.isolation.status(),
  }
}

/** Every metric as it is now. `active`: what is open. */
export async function metricsOf(node: StatusSource, begun: number, active: readonly LiveContent[]): Promise<Metric[]> {
  const disk = await node.administration.disk()
  const { sent, received } = payloadOf(node)
  return node.counters.snapshot([
    ['dragonfly_received_bytes_total', { source: 'peer' }, received],
    ['dragonfly_sent_bytes_total', {}, sent],
    ['dragonfly_origin_reads_running', {}, active.filter(({ isReading }) => isReading).length],
    ['dragonfly_links', {}, active.reduce((sum, content) => sum + content.active.links.size, 0)],
    ['dragonfly_contents_active', {}, active.length],
    ['dragonfly_peers_banned', {}, node.isolation.status().banned],
    ['dragonfly_store_bytes', {}, disk?.used],
    ['dragonfly_store_quota_bytes', {}, disk?.quota],
    ['dragonfly_store_free_bytes', {}, disk?.free],
    ['dragonfly_evicted_contents_total', {}, disk?.evicted.contents],
    ['dragonfly_evicted_bytes_total', {}, disk?.evicted.bytes],
    ['dragonfly_uptime_seconds', {}, uptime(begun)],
  ])
}

/** The exchange counts for itself: it knows no node. */
function payloadOf({ network }: StatusSource): { sent: number; received: number } {
  const { bytesSent = 0, bytesReceived = 0 } = network?.exchange.totals ?? {}
  return { sent: bytesSent, received: bytesReceived }
}

function uptime(begun: number): number {
  return Math.floor((now() - begun) / 1000)
}
