// Every metric in one table: name and unit by the conventions of Prometheus, type, help, and all values of its labels.

interface MetricDefinition {
  /** `counter`: since the node started, never falls. `gauge`: as it is now. */
  readonly type: 'counter' | 'gauge'
  readonly help: string
  /** Label → its values. There are no others, so that the number of series is bounded. */
  readonly labels: Readonly<Record<string, readonly string[]>>
}

function counter<const L extends MetricDefinition['labels']>(help: string, labels: L) {
  return { type: 'counter', help, labels } as const
}

function gauge(help: string): { readonly type: 'gauge'; readonly help: string; readonly labels: Readonly<Record<never, never>> }
function gauge<const L extends MetricDefinition['labels']>(
  help: string,
  labels: L,
): { readonly type: 'gauge'; readonly help: string; readonly labels: L }
function gauge(help: string, labels: MetricDefinition['labels'] = {}): MetricDefinition {
  return { type: 'gauge', help, labels }
}

/** What a node counts. */
const NODE_METRICS = {
  dragonfly_verified_bytes_total: counter('Bytes of pieces that were verified and stored, by where they came from.', {
    source: ['origin', 'seed', 'peer', 'store'],
  }),
  dragonfly_verified_pieces_total: counter('Pieces that were verified and stored, by where they came from.', {
    source: ['origin', 'seed', 'peer', 'store'],
  }),
  dragonfly_corrupt_pieces_total: counter('Pieces that did not have the digest of the manifest, by where they came from.', {
    source: ['origin', 'seed', 'peer'],
  }),
  dragonfly_received_bytes_total: counter('Payload bytes received, verified or not. source="peer" includes seeds.', {
    source: ['origin', 'peer'],
  }),
  dragonfly_sent_bytes_total: counter('Payload bytes sent to peers.', {}),
  dragonfly_sent_pieces_total: counter('Pieces sent to peers.', {}),
  dragonfly_origin_reads_total: counter('Reads begun at origins: of a whole content (or its rest), or of one piece.', {
    kind: ['whole', 'piece'],
  }),
  dragonfly_origin_requests_total: counter(
    'HTTP requests that origins answered or that failed, redirects and retries included.',
    {},
  ),
  dragonfly_origin_retries_total: counter('Requests to origins that failed and were repeated.', {}),
  dragonfly_origin_refusals_total: counter('Connections to origins that a seed refused to make for others.', {}),
  dragonfly_origin_reads_running: gauge('Contents for which an origin is being read now.'),
  dragonfly_rate_limit_bytes_per_second: gauge('Rate limits that hold now. A direction without a limit is absent.', {
    direction: ['down', 'up', 'total'],
  }),
  dragonfly_paced_transfers_waiting: gauge('Parts of payload that a rate limit holds back now.', { direction: ['down', 'up'] }),
  dragonfly_requested_bytes: gauge('Bytes that are requested of peers now, of all contents together.'),
  dragonfly_requested_bytes_limit: gauge('The most that may be requested of peers at a time.'),
  dragonfly_upload_slots_used: gauge('Slots in use for sending pieces, of all contents together.'),
  dragonfly_upload_slots: gauge('Slots for sending pieces.'),
  dragonfly_resolve_requests_open: gauge('Requests of peers that a seed is answering now, or whose askers go on listening.'),
  dragonfly_resolve_requests_total: counter('Requests of peers that a seed was asked by, renewals not included.', {}),
  dragonfly_resolve_hits_total: counter('Requests of peers that a seed answered with what it had already.', {}),
  dragonfly_replicas_made_total: counter('Contents that another seed took because this one asked it to keep them, too.', {}),
  dragonfly_peers_banned_total: counter('Peers that were caught lying.', {}),
  dragonfly_peers_banned: gauge('Peers that are banned now.'),
  dragonfly_snubs_total: counter('Times that a peer let this node down without any proof of a lie, by how.', {
    reason: ['silent', 'late', 'busy'],
  }),
  dragonfly_peers_snubbed: gauge('Peers that let this node down and have given no piece since.'),
  dragonfly_seed_contradictions_total: counter('Times that two trusted seeds had different bytes for one version.', {}),
  dragonfly_links_opened_total: counter('Links to peers that began, one for each content and peer.', {}),
  dragonfly_links: gauge('Links to peers now, one for each content and peer.'),
  dragonfly_swarm_links_max: gauge(
    'Links of the content that has most of them: the size of the largest swarm, as seen from here.',
  ),
  dragonfly_link_workers: gauge('Threads that hold connections and encrypt; 0: the main thread does.'),
  dragonfly_connections: gauge('Connections to other hosts now, by who opened them.', { direction: ['inbound', 'outbound'] }),
  dragonfly_peers_connected: gauge('Peers that are connected now.'),
  dragonfly_dht_peers: gauge('Peers in the routing table of the DHT.'),
  dragonfly_fleet_members: gauge('Other members of the fleet that are known now. Absent without a fleet.', {
    role: ['member', 'seed'],
  }),
  dragonfly_grants_issued_total: counter('Grants for private contents that a seed signed for peers.', {}),
  dragonfly_grants_shown_total: counter('Grants for private contents that peers showed, by whether they are valid.', {
    outcome: ['valid', 'invalid'],
  }),
  dragonfly_contents_active: gauge('Contents that are being downloaded or served now.'),
  dragonfly_events_total: counter('Events, by level.', { level: ['debug', 'info', 'warn', 'error'] }),
  dragonfly_store_bytes: gauge('Bytes that the store holds. Absent when pieces are kept in memory.'),
  dragonfly_store_quota_bytes: gauge('The most that the store may hold. Absent when there is no quota.'),
  dragonfly_store_free_bytes: gauge('Bytes free on the disk of the store. Absent when pieces are kept in memory.'),
  dragonfly_evicted_contents_total: counter('Contents that were evicted to make room.', {}),
  dragonfly_evicted_bytes_total: counter('Bytes that were evicted to make room.', {}),
  dragonfly_uptime_seconds: gauge('Seconds since the node started.'),
} as const satisfies Record<string, MetricDefinition>

