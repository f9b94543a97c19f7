// Reports a run: lines for a terminal, a row for the docs.
import prettyBytes from 'pretty-bytes'
import type { NamedScenario } from './catalogue.ts'
import { timeLost } from './loss.ts'
import {
  classCounts,
  contentBytes,
  DEFAULT_PIECE_LENGTH,
  type Line,
  type Percentiles,
  type Result,
  type Scenario,
} from './scenario.ts'

/** The figures that issue and docs speak of, ready to be shown. */
export interface Figures {
  /** Shares of the bound; 0: never done. */
  bound: Percentiles
  /** Whether each peer is held against its own bound: lines differ, or peers come at different times. */
  isOwnBound: boolean
  /** Peers without a fault that stay, and how many of them got it all. */
  peers: number
  complete: number
  /** Contents that left the seeds and the origin. */
  seedCopies: number
  originCopies: number
  /** Share of what all peers need that was fetched in vain. */
  duplicates: number
  messagesPerPeer: number
  /** Where lines differ: how those of each class fared against their own bounds. */
  classes: readonly { name: string; count: number; bound: Percentiles }[]
}

export function figuresOf(s: Scenario, r: Result): Figures {
  const isOwnBound = (s.lineClasses ?? []).length > 0 || r.joinedAt.some(at => at > 0)
  const fluid = { last: r.efficiency, p99: r.boundMs / r.p99Ms, median: r.boundMs / r.medianMs }
  return {
    bound: isOwnBound ? r.ownEfficiency : fluid,
    isOwnBound,
    peers: Object.values(r.byClass).reduce((sum, { count }) => sum + count, 0),
    complete: r.series.at(-1)?.done ?? 0,
    seedCopies: r.seedCopies,
    originCopies: r.originBytes / contentBytes(s),
    duplicates: r.duplicateBytes / (s.peers * contentBytes(s)),
    messagesPerPeer: r.messages / s.peers,
    classes: classesOf(s, r),
  }
}

function classesOf(s: Scenario, { byClass }: Result): Figures['classes'] {
  if (s.lineClasses === undefined) return []
  return classCounts(s).flatMap(({ name }) => {
    const found = byClass[name]
    return found === undefined ? [] : [{ name, count: found.count, bound: found.ownEfficiency }]
  })
}

/** What was simulated, on one line; all but the random number. */
export function setupLine(s: Scenario): string {
  const { pieces, pieceLength = DEFAULT_PIECE_LENGTH, peerLine, seedLine, originRate, latency = 5 } = s
  const seeds = (s.seeds ?? 1) === 1 ? 'the seed' : `each of ${s.seeds} seeds`
  const classes = (s.lineClasses ?? []).map(c => `${percent(c.share, 0)} ${c.name} ${lineRates(c.line)}`)
  const others = classes.length === 0 ? '' : ` (${classes.join(', ')})`
  return [
    `${grouped(s.peers)} peers`,
    `${grouped(pieces)} ${pieces === 1 ? 'piece' : 'pieces'} of ${size(pieceLength)}`,
    `links ${lineRates(peerLine)}${others}`,
    `${seeds} ${rate(seedLine.up)} up`,
    ...(originRate === undefined ? [] : [`the origin ${rate(originRate)}`]),
    `${latency} ms`,
  ].join(', ')
}

/** The result as a person reads it on a terminal. */
export function reportLines(s: Scenario, r: Result): string[] {
  const f = figuresOf(s, r)
  const rows: [string, string][] = [
    ['bound', `${seconds(r.boundMs)}, the least time of any schedule for the last peer`],
    ['last peer', reached(r.lastMs, r.boundMs)],
    ...(f.isOwnBound ? [ownRow('every peer', f.bound)] : othersRows(r)),
    ...lossRow(r),
    ...classRows(f),
    [`${seedsOf(s)} sent`, `${f.seedCopies.toFixed(2)} copies`],
    ['origin read', r.originBytes === 0 ? 'nothing' : `${f.originCopies.toFixed(2)} copies`],
    ['wasted bytes', percent(f.duplicates)],
    ['messages', `${grouped(Math.round(f.messagesPerPeer))} per peer, ${r.messagesPerPiece.toFixed(1)} per piece`],
  ]
  if (f.complete < f.peers)
    rows.unshift(['incomplete', `${grouped(f.peers - f.complete)} of ${grouped(f.peers)} peers did not complete`])
  if (r.failures.length > 0) rows.push(['gave up', failures(r.failures)])
  if (r.bans.length > 0) rows.push(['banned', bans(r.bans)])
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
}

