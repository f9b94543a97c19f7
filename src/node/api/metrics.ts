// Every metric of a node in one table: name and unit by the conventions of Prometheus, type, help, and all values of its labels.

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

function gauge(help: string) {
  return { type: 'gauge', help, labels: {} } as const
}

/** Name → definition. Names are stable; bytes are payload bytes. */
export const METRICS = {
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
  dragonfly_resolve_requests_total: counter('Requests of peers that a seed was asked by, renewals not included.', {}),
  dragonfly_resolve_hits_total: counter('Requests of peers that a seed answered with what it had already.', {}),
  dragonfly_replicas_made_total: counter('Contents that another seed took because this one asked it to keep them, too.', {}),
  dragonfly_peers_banned_total: counter('Peers that were caught lying.', {}),
  dragonfly_peers_banned: gauge('Peers that are banned now.'),
  dragonfly_seed_contradictions_total: counter('Times that two trusted seeds had different bytes for one version.', {}),
  dragonfly_links_opened_total: counter('Links to peers that began, one for each content and peer.', {}),
  dragonfly_links: gauge('Links to peers now, one for each content and peer.'),
  dragonfly_contents_active: gauge('Contents that are being downloaded or served now.'),
  dragonfly_events_total: counter('Events, by level.', { level: ['debug', 'info', 'warn', 'error'] }),
  dragonfly_store_bytes: gauge('Bytes that the store holds. Absent when pieces are kept in memory.'),
  dragonfly_store_quota_bytes: gauge('The most that the store may hold. Absent when there is no quota.'),
  dragonfly_store_free_bytes: gauge('Bytes free on the disk of the store. Absent when pieces are kept in memory.'),
  dragonfly_evicted_contents_total: counter('Contents that were evicted to make room.', {}),
  dragonfly_evicted_bytes_total: counter('Bytes that were evicted to make room.', {}),
  dragonfly_uptime_seconds: gauge('Seconds since the node started.'),
} as const satisfies Record<string, MetricDefinition>

/** See METRICS. */
export type MetricName = keyof typeof METRICS

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
