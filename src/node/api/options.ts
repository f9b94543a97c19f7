// What a person or program can ask of a node, declared once: name with unit, default, bounds, one line of meaning.
import type { AccessTimes } from '../../core/grant.ts'
import type { HeaderList } from '../../core/headers.ts'
import type { Administration } from '../admin/administration.ts'
import type { Preheated, PreheatOptions } from './preheat-options.ts'
import type { SeedStatus } from './status.ts'

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

/** Options of one `get` or `download`. Every one may be left out. */
export interface GetOptions {
  /** Headers for the origin only. Default none. */
  headers?: HeaderList
  /** sha256:HEX of the whole content; believed above everything else. Default none. */
  digest?: string
  /** Query parameters that do not change the content. Default none. */
  filter?: readonly string[]
  /** Tells apart contents that share a URL. Default none. */
  tag?: string
  /** Nothing will do that the origin has not confirmed during this call, by a seed or here. Default false. */
  revalidate?: boolean
  /** Whether this node may read the origin itself. Default true. */
  origin?: boolean
  /** Keep a finished content in the store, to serve it while this node runs, and for the next time. Default true. */
  keep?: boolean
  /** Ends the download with `aborted` (or `timeout`, for AbortSignal.timeout). Default never. */
  signal?: AbortSignal
  /**
   * File for a record of what was decided and why, as JSON lines that `df sim --replay` repeats: peer ids and piece numbers,
   * no URL, no header. Goes on until this node leaves the content. A file that cannot be opened is `output-unwritable`;
   * what goes wrong later is a warning. Default none.
   */
  trace?: string
  /** Account for the time in `explain` of the receipt. Default false. */
  explain?: boolean
  /** Called at most five times a second, and once at the end. */
  onProgress?: (progress: Progress) => void
}

/** How far a download is. Byte counts are payload bytes, verified. */
export interface Progress {
  /** Verified bytes, resumed ones included. */
  bytes: number
  /** Length of the content in bytes; undefined while nobody knows. */
  length: number | undefined
  fromOrigin: number
  fromPeers: number
  fromSeeds: number
  /** Bytes found on disk from an earlier try. */
  resumed: number
  /** Peers connected for this content, seeds included. */
  peers: number
  /** Bytes a second over the last seconds. */
  rate: number
}

/** Why the content is believed, strongest first. */
export type Trust = 'digest' | 'seed' | 'origin'

/** The honest account of one finished download. Byte counts are payload bytes, verified, each counted once. */
export interface Receipt {
  url: string
  /** Path of the written file; '-' for a stream. */
  output: string
  bytes: number
  /** sha2-256 of the whole content, hex, computed here. */
  sha256: string
  /** UnixFS root of the content (CIDv1). */
  cid: string
  fromOrigin: number
  fromPeers: number
  fromSeeds: number
  resumed: number
  seconds: number
  /** Peers that pieces came from, seeds included. */
  peers: number
  trust: Trust
  /** Only when asked for. */
  explain?: Explanation
}

/** Where the time of a download went. Seconds, from the start of the download; bytes are payload. */
export interface Explanation {
  /**
   * The most bytes a second that came for `bestOver` seconds on end (a tenth of the transfer, 1 to 5; less when all was
   * shorter): what this host's line can do, as far as this download saw. 0: nothing was fetched.
   */
  bestRate: number
  bestOver: number
  /** Seconds that the fetched bytes take at that rate. No schedule could have been faster on the line that was seen. */
  bound: number
  /** `bound` as a share of all the time; 1 is perfect. Undefined when nothing was fetched. */
  efficiency: number | undefined
  /** Seconds above the bound, by cause. With `bound` they add up to the whole time. */
  lost: Losses
  /** When things happened. Undefined: they did not. */
  at: Moments
  /** Fetched bytes by who gave them, most first; at most 16. */
  givers: readonly Giver[]
  neighbours: {
    /** At the same time, and on average over the time that pieces came. Seeds included, the origin not. */
    most: number
    mean: number
    /** Peers that were tried and could not be reached. */
    unreachable: number
  }
  /** While pieces came: time in which nothing did for more than a second; all together, and the longest. */
  silence: { total: number; longest: number }
  /** Share of the time in which this program computed, or waited for the processor; near 1 it sets the pace itself. */
  busy: number
  requests: Requests
  /** What came when: averages over buckets of `seconds`, from the start. Bytes a second; neighbours. */
  series: { seconds: number; origin: number[]; seeds: number[]; peers: number[]; neighbours: number[] }
}

