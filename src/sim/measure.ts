// Computes the figures of a finished run.
import { ownBound } from './bound.ts'
import type { Machines } from './hosts.ts'
import type { Machine } from './machine.ts'
import { type ClassResult, contentBytes, type Percentiles, type Result, type Sample, type Scenario } from './scenario.ts'
import type { Surroundings } from './surroundings.ts'

/** One host that has to get it all. */
interface Course {
  peer: Machine
  /** From joining; Infinity: never. */
  tookMs: number
  ownMs: number
}

export function measure(s: Scenario, { seeds, peers }: Machines, around: Surroundings, series: readonly Sample[]): Result {
  const { tally, world, mail } = around
  const own = new Map(peers.map(p => [p, ownBound(s, { joinedAt: joined(p), downRates: p.downRates })]))
  const courses = peers
    .filter(p => p.mustFinish)
    .map(peer => ({ peer, tookMs: (peer.doneAt ?? Infinity) - joined(peer), ownMs: own.get(peer) as number }))
  const times = ascending(courses.map(({ peer }) => peer.doneAt ?? Infinity))
  const boundMs = courses.reduce((most, c) => Math.max(most, joined(c.peer) + c.ownMs), 0)
  const efficiencies = ownEfficiency(courses)
  return {
    doneAt: peers.map(p => p.doneAt),
    contentDoneAt: peers.map(p => p.contents.map(content => content.doneAt)),
    joinedAt: peers.map(p => p.joinedAt),
    failures: peers.flatMap((p, peer) => (p.failure === undefined ? [] : [{ peer, ...p.failure }])),
    ownBoundMs: peers.map(p => own.get(p) as number),
    lastMs: times.at(-1) ?? 0,
    p99Ms: at(times, 0.99),
    medianMs: at(times, 0.5),
    boundMs,
    efficiency: boundMs / (times.at(-1) ?? boundMs),
    ownEfficiency: efficiencies,
    worstOwn: efficiencies.last,
    byClass: byClass(courses),
    seedCopies: seeds.reduce((sum, seed) => sum + seed.sentBytes, 0) / contentBytes(s),
    duplicateBytes: tally.duplicateBytes,
    originBytes: tally.originBytes,
    messages: mail.sent,
    messagesPerPiece: mail.sent / (s.peers * s.pieces * (s.contents ?? 1)),
    bans: tally.bans.toSorted(),
    series,
    events: tally.events,
    handled: world.handled,
  }
}

function joined(peer: Machine): number {
  return peer.joinedAt === Infinity ? 0 : peer.joinedAt
}

function byClass(courses: readonly Course[]): Record<string, ClassResult> {
  const classes = Map.groupBy(courses, c => c.peer.lineClass)
  const results: Record<string, ClassResult> = {}
  for (const [name, members] of classes) {
    const times = ascending(members.map(c => c.tookMs))
    results[name] = {
      count: members.length,
      lastMs: times.at(-1) as number,
      medianMs: at(times, 0.5),
      ownEfficiency: ownEfficiency(members),
    }
  }
  return results
}

/** Of nobody: 1. */
function ownEfficiency(courses: readonly Course[]): Percentiles {
  const losses = ascending(courses.map(c => c.tookMs / c.ownMs))
  if (losses.length === 0) return { last: 1, p99: 1, median: 1 }
  return { last: 1 / (losses.at(-1) as number), p99: 1 / at(losses, 0.99), median: 1 / at(losses, 0.5) }
}

function ascending(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b)
}

/** The smallest number that this share of the row does not exceed. */
function at(row: readonly number[], share: number): number {
  return row[Math.max(0, Math.ceil(share * row.length) - 1)] ?? 0
}
