// Options of a node: name with unit, default, bounds, one line of meaning.
import type { AccessTimes } from '../../core/grant.ts'

/** Options of `createNode`. Every one may be left out. */
export interface NodeOptions {
  /** Seeds: connected to and trusted. Multiaddrs ending in /p2p/PEERID. Default none. */
  seeds?: readonly string[]
  /** Ways into the DHT, not trusted. Multiaddrs ending in /p2p/PEERID. Default none. */
  bootstrap?: readonly string[]
  /** Peer ids whose signatures count as a seed's. Default: those of `seeds`. */
  trust?: readonly string[]
  /** Multiaddrs to listen on. Default /ip4/0.0.0.0/tcp/0. An empty list: do not listen. */
  listen?: readonly string[]
  /** Folder of the piece store, or 'memory'. Default: `store` in the home folder. */
  store?: string
  /**
   * The most that the store may hold, in bytes, or as a share (above 0, up to 1) of what it holds and what is free beside it at
   * the start. Contents that nobody uses go when it is nearly reached, the least recently used first. Not for 'memory'.
   * Default: none; 0.8 once `seed` is called.
   */
  quota?: number | { share: number }
  /** Home folder: identity of seeds, store, DHT state. Default $DRAGONFLY_HOME, else by platform convention. */
  home?: string
  /** Keep the same peer id over restarts (a key file in the home folder). Default false; seeds do. */
  persistentIdentity?: boolean
  /** Answer other nodes' DHT queries and keep records for them. Short-lived nodes should not. Default true. */
  dhtServer?: boolean
  /**
   * As a seed: what was read counts as fresh for so long, whatever the origin says about caching. Milliseconds; 0: the
   * origin is asked at every request. Default: as the origin says.
   */
  expire?: number
  /**
   * What a seed reads for others besides public addresses: host names, `*.NAME`, IP addresses, ranges such as 10.0.0.0/8,
   * `private`, `any`, each with an optional :PORT, at most 256. Link-local and metadata addresses only one by one. What this
   * node gets for itself is not restricted. Default none.
   */
  allowOrigins?: readonly string[]
  /** Start the network. Without it a node can only read origins, and starts faster. Default true. */
  network?: boolean
  /** Bytes a second that are read from one origin host (scheme, name and port), all contents together. Default: no limit. */
  originLimit?: number
  /** Requests under way at one origin host at a time, 1 to 1,000; more wait in turn. Default 16. */
  originConnections?: number
  /** How long what an origin said about a reader of private content counts. Milliseconds; defaults at `AccessTimes`. */
  access?: Partial<AccessTimes>
  /** Told of what an operator would want to know: banned peers, retries, fallbacks. Never secrets. Default: silent. */
  onEvent?: (event: NodeEvent) => void
}

/** One thing worth a line in a log. */
export interface NodeEvent {
  type: 'warning' | 'info'
  message: string
}
