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

/** Another member of the fleet, as far as it is known here. */
export interface MemberStatus {
  /** Its peer id. */
  peer: string
  /** `seed`: asked first; `member`: any other host that stays. */
  role: 'member' | 'seed'
  /** Multiaddrs that it has named. */
  addresses: readonly string[]
}

export interface FleetStatus {
  /** Living ones, this node not among them; at most 1,000. */
  members: readonly MemberStatus[]
  /** How many there are. */
  total: number
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

/** A peer that let this node down, without any proof of a lie: it is asked less, and after others, until it gives a piece. */
export interface SnubStatus {
  /** Its peer id. */
  peer: string
  /** `silent`: it sent nothing; `late`: others gave sooner what it was asked for; `busy`: it said that too many wait there. */
  why: 'silent' | 'late' | 'busy'
  /** Seconds since it first did, after it last gave a piece. */
  age: number
  /** Seconds since it last did; it is not named any more after 10 minutes. */
  last: number
  /** How often in a row. */
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
  /** How many peers let it down, and have given no piece since. */
  snubbed: number
  /** The latest 100 of them. */
  snubs: readonly SnubStatus[]
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
  /** The other members of its fleet; undefined: it is in none. */
  fleet: FleetStatus | undefined
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
