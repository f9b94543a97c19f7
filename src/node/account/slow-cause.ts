// Decides what holds a download up most, of what was seen of it and of its host for a second. Pure.
import type { SlowCause } from '../../core/host-status.ts'

/** So much of a limit, of the time, or of the best rate is all of it: nothing is measured exactly. */
const NEARLY_ALL = 0.8

/** What was seen of the host. Rates in bytes a second, shares from 0 to 1. */
export interface HostSeen {
  rates: { down: number; up: number }
  limits: { down?: number | undefined; up?: number | undefined; total?: number | undefined }
  /** The best second of its line so far; undefined: none yet. */
  best: number | undefined
  /** What its line has carried lately. */
  usual: number
  /** Share of the time in which the program computed. */
  busy: number
  /** Share of the time in which the disk was taking a piece. */
  writing: number
  /** The disk takes nothing new. */
  isDiskFull: boolean
}

/** What was seen of the download. */
export interface DownloadSeen {
  rate: number
  /** Bytes a second, its own limit; undefined: none. */
  limit: number | undefined
  /** Bytes of it were held back by a limit. */
  isHeldBack: boolean
  /** The origin is being read for it here. */
  isReading: boolean
  /** Share of what came that the origin gave, from 0 to 1. */
  fromOrigin: number
  /** Neighbours. */
  links: number
  /** Pieces that anybody has shown so far, and how many of these are here; 0: it is not known what the content is. */
  shown: number
  have: number
  /** All of it has been shown. */
  isSealed: boolean
}

/** What is in the hands of this host comes first: until that is mended nobody else can be blamed. */
export function slowCause(download: DownloadSeen, host: HostSeen): SlowCause {
  if (isLimited(download, host)) return 'limit'
  if (host.busy >= NEARLY_ALL) return 'processor'
  if (host.isDiskFull || host.writing >= NEARLY_ALL) return 'disk'
  const { rate, isReading, fromOrigin, links, shown, have, isSealed } = download
  if (isReading && (links === 0 || fromOrigin >= NEARLY_ALL)) return 'origin'
  // all that its reader has shown is here: this host keeps up with whoever reads the origin
  if (!isSealed && shown > 0 && have >= NEARLY_ALL * shown) return 'origin'
  if (links === 0) return 'sources'
  // a line that is full carries the same all the time; those who give now more, now less are slow themselves.
  // the only one that gives may as well be the one that cannot give more
  if (links > 1 && rate > 0 && host.best !== undefined && host.usual >= NEARLY_ALL * host.best) return 'line'
  return 'peers'
}

function isLimited({ rate, limit, isHeldBack }: DownloadSeen, { rates, limits }: HostSeen): boolean {
  if (isHeldBack) return true
  const isFull = (moved: number, most: number | undefined) => most !== undefined && moved >= NEARLY_ALL * most
  return isFull(rate, limit) || isFull(rates.down, limits.down) || isFull(rates.down + rates.up, limits.total)
}
