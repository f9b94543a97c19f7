// Computes `explain` from a timeline: the bound, and the cause of each second above it.
import type { Explanation, Giver, Losses, Requests } from '../api/explanation.ts'
import type { Point, Points } from './points.ts'
import type { RateSeries } from './rate-series.ts'

/** Where the tail begins. */
const TAIL = 0.95
/** The best rate is one that was kept up for a tenth of the transfer, within these bounds: some sources give in bursts. */
const LEAST_SUSTAINED_MS = 1000
const MOST_SUSTAINED_MS = 5000
const MAX_GIVERS_SHOWN = 16

/** What was seen. Milliseconds from the start of the download. */
export interface Seen {
  end: number
  manifestAt: number
  neighbourAt: number | undefined
  askedAt: number | undefined
  sealed: { at: number; useful: number } | undefined
  points: Points
  series: RateSeries<'origin' | 'seed' | 'peer' | 'neighbours'>
  givers: readonly Giver[]
  neighbours: { most: number; unreachable: number }
  silence: { total: number; longest: number }
  busy: number
  requests: Requests
}

export function explain(seen: Seen): Explanation {
  const { end, points, requests, neighbours, silence, givers } = seen
  const { first, last } = points
  const useful = last?.useful ?? 0
  const bestRate = last === undefined ? 0 : bestOf(seen, last)
  const bound = bestRate === 0 ? 0 : useful / bestRate
  const moment = (share: number) => optionalSeconds(points.reaching(share)?.at)
  return {
    bestRate: Math.round(bestRate),
    bestOver: last === undefined ? 0 : seconds(sustained(seen, last)),
    bound: thousandth(bound),
    efficiency: last === undefined ? undefined : thousandth(bound / Math.max(bound, end / 1000)),
    lost: losses(seen, bestRate, bound),
    at: {
      manifest: seconds(seen.manifestAt),
      neighbour: optionalSeconds(seen.neighbourAt),
      firstPiece: optionalSeconds(first?.at),
      half: moment(0.5),
      tail: moment(TAIL),
      lastPiece: optionalSeconds(last?.at),
      sealed: optionalSeconds(seen.sealed?.at),
      hereWhenSealed: useful === 0 ? 1 : thousandth((seen.sealed?.useful ?? useful) / useful),
    },
    givers: givers.toSorted((a, b) => b.bytes - a.bytes).slice(0, MAX_GIVERS_SHOWN),
    neighbours: { ...neighbours, mean: Math.round(10 * meanNeighbours(seen)) / 10 },
    silence: { total: seconds(silence.total), longest: seconds(silence.longest) },
    busy: thousandth(seen.busy),
    requests: { ...requests, wastedBytes: Math.round(requests.wastedBytes) },
    series: seriesOf(seen),
  }
}

/** Never below the average, which edges of buckets could feign. */
function bestOf(seen: Seen, last: Point): number {
  const average = (last.line * 1000) / Math.max(1, transferTime(seen, last))
  return Math.max(seen.series.best(sustained(seen, last), 'origin', 'seed', 'peer'), average)
}

function sustained(seen: Seen, last: Point): number {
  const time = transferTime(seen, last)
  return Math.min(Math.max(1, time), Math.max(LEAST_SUSTAINED_MS, Math.min(MOST_SUSTAINED_MS, time / 10)))
}

function transferTime({ askedAt, manifestAt }: Seen, last: Point): number {
  return last.at - (askedAt ?? manifestAt)
}

/**
 * A stretch of time loses what it lasted beyond its bytes' time at the best rate. Short stretches may be faster than the
 * best second; the others then bear less, so that bound and losses add up to the whole.
 */
function losses({ end, manifestAt, points, requests }: Seen, bestRate: number, bound: number): Losses {
  const { first, last } = points
  if (first === undefined || last === undefined) {
    return { finding: seconds(manifestAt), firstPiece: 0, middle: 0, tail: 0, wasted: 0, finish: seconds(end - manifestAt) }
  }
  const tail = points.reaching(TAIL) ?? last
  const lost = (from: { at: number; line: number }, to: Point) =>
    Math.max(0, (to.at - from.at) / 1000 - (to.line - from.line) / bestRate)
  const inside = {
    firstPiece: lost({ at: manifestAt, line: 0 }, first),
    middle: lost(first, tail),
    tail: lost(tail, last),
    wasted: requests.wastedBytes / bestRate,
  }
  const toShare = Math.max(0, (last.at - manifestAt) / 1000 - bound)
  const sum = Object.values(inside).reduce((a, b) => a + b, 0)
  const part = (value: number) => (sum === 0 ? 0 : thousandth((value * toShare) / sum))
  return {
    finding: seconds(manifestAt),
    firstPiece: part(inside.firstPiece),
    middle: part(inside.middle),
    tail: part(inside.tail),
    wasted: part(inside.wasted),
    finish: seconds(end - last.at),
  }
}

/** From the first neighbour to the last piece. */
function meanNeighbours({ points, neighbourAt = 0 }: Seen): number {
  const { at, neighbourMs } = points.last ?? { at: 0, neighbourMs: 0 }
  return neighbourMs / Math.max(1, at - neighbourAt)
}

function seriesOf({ series }: Seen): Explanation['series'] {
  const aSecond = (track: number[]) => track.map(amount => Math.round((amount * 1000) / series.width))
  return {
    seconds: series.width / 1000,
    origin: aSecond(series.track('origin')),
    seeds: aSecond(series.track('seed')),
    peers: aSecond(series.track('peer')),
    neighbours: series.track('neighbours').map(amount => Math.round((10 * amount) / series.width) / 10),
  }
}

function seconds(ms: number): number {
  return thousandth(ms / 1000)
}

function optionalSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : seconds(ms)
}

function thousandth(value: number): number {
  return Math.round(value * 1000) / 1000
}
