// What a seed tells about itself: for people, scripts and whoever watches it. Never a secret.

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
  /** Bytes of it on the disk, with all that belongs to it. */
  bytes: number
  /** Seconds since it began to be kept, and since it was read or written last. */
  age: number
  idle: number
  isPinned: boolean
  /** Being downloaded or served now: it is not evicted. */
  isBusy: boolean
  /** The origin is being read for it now. */
  isReading: boolean
  /** Links to peers on it now. */
  peers: number
}

export interface DiskStatus {
  /** Bytes. */
  used: number
  /** Undefined: none was set. */
  quota: number | undefined
  free: number
  /** Since the start. */
  evicted: { contents: number; bytes: number }
  /** Why nothing new is taken; undefined: it is. */
  trouble: string | undefined
}

export interface SeedStatus {
  peerId: string
  addresses: readonly string[]
  pid: number
  /** Seconds. */
  uptime: number
  /** Those used last come first; at most as many as asked for. */
  contents: readonly ContentStatus[]
  /** How many there are. */
  total: number
  /** Reads of origins under way. */
  reads: number
  /** Since the start; `hits`: those that were served what was here. */
  askers: { all: number; hits: number }
  /** Payload bytes since the start. */
  bytes: { fromOrigin: number; toPeers: number; fromPeers: number }
  /** Undefined: pieces are kept in memory. */
  disk: DiskStatus | undefined
}

/** What was removed. */
export interface Removed {
  contents: number
  bytes: number
}
