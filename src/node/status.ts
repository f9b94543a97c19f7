// What a node tells about itself, gathered from its parts: the status of a seed, and the metrics.
import type { MemberRecord } from '../core/fleet.ts'
import { type Budget, DEFAULT_LIMITS } from '../swarm/budget.ts'
import type { Administration } from './admin/administration.ts'
import type { Metric } from './api/metrics.ts'
import type { FleetStatus, SeedStatus } from './api/status.ts'
import type { Counters, Measured } from './context/counters.ts'
import { type Network, now } from './context/node-context.ts'
import type { Pacing } from './context/pacing.ts'
import type { Isolation } from './peers/isolation.ts'
import type { LiveContent } from './tasks/task-registry.ts'

/** Whose status it is. */
export interface StatusSource {
  readonly peerId: string
  readonly addresses: readonly string[]
  readonly network: Network | undefined
  readonly lanPeers: readonly string[] | undefined
  readonly fleet: { members: readonly MemberRecord[] } | undefined
  readonly counters: Counters
  readonly administration: Administration
  readonly isolation: Isolation
}

/** Whose metrics they are. */
export interface MetricsSource extends StatusSource {
  readonly pacing: Pick<Pacing, 'limits' | 'waiting'>
  readonly budget: Pick<Budget<never>, 'askedBytes' | 'uploadSlots'>
}
/** Contents in a status, unless told otherwise. */
const MAX_SHOWN = 1000

/** `begun`: when the node started, by `now()`. `limit`: contents named. */
export async function statusOf(node: StatusSource, begun: number, limit = MAX_SHOWN): Promise<SeedStatus> {
  const { counters, administration } = node
  const contents = await administration.contents()
  const { sent, received } = payloadOf(node)
  return {
    peerId: node.peerId,
    addresses: node.addresses,
    pid: process.pid,
    uptime: uptime(begun),
    lanPeers: node.lanPeers?.length,
    fleet: node.fleet && fleetOf(node.fleet.members),
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

/** Members that are named: as many as contents. */
const MAX_MEMBERS = 1000

function fleetOf(members: readonly MemberRecord[]): FleetStatus {
  const named = members.slice(0, MAX_MEMBERS).map(({ peer, role, addresses }) => ({ peer, role, addresses }))
  return { members: named, total: members.length }
}

/** Every metric as it is now. `active`: what is open. */
export async function metricsOf(node: MetricsSource, begun: number, active: readonly LiveContent[]): Promise<Metric[]> {
  const disk = await node.administration.disk()
  const links = active.map(content => content.active.links.size)
  const { sent, received } = payloadOf(node)
  const { banned, snubbed } = node.isolation.status()
  return node.counters.snapshot([
    ['dragonfly_received_bytes_total', { source: 'peer' }, received],
    ['dragonfly_sent_bytes_total', {}, sent],
    ['dragonfly_origin_reads_running', {}, active.filter(({ isReading }) => isReading).length],
    ['dragonfly_links', {}, links.reduce((sum, count) => sum + count, 0)],
    ['dragonfly_swarm_links_max', {}, Math.max(0, ...links)],
    ...trafficOf(node),
    ...companyOf(node),
    ['dragonfly_contents_active', {}, active.length],
    ['dragonfly_peers_banned', {}, banned],
    ['dragonfly_peers_snubbed', {}, snubbed],
    ['dragonfly_store_bytes', {}, disk?.used],
    ['dragonfly_store_quota_bytes', {}, disk?.quota],
    ['dragonfly_store_free_bytes', {}, disk?.free],
    ['dragonfly_evicted_contents_total', {}, disk?.evicted.contents],
    ['dragonfly_evicted_bytes_total', {}, disk?.evicted.bytes],
    ['dragonfly_uptime_seconds', {}, uptime(begun)],
  ])
}

/** What limits hold, and what waits for them. */
function trafficOf({ pacing, budget }: MetricsSource): Measured[] {
  const { limits, waiting } = pacing
  return [
    ...(['down', 'up', 'total'] as const).map(
      direction => ['dragonfly_rate_limit_bytes_per_second', { direction }, limits[direction]] as const,
    ),
    ...(['down', 'up'] as const).map(
      direction => ['dragonfly_paced_transfers_waiting', { direction }, waiting[direction]] as const,
    ),
    ['dragonfly_requested_bytes', {}, budget.askedBytes],
    ['dragonfly_requested_bytes_limit', {}, DEFAULT_LIMITS.askedBytes],
    ['dragonfly_upload_slots_used', {}, budget.uploadSlots],
    ['dragonfly_upload_slots', {}, DEFAULT_LIMITS.uploadSlots],
  ]
}

/** Who is connected and known. */
function companyOf({ network, fleet }: MetricsSource): Measured[] {
  const { inbound = 0, outbound = 0, peers = 0, workers = 0 } = network?.host.company ?? {}
  const members = (role: 'member' | 'seed') => fleet?.members.filter(member => member.role === role).length
  return [
    ['dragonfly_link_workers', {}, workers],
    ['dragonfly_connections', { direction: 'inbound' }, inbound],
    ['dragonfly_connections', { direction: 'outbound' }, outbound],
    ['dragonfly_peers_connected', {}, peers],
    ['dragonfly_dht_peers', {}, network?.dht.size ?? 0],
    ['dragonfly_fleet_members', { role: 'member' }, members('member')],
    ['dragonfly_fleet_members', { role: 'seed' }, members('seed')],
  ]
}

/** The exchange counts for itself: it knows no node. */
export function payloadOf({ network }: StatusSource): { sent: number; received: number } {
  const { bytesSent = 0, bytesReceived = 0 } = network?.exchange.totals ?? {}
  return { sent: bytesSent, received: bytesReceived }
}

/** Seconds. */
export function uptime(begun: number): number {
  return Math.floor((now() - begun) / 1000)
}
