// Options of a node, each with unit, default and bounds.
import type { AccessTimes } from '../../core/grant.ts'
import type { NodeEvent } from './events.ts'
import type { Limits } from './limits.ts'

/**
 * Options of `createNode`. Every one may be left out. Unknown names and values out of bounds are refused with `bad-option`.
 *
 * @example A node that trusts one seed, keeps pieces in memory and tells what goes wrong
 * ```ts
 * import { createNode } from 'dragonfly-p2p'
 *
 * const node = await createNode({
 *   seeds: ['/ip4/10.0.0.1/tcp/4801/p2p/12D3KooW…'],
 *   store: 'memory',
 *   onEvent: event => console.error(event.message),
 * })
 * await node.stop()
 * ```
 */
export interface NodeOptions {
  /**
   * Seeds: asked first, and trusted. Multiaddrs that end in /p2p/PEERID; others are refused with `bad-multiaddr`.
   * @default none
   */
  seeds?: readonly string[]
  /**
   * Ways into the DHT and into a fleet, not trusted: multiaddrs, with or without /p2p/PEERID; or `dns:NAME` and `dns:NAME:PORT`, a name
   * that lists hosts, by SRV records of `_dragonfly._tcp.NAME` or its addresses (port 4801). It is resolved anew from time to time.
   * @default none
   */
  bootstrap?: readonly string[]
  /**
   * Find peers of the local network by multicast DNS and connect to them. They are strangers, and not trusted. A node that listens on
   * loopback addresses only does not.
   * @default false; `df daemon start` does
   */
  lan?: boolean
  /**
   * Fleet file, as `df fleet init` makes it. The node talks only with members of that fleet and with the seeds that it names; it believes
   * what members sign; and unless `dhtServer` is false it reads origins for them, those with private addresses too. Only its owner may be
   * able to read the file: others are refused with `bad-fleet`.
   * @default none
   */
  fleet?: string
  /**
   * Peer ids whose signatures count as a seed's.
   * @default the peer ids of `seeds`
   */
  trust?: readonly string[]
  /**
   * Multiaddrs to listen on. An empty list: do not listen.
   * @default `['/ip4/0.0.0.0/tcp/0', '/ip6/::/tcp/0']`: any free port of all interfaces
   */
  listen?: readonly string[]
  /**
   * Multiaddrs told to others in place of those of this host's interfaces: those of a container's host, a VPN or a forwarded port.
   * With their port; /p2p/PEERID is added.
   * @default none
   */
  announce?: readonly string[]
  /**
   * Whose connections count for more when there is no room for all.
   * @default nobody's but those of seeds, trusted peers and members of the fleet
   */
  connections?: {
    /**
     * Networks, as ranges such as `10.0.0.0/8` or `2001:db8::/32` or as single addresses, at most 256, for which quotas per address do not count:
     * many hosts behind one address of a NAT or proxy. Seeds, trusted peers and members of the fleet are kept in any case. Others are refused with
     * `bad-option`.
     * @default none
     */
    trustedNetworks?: readonly string[]
  }
  /**
   * Threads that accept connections, hold their sockets, and encrypt and decrypt for the main thread, 0 to 64. For nodes that run for long and
   * serve many, on hosts with cores to spare. Where they cannot be had, the main thread does it all (event `no-link-workers`).
   * @default 0: the main thread does it all
   */
  linkWorkers?: number
  /**
   * Folder of the piece store, or `'memory'`.
   * @default `store` in the home folder
   */
  store?: string
  /**
   * Where a store for this run only is made when none is named and that of the home folder cannot be written; best on the disk of
   * the output. A node with a persistent identity rejects instead.
   * @default among the temporary files
   */
  spareFolder?: string
  /**
   * The most that the store may hold: bytes, above 0; or a share (above 0, up to 1) of what it holds and what is free beside it
   * at the start. When it is nearly reached, contents that nobody uses are evicted, the least recently used first. Not for
   * `'memory'`.
   * @default no quota; `{ share: 0.8 }` once `seed` is called
   */
  quota?:
    | number
    | {
        /** Above 0, up to 1. */
        share: number
      }
  /**
   * Home folder: identity of seeds, store, DHT state.
   * @default `$DRAGONFLY_HOME`, else the platform's data folder
   */
  home?: string
  /**
   * Keep the same peer id over restarts, in a key file in the home folder. Seeds always do.
   * @default false
   */
  persistentIdentity?: boolean
  /**
   * Answer other nodes' DHT queries and keep records for them. Short-lived nodes should not.
   * @default true
   */
  dhtServer?: boolean
  /**
   * For a seed: what was read counts as fresh for this long, whatever the origin says about caching. Milliseconds, 0 or more.
   * 0: the origin is asked at every request.
   * @default as the origin says
   */
  expire?: number
  /**
   * For a seed: on how many seeds a finished public content is kept, this one counted, 1 to 16; fewer when there are not so many. The
   * others are asked again from time to time.
   * @default 2
   */
  replicas?: number
  /**
   * What a seed reads for others besides public addresses: host names, `*.NAME`, IP addresses, ranges such as `10.0.0.0/8`,
   * `private`, `any`; each with an optional `:PORT`; at most 256. Link-local and metadata addresses only one by one. What this
   * node gets for itself is not restricted.
   * @default none
   */
  allowOrigins?: readonly string[]
  /**
   * Start the network. Without it a node can only read origins, and starts faster.
   * @default true
   */
  network?: boolean
  /**
   * HTTP proxy through which origins are read, whatever the environment says: `http://` or `https://`, with `USER:PASSWORD@` if it asks
   * for them, or `HOST:PORT`. Empty: none. What `noProxy` or `no_proxy` names is read directly.
   * @default that of `https_proxy` or `http_proxy` by the scheme of the origin, else of `all_proxy`
   */
  proxy?: string
  /**
   * Origin hosts that are read without a proxy, by commas or spaces: `example.org` (and all names below it), IP addresses, ranges such as
   * `10.0.0.0/8`, `*`; each with an optional `:PORT`.
   * @default `no_proxy` of the environment
   */
  noProxy?: string
  /**
   * File of PEM certificates: the certificate authorities of https origins and proxies, in place of Node's and the system's. Those of
   * `NODE_EXTRA_CA_CERTS` count in any case.
   * @default the file in `CURL_CA_BUNDLE` or `SSL_CERT_FILE`, else Node's authorities and the system's
   */
  ca?: string
  /**
   * URLs of the trustless gateways that are asked for the blocks of `ipfs:` URLs, in order; 16 at most. Every block is checked, so they
   * need no trust. A seed reads them wherever they are.
   * @default that of `IPFS_GATEWAY`, else `https://trustless-gateway.link` and `https://ipfs.io`
   */
  ipfsGateways?: readonly string[]
  /**
   * Bytes a second, above 0, that are read from one origin host (scheme, name and port), all contents together.
   * @default no limit
   */
  originLimit?: number
  /**
   * Requests under way at one origin host at a time, 1 to 1,000. More wait in turn.
   * @default 16
   */
  originConnections?: number
  /**
   * Tries in a row at an origin that gave no new byte, after the first one; 0 to 1,000. An origin that was never reached is tried
   * less often.
   * @default 5
   */
  originRetries?: number
  /**
   * Until a connection to an origin stands, all its addresses together. Milliseconds, above 0.
   * @default 10,000
   */
  originConnectTimeout?: number
  /**
   * How fast this node may move bytes, all contents together; `setLimits` changes it.
   * @default no limits
   */
  limits?: Limits
  /**
   * How long an origin's answer about a reader of private content counts.
   * @default those of `AccessTimes`
   */
  access?: Partial<AccessTimes>
  /**
   * Told of what an operator would want to know: banned peers, retries, fallbacks; `EVENTS` lists the codes. Never secrets. Texts within a message may come
   * from outside, control characters included.
   * @default nobody is told
   */
  onEvent?: (event: NodeEvent) => void
}
