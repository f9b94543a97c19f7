// Options of a node: name with unit, default, bounds, one line of meaning.
import type { AccessTimes } from '../../core/grant.ts'
import type { OptionNames } from '../../core/options.ts'
import type { NodeEvent } from './events.ts'

/** Options of `createNode`. Every one may be left out. */
export interface NodeOptions {
  /** Seeds: connected to and trusted. Multiaddrs ending in /p2p/PEERID. Default none. */
  seeds?: readonly string[]
  /** Ways into the DHT, not trusted. Multiaddrs ending in /p2p/PEERID. Default none. */
  bootstrap?: readonly string[]
  /** Peer ids whose signatures count as a seed's. Default: those of `seeds`. */
  trust?: readonly string[]
  /** Multiaddrs to listen on. Default /ip4/0.0.0.0/tcp/0 and /ip6/::/tcp/0. An empty list: do not listen. */
  listen?: readonly string[]
  /**
   * Multiaddrs told to others in place of those of this host's interfaces: those of a container's host, a VPN or a forwarded
   * port. With their port; /p2p/PEERID is added. Default none.
   */
  announce?: readonly string[]
  /** Folder of the piece store, or 'memory'. Default: `store` in the home folder. */
  store?: string
  /**
   * Where a store for this run only is made when none is named and that of the home folder cannot be written; best on the disk of
   * the output. A node with a persistent identity rejects instead. Default: among the temporary files.
   */
  spareFolder?: string
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
  /**
   * Told of what an operator would want to know: banned peers, retries, fallbacks; what there is stands in `EVENTS`. Never
   * secrets. Texts within a message may come from outside, control characters included. Default: silent.
   */
  onEvent?: (event: NodeEvent) => void
}

/** Every name that there is; any other is refused. */
export const NODE_OPTIONS: OptionNames<NodeOptions> = {
  seeds: true,
  bootstrap: true,
  trust: true,
  listen: true,
  announce: true,
  store: true,
  spareFolder: true,
  quota: true,
  home: true,
  persistentIdentity: true,
  dhtServer: true,
  expire: true,
  allowOrigins: true,
  network: true,
  originLimit: true,
  originConnections: true,
  access: true,
  onEvent: true,
}
