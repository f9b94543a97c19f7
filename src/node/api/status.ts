// The status of a seed. It never contains a secret.

/** One version of a content that is kept. */
export interface ContentStatus {
  /** The task's id. */
  id: string
  /** Without user, password and query; undefined: it was not kept. */
  url: string | undefined
  /** As the origin names it (ETag, or date and length); undefined: not known (yet). */
  version: string | undefined
  /** Bytes of the whole content; undefined: nobody knows yet. */
  length: number | undefined
  /** Bytes of it on the disk, with everything that belongs to it. */
  bytes: number
  /** Seconds since it began to be kept. */
  age: number
  /** Seconds since it was read or written last. */
  idle: number
  /** Whether it is protected from eviction. */
  isPinned: boolean
  /** Being downloaded or served now: it is not evicted. */
  isBusy: boolean
  /** The origin is being read for it now. */
  isReading: boolean
  /** Links to peers on it now. */
  peers: number
}

/** How full the disk is, in bytes. */
export interface DiskStatus {
  /** What the store holds. */
  used: number
  /** The most that it may hold; undefined: no quota was set. */
  quota: number | undefined
  /** What is free beside it. */
  free: number
  /** What was evicted since the start. */
  evicted: Removed
  /** Why nothing new is taken; undefined: it is. */
  trouble: string | undefined
}

/** A peer that was caught lying, and is refused. */
export interface BanStatus {
  /** Its peer id. */
  peer: string
  /** What it did. */
  proof: string
  /** Seconds since the ban began. */
  age: number
  /** Seconds until it ends. */
  left: number
  /** How many bans in a row this is: each is twice as long as the one before, from 1 h to 24 h. */
  times: number
}

/** Two seeds that this node trusts, and that gave or signed different bytes for one version. Nobody is banned for that. */
export interface ContradictionStatus {
  /** The one that the download followed: its peer id. */
  seed: string
  /** The peer id of the other one. */
  other: string
  /** As the origin names it. */
  version: string
  /** Seconds since it was seen last. */
  age: number
}

/** Whom this node refuses, and whom it cannot believe both. In memory: a restart forgets it. */
export interface IsolationStatus {
  /** How many peers are banned now. */
  banned: number
  /** The latest 100 of them. */
  bans: readonly BanStatus[]
  /** The latest 100, of both seeds and the version, the last seen first. */
  contradictions: readonly ContradictionStatus[]
}

/** What a node keeps, reads and sends. */
export interface SeedStatus {
  /** This node's peer id. */
  peerId: string
  /** Full multiaddrs that others can dial. */
  addresses: readonly string[]
  /** Its process. */
  pid: number
  /** Seconds since it started. */
  uptime: number
  /** Peers of the local network that it found and is connected to; undefined: it looks for none. */
  lanPeers: number | undefined
  /** The most recently used first; at most as many as asked for. */
  contents: readonly ContentStatus[]
  /** How many there are. */
  total: number
  /** Reads of origins under way. */
  reads: number
  /** Resolve requests since the start. */
  askers: {
    /** How many there were. */
    all: number
    /** Those whose content was already here. */
    hits: number
  }
  /** Payload bytes since the start. */
  bytes: {
    /** Read from origins. */
    fromOrigin: number
    /** Sent to peers. */
    toPeers: number
    /** Received from peers. */
    fromPeers: number
  }
  /** Undefined: pieces are kept in memory. */
  disk: DiskStatus | undefined
  /** Peers that are refused, and seeds that contradict each other. */
  isolation: IsolationStatus
}

/** What a running daemon or seed says of itself on its socket. */
export interface DaemonStatus extends SeedStatus {
  /** What it was started as. */
  role: 'seed' | 'daemon'
  /** Version of its program. */
  version: string
  /** Downloads that programs of this host asked it for, under way. */
  jobs: number
}

/** What was removed. */
export interface Removed {
  /** Versions of contents. */
  contents: number
  /** Bytes that they took on the disk. */
  bytes: number
}
