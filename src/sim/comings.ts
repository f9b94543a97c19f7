// Draws when peers join and leave.
import { drawn, exponential } from './draw.ts'
import type { Joins, Leaves } from './scenario.ts'

/** When each of so many peers joins, ascending, virtual milliseconds; the first at 0. */
export function joinTimes(joins: Joins, peers: number, random: () => number): number[] {
  switch (joins.type) {
    case 'at-once':
      return new Array(peers).fill(0)
    case 'waves':
      return Array.from({ length: peers }, (_, i) => Math.floor(i / joins.size) * joins.everyMs)
    case 'poisson': {
      const times = [0]
      for (let i = 1; i < peers; i++) times.push((times[i - 1] as number) + exponential(joins.meanMs, random))
      return times.slice(0, peers)
    }
  }
}

/** When which of these leave. */
export function leaveTimes<T>(leaves: Leaves | undefined, peers: readonly T[], random: () => number): Map<T, number> {
  if (leaves === undefined) return new Map()
  const { share, fromMs, toMs } = leaves
  return new Map(drawn(peers, share, random).map(peer => [peer, fromMs + random() * (toMs - fromMs)]))
}