/** Programs that the gateway tells apart, by the first product of their User-Agent. */
export const ENGINES = [
  'containerd',
  'docker',
  'podman',
  'skopeo',
  'buildah',
  'cri-o',
  'apt',
  'npm',
  'pip',
  'maven',
  'go',
  'git-lfs',
  'huggingface',
  'aws-cli',
  'boto3',
  'rclone',
  'curl',
  'wget',
  'other',
] as const

/** What the process of a daemon or seed counts besides its node: its gateway, and itself. */
const HOST_METRICS = {
  dragonfly_build_info: gauge('Always 1, with the version of the program and the role of the process as labels.', {
    version: ['of the program'],
    role: ['seed', 'daemon'],
  }),
  dragonfly_jobs: gauge('Downloads of other programs of this host that run now.'),
  dragonfly_gateway_requests_total: counter(
    'Requests that the gateway answered. outcome: ok below 400, refused 4xx, failed 5xx, aborted when one side hung up.',
    { engine: ENGINES, outcome: ['ok', 'refused', 'failed', 'aborted'] },
  ),
  dragonfly_gateway_requests_running: gauge('Requests that the gateway is answering now.'),
  dragonfly_gateway_tunnels_total: counter('CONNECT requests that the gateway got.', {}),
  dragonfly_token_requests_total: counter(
    'Requests of the gateway at token servers of registries. refused: 4xx, failed: anything else without a token.',
    { outcome: ['granted', 'refused', 'failed'] },
  ),
  dragonfly_token_requests_waiting: gauge('Requests that wait for their turn at a token server.'),
  process_cpu_seconds_total: counter('Seconds of CPU, user and system.', {}),
  process_resident_memory_bytes: gauge('Memory that the process has in RAM.'),
  process_start_time_seconds: gauge('When the process started, seconds since 1970.'),
  process_open_fds: gauge('File descriptors that are open. Linux only.'),
  process_max_fds: gauge('File descriptors that may be open. Linux only.'),
  nodejs_heap_size_used_bytes: gauge('JavaScript heap in use.'),
  nodejs_heap_size_total_bytes: gauge('JavaScript heap reserved.'),
  nodejs_external_memory_bytes: gauge('Memory outside of the JavaScript heap, buffers included.'),
  nodejs_eventloop_lag_p50_seconds: gauge('Median delay of the event loop since the last scrape. Absent at the first one.'),
  nodejs_eventloop_lag_p99_seconds: gauge('The 99th percentile of the delay of the event loop since the last scrape.'),
  nodejs_eventloop_lag_max_seconds: gauge('Largest delay of the event loop since the last scrape.'),
} as const satisfies Record<string, MetricDefinition>

/** Name → definition. Names are stable; bytes are payload bytes. */
export const METRICS = { ...NODE_METRICS, ...HOST_METRICS }

/** See METRICS. */
export type MetricName = keyof typeof METRICS
/** Those that `node.metrics()` has. */
export type NodeMetricName = keyof typeof NODE_METRICS
/** Those that only the process of a daemon or seed has. */
export type HostMetricName = keyof typeof HOST_METRICS

export const NODE_METRIC_NAMES = Object.keys(NODE_METRICS) as NodeMetricName[]
export const HOST_METRIC_NAMES = Object.keys(HOST_METRICS) as HostMetricName[]

/** The labels of a metric, each with one of its values. */
export type MetricLabels<N extends MetricName> = {
  readonly [L in keyof (typeof METRICS)[N]['labels']]: (typeof METRICS)[N]['labels'][L] extends readonly (infer V)[] ? V : never
}

/** One series of a metric. */
export interface MetricSample {
  /** Name → value. */
  labels: Readonly<Record<string, string>>
  /** In the unit that the name ends with. */
  value: number
}

/** A metric with all its series. */
export interface Metric {
  /** As Prometheus has it, with its unit. */
  name: MetricName
  /** A counter only grows. */
  type: 'counter' | 'gauge'
  /** What it counts, one sentence. */
  help: string
  /** Its series. */
  samples: readonly MetricSample[]
}
