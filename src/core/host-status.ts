// What a host tells the other members of its fleet about itself: numbers, and the slowest of its downloads.
import type { MemberRole } from './fleet.ts'

/**
 * What held a download up most. `limit`: a rate limit of that host; `processor`: its program computed nearly all of the time; `disk`:
 * its disk took, or refused, what came; `origin`: all there is to get has come, and the origin gives no more; `line`: it has come for seconds as
 * fast as that host's line was ever seen to be; `peers`: those who were asked send less than the line takes; `sources`: nobody gives it.
 */
export const SLOW_CAUSES = ['limit', 'processor', 'disk', 'origin', 'line', 'peers', 'sources'] as const
export type SlowCause = (typeof SLOW_CAUSES)[number]

/** Downloads that one host names. */
export const MAX_SLOWEST = 10

/** One download under way. */
export interface SlowDownload {
  /** Without user, password and query, and cut; undefined: it is private to that host's users. */
  url: string | undefined
  /** Verified bytes that are there; 0 for a private one. */
  bytes: number
  /** Bytes of the whole; undefined: not known, or private. */
  length: number | undefined
  /** Bytes a second. */
  rate: number
  /** Undefined: a newer version has another word for it. */
  cause: SlowCause | undefined
}

/** What one host says of itself. */
export interface HostStatus {
  /** Version of its program. */
  version: string
  role: MemberRole
  /** Seconds since it began to serve. */
  uptime: number
  load: {
    /** Milliseconds by which its event loop was late, at most, while it measured. */
    lag: number
    /** Percent of that time in which its program computed. */
    busy: number
  }
  /** Bytes a second: what comes, origin reads included, and what goes to peers. */
  rates: { down: number; up: number }
  /** Bytes a second that hold now; what is left out is not limited. */
  limits: { down?: number | undefined; up?: number | undefined; total?: number | undefined }
  /** Bytes; undefined: it keeps pieces in memory. */
  disk: { used: number; quota: number | undefined; free: number; isInTrouble: boolean } | undefined
  /** Versions of contents that it keeps. */
  contents: number
  /** Downloads under way. */
  downloads: number
  /** Those among them that are private to its users: they are counted, and not named. */
  hidden: number
  /** The slowest first. */
  slowest: readonly SlowDownload[]
}