export const FIGURE_HEAD: readonly string[] = [
  'scenario',
  'last or worst peer',
  '99 of 100',
  'median',
  'the seeds sent',
  'origin read',
  'wasted',
  'messages per peer',
]

/** The rows of the table in the docs; `picture` is where the picture is. Of mixed hosts each class has a row of its own. */
export function figureRows({ name, title }: NamedScenario, f: Figures, picture: string): string[][] {
  const own = f.isOwnBound ? ' *' : ''
  const all = f.complete === f.peers ? '' : `; ${grouped(f.complete)} of ${grouped(f.peers)} complete`
  const row = [
    `[${name}](${picture}): ${title}${all}`,
    ...reachedBy(f.bound).map(reach => `${reach}${own}`),
    f.seedCopies.toFixed(2),
    f.originCopies === 0 ? '' : f.originCopies.toFixed(2),
    percent(f.duplicates),
    grouped(Math.round(f.messagesPerPeer)),
  ]
  const classes = f.classes.map(c => [
    `${name}: ${grouped(c.count)} ${c.name}`,
    ...reachedBy(c.bound).map(reach => `${reach} *`),
    '',
    '',
    '',
    '',
  ])
  return [row, ...classes]
}

/** 9.42 s below ten, 94.2 s above. */
export function seconds(ms: number): string {
  return Number.isFinite(ms) ? `${(ms / 1000).toFixed(Math.abs(ms) < 10_000 ? 2 : 1)} s` : 'never'
}

/** Share of the bound, as the docs write it; a dash for never. */
export function share(efficiency: number): string {
  return efficiency > 0 ? efficiency.toFixed(3) : '–'
}

export function seedsOf({ seeds = 1 }: Scenario): string {
  return seeds === 1 ? 'the seed' : 'the seeds'
}

export function percent(part: number, digits = 1): string {
  return `${(100 * part).toFixed(digits)} %`
}

export function grouped(n: number): string {
  return n.toLocaleString('en')
}

function reached(ms: number, boundMs: number): string {
  return `${seconds(ms)}, ${share(boundMs / ms)} of the bound`
}

function othersRows(r: Result): [string, string][] {
  return [
    ['99 of 100', reached(r.p99Ms, r.boundMs)],
    ['median', reached(r.medianMs, r.boundMs)],
  ]
}

/** Of each peer's own bound, from when it joined. */
function ownRow(name: string, bound: Percentiles, who = ''): [string, string] {
  const [last, p99, median] = reachedBy(bound)
  return [name, `${who}worst ${last} of its own bound, 99 of 100 ${p99}, median ${median}`]
}

function lossRow(r: Result): [string, string][] {
  const loss = timeLost(r)
  if (loss === undefined) return []
  const parts = [loss.start, loss.middle, loss.tail].map(seconds)
  return [['lost', `${seconds(r.lastMs - r.boundMs)}: start ${parts[0]}, middle ${parts[1]}, tail ${parts[2]}`]]
}

function classRows({ classes }: Figures): [string, string][] {
  return classes.map(({ name, count, bound }) => ownRow(`  ${name}`, bound, `${grouped(count)} peers, `))
}

function reachedBy({ last, p99, median }: Percentiles): string[] {
  return [last, p99, median].map(share)
}

function failures(list: Result['failures']): string {
  const causes = [...Map.groupBy(list, ({ why }) => why)].map(([why, some]) => `${grouped(some.length)} with ${why}`)
  return `${causes.join(', ')}; the last after ${seconds(Math.max(...list.map(({ at }) => at)))}`
}

function bans(list: readonly string[]): string {
  const banned = new Set(list.map(ban => ban.split('<')[0]))
  return `${[...banned].slice(0, 10).join(', ')}${banned.size > 10 ? ' …' : ''}; ${grouped(list.length)} times`
}

function lineRates({ up, down }: Line): string {
  return up === down ? `${rate(up)} each way` : `${rate(up)} up, ${rate(down)} down`
}

/** Bytes per millisecond as links are sold. */
function rate(bytesPerMs: number): string {
  return `${prettyBytes(bytesPerMs * 8000, { bits: true, maximumFractionDigits: 1 })}/s`
}

function size(bytes: number): string {
  return prettyBytes(bytes, { binary: true, maximumFractionDigits: 1 })
}
