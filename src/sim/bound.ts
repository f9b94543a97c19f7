// Computes the best time that any schedule could reach.
import { contentBytes, fairRate, type Scenario, sourceRate } from './scenario.ts'

export interface OwnLine {
  joinedAt: number
  /** What its downlink had when, the first from the start; times in order. */
  downRates: readonly { at: number; rate: number }[]
}

/**
 * Milliseconds from joining in which the peer could have everything at best: the content passes its downlink, at no more than
 * the fair rate of all uplinks; and all of it has to have left the origin and the seeds, who began at 0.
 */
export function ownBound(s: Scenario, { joinedAt, downRates }: OwnLine): number {
  const bytes = contentBytes(s)
  const fair = fairRate(s)
  const source = Math.max(bytes / (s.originRate ?? Infinity), bytes / sourceRate(s))
  let left = bytes
  let at = joinedAt
  for (const [i, { rate }] of downRates.entries()) {
    const until = downRates[i + 1]?.at ?? Infinity
    if (until <= at) continue
    const speed = Math.min(rate, fair)
    if (left <= speed * (until - at)) return Math.max(at + left / speed, source) - joinedAt
    left -= speed * (until - at)
    at = until
  }
  return Infinity
}