/** Seconds lost, by cause. */
export interface Losses {
  /** Until it was known what the content is, hence who could give it. */
  finding: number
  /** From then to the first piece. */
  firstPiece: number
  /** From the first piece to 95 %, below the best rate. */
  middle: number
  /** From 95 % to the last piece, below the best rate. */
  tail: number
  /** Spent on bytes that came for nothing: twice, wrong, or called back. */
  wasted: number
  /** From the last piece on: checking the whole, writing the file. */
  finish: number
}

export interface Moments {
  manifest: number
  /** The first neighbour that is not the origin. */
  neighbour: number | undefined
  firstPiece: number | undefined
  /** Half of the fetched bytes, 95 % of them, and all. */
  half: number | undefined
  tail: number | undefined
  lastPiece: number | undefined
  /** When whoever reads the origin had told the whole manifest, and the share of the fetched bytes that were here then. */
  sealed: number | undefined
  hereWhenSealed: number
}

export interface Giver {
  kind: 'origin' | 'seed' | 'peer'
  /** Peer id; undefined for the origin. */
  peer: string | undefined
  bytes: number
}

/** Requests for pieces. */
export interface Requests {
  asked: number
  /** Asked of a second neighbour while a first one was late. */
  hedged: number
  /** Taken away from a seed because a peer had the piece meanwhile. */
  moved: number
  /** Taken away from a neighbour that was silent. */
  snubbed: number
  refused: number
  /** Pieces that came again. */
  duplicates: number
  /** Bytes that came for nothing. */
  wastedBytes: number
}

/** Bytes in order, each verified before it is seen. */
export interface ContentStream extends AsyncIterable<Uint8Array> {
  /** Resolves after the last byte was read; rejects with the error that the iteration throws. */
  readonly receipt: Promise<Receipt>
}

/** What an embedding program holds. */
export interface DragonflyNode {
  /** Resolves to the peer id once the network is up. */
  readonly peerId: string
  /** Full multiaddrs (…/p2p/PEERID) that others can dial; empty when not listening or without a network. */
  readonly addresses: readonly string[]
  /** Streams a content. Nothing is fetched before the first read. Throws at once for a malformed request. */
  get(url: string, options?: GetOptions): ContentStream
  /**
   * Downloads to a file. The file appears whole or not at all; an existing one is replaced only then. A path that is a
   * folder, or ends in a separator, takes the file's name from the origin or the URL. Default: the current folder.
   */
  download(url: string, file?: string, options?: GetOptions): Promise<Receipt>
  /**
   * Makes a seed fetch a content before anyone asks for it; nothing of it comes here. Resolves when the seed has all of it.
   * Rejects with `bad-…`, with the seed's error (`origin-…`), with `digest-mismatch`, or with `no-source` when no seed does it.
   */
  preheat(url: string, options?: PreheatOptions): Promise<Preheated>
  /** Takes on a seed's duties: reads origins for others, signs, keeps. Resolves once others can ask. */
  seed(): Promise<void>
  /** What is kept, who is served, how full the disk is. `limit`: contents named. Default 1,000. */
  status(limit?: number): Promise<SeedStatus>
  /** Looks after what is kept. */
  readonly administration: Administration
  /** Safe to call twice. After it nothing of this node is left running. */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
