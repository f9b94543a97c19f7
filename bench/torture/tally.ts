// What a run of rounds came to: counts, causes, and the cases that somebody has to look at.
import { table } from '../report.ts'
import type { Verdict } from './judge.ts'
import type { Plan } from './plan.ts'
import type { RoundResult } from './round.ts'
import type { Judged } from './world.ts'

const LOG_LINES = 200

export interface Counters {
  seed: number
  rounds: number
  seconds: number
  /** Downloads, those whose process was killed in the middle included. */
  tried: number
  counts: Record<Verdict, number>
  /** By kind of round. `copies`: of all files, sent by the origin, summed over rounds. */
  kinds: Record<string, { rounds: number; tried: number; copies: number } & Record<Verdict, number>>
  /** How often each error came that the plan excuses, by code. */
  excuses: Record<string, number>
  /** What was drawn, and how often. */
  drawn: Record<string, number>
  /** The slowest downloads that ended well. */
  slowest: Judged[]
  bad: { judged: Judged[]; plan: RoundResult['plan']; log: string[] }[]
}

export function newTally(seed: number): Counters {
  const counts = zeros()
  return { seed, rounds: 0, seconds: 0, tried: 0, counts, kinds: {}, excuses: {}, drawn: {}, slowest: [], bad: [] }
}

function zeros(): Record<Verdict, number> {
  return { right: 0, wrong: 0, failed: 0, endless: 0, excused: 0, killed: 0 }
}

/** `drawn`: what its plan holds. */
export function count(tally: Counters, { plan, judged, log, copies = 0 }: RoundResult, drawn: readonly string[]): void {
  const { kind = 'web' } = plan
  tally.kinds[kind] ??= { rounds: 0, tried: 0, copies: 0, ...zeros() }
  const ofKind = tally.kinds[kind]
  ofKind.rounds++
  ofKind.copies += copies
  tally.rounds++
  for (const what of drawn) tally.drawn[what] = (tally.drawn[what] ?? 0) + 1
  for (const one of judged) {
    tally.tried++
    tally.counts[one.verdict]++
    ofKind.tried++
    ofKind[one.verdict]++
    const code = one.why.split(':')[0] ?? ''
    if (one.verdict === 'excused') tally.excuses[code] = (tally.excuses[code] ?? 0) + 1
  }
  const well = [...tally.slowest, ...judged.filter(one => one.verdict === 'right')]
  tally.slowest = well.toSorted((a, b) => b.seconds - a.seconds).slice(0, 5)
  const bad = judged.filter(isBad)
  if (bad.length > 0) tally.bad.push({ judged: bad, plan, log: log.slice(-LOG_LINES) })
}

export function isBad({ verdict }: Judged): boolean {
  return verdict === 'wrong' || verdict === 'failed' || verdict === 'endless'
}

/** `of`: how many there are to be of what, in words. */
export function progress({ rounds, tried, counts }: Counters, of: string): string {
  return `${of}: ${rounds} rounds, ${tried} downloads: ${Object.entries(counts)
    .map(([verdict, n]) => `${n} ${verdict}`)
    .join(', ')}`
}

/** What came out badly in a round; undefined: nothing. */
export function complaint({ plan, judged }: RoundResult): string | undefined {
  const bad = judged.filter(isBad).map(one => `round ${plan.round}: ${one.who}: ${one.verdict}, ${one.why}`)
  return bad.length > 0 ? bad.join('\n') : undefined
}

/** `again`: the command that runs a round again. */
export function summary(tally: Counters, again: (plan: RoundResult['plan']) => string): string {
  const rows = Object.entries(tally.counts).map(([verdict, n]) => [MEANINGS[verdict as Verdict], String(n)])
  const excuses = Object.entries(tally.excuses).map(([code, n]) => `${code} ${n}`)
  const drawn = Object.entries(tally.drawn).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const slowest = tally.slowest.map(one => `${one.seconds.toFixed(1)} s (round ${one.round}, ${one.who})`)
  return [
    table(['downloads', String(tally.tried)], rows),
    kindsTable(tally.kinds),
    `seed ${tally.seed}, ${tally.rounds} rounds, ${tally.seconds.toFixed(0)} s`,
    `reasons: ${excuses.join(', ') || 'none'}`,
    `drawn, rounds or hosts: ${drawn.map(([what, n]) => `${what} ${n}`).join(', ')}`,
    `slowest: ${slowest.join(', ')}`,
    ...tally.bad.map(bad => badCase(bad, again)),
  ].join('\n\n')
}

function kindsTable(kinds: Counters['kinds']): string {
  const heads = [
    'rounds',
    'rounds',
    'downloads',
    'right',
    'wrong',
    'failed',
    'without end',
    'excused',
    'killed',
    'copies from the origin, mean',
  ]
  const rows = Object.entries(kinds).map(([kind, k]) =>
    [kind, k.rounds, k.tried, k.right, k.wrong, k.failed, k.endless, k.excused, k.killed, (k.copies / k.rounds).toFixed(2)].map(
      String,
    ),
  )
  return table(heads, rows)
}

const MEANINGS: Record<Verdict, string> = {
  right: 'right',
  wrong: 'wrong',
  failed: 'failed though the origin or a complete peer could be reached',
  excused: 'failed with a reason',
  endless: 'without end',
  killed: 'killed in the middle',
}

function badCase({ judged, plan, log }: Counters['bad'][number], again: (plan: RoundResult['plan']) => string): string {
  const what = judged.map(one => `${one.who}: ${one.verdict}, ${one.why}`)
  return [`## Round ${plan.round}`, `again: ${again(plan)}`, ...what, JSON.stringify(plan), ...log].join('\n')
}

export function drawnIn({ origin, seeds, members, peers, villains, cuts, newcomer }: Plan): string[] {
  const nodes = [...seeds, ...members, ...peers, ...(newcomer ? [newcomer.peer] : [])]
  return [
    ...origin.requests.map(fault => `origin ${fault.kind}`),
    ...origin.lasting.map(fault => `origin ${fault.kind}`),
    ...(origin.rate === undefined ? [] : ['origin slow']),
    ...villains,
    ...nodes.flatMap(node => (node.store === 'disk' ? [] : [node.store])),
    ...seeds.flatMap(node => (node.trouble ? [`seed ${node.trouble.kind}`] : [])),
    ...members.flatMap(node => (node.trouble ? [`member ${node.trouble.kind}`] : [])),
    ...cuts.map(cut => `cut off from ${[cut.origin ? 'origin' : '', cut.others ? 'others' : ''].filter(Boolean).join(' and ')}`),
    ...peers.flatMap(node => (node.isGuest ? ['guest'] : [])),
    ...peers.flatMap(node => (node.trouble ? [`peer ${node.trouble.kind}`] : [])),
    ...nodes.flatMap(node => (node.trouble?.kind === 'kill' && node.trouble.flips > 0 ? ['spoilt store'] : [])),
    ...(newcomer === undefined ? [] : ['newcomer']),
  ]
}
