// An origin as the web has them, and who downloads from it, drawn by lot from two numbers: several ways to misbehave at a time.
import { Lots } from '../lots.ts'

const KiB = 1024
/** So many requests have a trouble or a replica drawn for them; later ones have none, and the replicas in turn. */
export const DRAWN_REQUESTS = 40

/** What an origin does to one request. `at`: share of the body, 0 to 1. */
export type Trouble =
  | { kind: 'cut'; at: number; how: 'end' | 'reset' }
  | { kind: 'hang-up' }
  | { kind: 'busy'; status: number; retryAfter: number | 'date' | undefined }
  | { kind: 'late'; ms: number }
  | { kind: 'stall'; at: number; ms: number }

export const RANGE_STYLES = [
  ...['good', 'none', 'from-zero', 'no-content-range', 'odd-content-range', 'multipart', 'empty-206', 'no-validators'],
  ...['other-type', 'other-coding', 'other-range', 'no-total', 'ignores-if-range', '416-without-length'],
  ...['204', '400', '403', '404', '405', '412', '416', '500', '501', '503'],
] as const
export const ETAG_STYLES = ['strong', 'weak', 'unquoted', 'none', 'each-answer'] as const
export const FRAMINGS = [
  ...['length', 'chunked', 'chunked-and-length', 'length-twice', 'identity', 'until-close', 'http-1.0'],
] as const
export const HEAD_ODDITIES = [
  ...[
    'interim',
    'line-feeds',
    'folded',
    'space-before-colon',
    'control-byte',
    'long-head',
    'line-end-after',
    'unasked-206',
    'close',
  ],
] as const

/** One of several machines behind a name: the same content, told of in its own way. */
export interface Replica {
  ranges: string
  etag: (typeof ETAG_STYLES)[number]
  /** Whether its ETag is its own. */
  ownEtag: boolean
  lastModified: 'old' | 'now' | 'none'
  isGzip: boolean
}

export interface WebOriginPlan {
  seed: number
  round: number
  length: number
  replicas: Replica[]
  /** Which one answers, by request. */
  turns: number[]
  framing: string
  oddities: string[]
  redirect: 'none' | 'plain' | 'cookie'
  troubles: (Trouble | undefined)[]
  /** Each body breaks off after so many bytes; undefined: none does. */
  cutEvery: number | undefined
  /** From this request on the content is another; its weak validators may stay. */
  changesAt: number | undefined
  weakStays: boolean
}

export interface WebPlan {
  seed: number
  round: number
  origin: WebOriginPlan
  seeds: number
  peers: { startMs: number; origin: boolean; isStream: boolean; store: 'disk' | 'memory'; again: boolean }[]
  /** Killed once so much of a body, 0 to 1, has been sent. A peer always comes back, and gives its command again. */
  kill: { whom: 'peer' | 'seed'; at: number; returns: boolean } | undefined
}

export function webPlanOf(seed: number, round: number): WebPlan {
  const lots = new Lots(seed, round)
  const origin = drawOrigin(lots, seed, round)
  const seeds = lots.of([0, 0, 0, 1, 1, 3])
  const kill = lots.chance(0.12) ? drawKill(lots, seeds) : undefined
  const seedStays = seeds > 0 && (kill?.whom !== 'seed' || kill.returns || seeds > 1)
  const count = seeds === 0 ? 1 : lots.int(1, 4)
  const peers = Array.from({ length: count }, () => ({
    startMs: lots.chance(0.6) ? 0 : lots.int(0, 600),
    origin: !seedStays || lots.chance(0.8),
    isStream: lots.chance(0.25),
    store: lots.chance(0.2) ? ('memory' as const) : ('disk' as const),
    again: lots.chance(0.2),
  }))
  return { seed, round, origin, seeds, peers, kill }
}

function drawKill(lots: Lots, seeds: number): NonNullable<WebPlan['kill']> {
  return { whom: seeds > 0 && lots.chance(0.6) ? 'seed' : 'peer', at: lots.random(), returns: lots.chance(0.5) }
}

function drawOrigin(lots: Lots, seed: number, round: number): WebOriginPlan {
  const length = lots.chance(0.04) ? lots.of([0, 1]) : lots.of([lots.int(2, 5000), lots.log(200 * KiB, 1700 * KiB), 512 * KiB])
  const gzip = lots.chance(0.08)
  const replicas = Array.from({ length: lots.of([1, 1, 2, 3]) }, (_, i) => drawReplica(lots, gzip && i > 0))
  const gone = lots.int(0, 10)
  const share = lots.of([0, 0.3, 0.6, 0.95])
  return {
    seed,
    round,
    length,
    replicas,
    turns: Array.from({ length: DRAWN_REQUESTS }, () => lots.int(0, replicas.length - 1)),
    framing: lots.chance(0.5) ? 'length' : lots.of(FRAMINGS),
    oddities: HEAD_ODDITIES.filter(() => lots.chance(0.1)),
    redirect: lots.chance(0.15) ? lots.of(['plain', 'plain', 'cookie'] as const) : 'none',
    troubles: Array.from({ length: gone }, () => (lots.chance(share) ? drawTrouble(lots) : undefined)),
    cutEvery: lots.chance(0.06) ? Math.max(1, Math.ceil(length / lots.int(2, 40))) : undefined,
    changesAt: lots.chance(0.08) ? lots.int(2, 5) : undefined,
    weakStays: lots.chance(0.5),
  }
}

function drawReplica(lots: Lots, isGzip: boolean): Replica {
  return {
    ranges: lots.chance(0.35) ? 'good' : lots.of(RANGE_STYLES),
    etag: lots.chance(0.5) ? 'strong' : lots.of(ETAG_STYLES),
    ownEtag: lots.chance(0.4),
    lastModified: lots.of(['old', 'now', 'none'] as const),
    isGzip,
  }
}

function drawTrouble(lots: Lots): Trouble {
  const kind = lots.of(['cut', 'cut', 'cut', 'hang-up', 'busy', 'busy', 'late', 'stall'] as const)
  if (kind === 'cut') return { kind, at: lots.random(), how: lots.of(['end', 'reset'] as const) }
  if (kind === 'busy')
    return { kind, status: lots.of([503, 503, 429, 500, 502, 504]), retryAfter: lots.of([undefined, undefined, 0, 1, 'date']) }
  if (kind === 'late') return { kind, ms: lots.int(50, 1500) }
  if (kind === 'stall') return { kind, at: lots.random(), ms: lots.int(50, 800) }
  return { kind }
}

/** For the tally. */
export function drawnInWeb({ origin, seeds, kill, peers }: WebPlan): string[] {
  return [
    `seeds ${seeds}`,
    `framing ${origin.framing}`,
    ...(origin.redirect === 'none' ? [] : [`redirect ${origin.redirect}`]),
    ...origin.oddities,
    ...new Set(origin.replicas.map(({ ranges }) => `ranges ${ranges}`)),
    ...new Set(origin.replicas.map(({ etag }) => `ETag ${etag}`)),
    ...new Set(origin.replicas.map(({ lastModified }) => `Last-Modified ${lastModified}`)),
    ...(origin.replicas.some(({ isGzip }) => isGzip) ? ['gzip replica'] : []),
    ...new Set(origin.troubles.flatMap(trouble => trouble?.kind ?? [])),
    ...(origin.cutEvery === undefined ? [] : ['cut every time']),
    ...(origin.changesAt === undefined ? [] : ['change']),
    ...(kill === undefined ? [] : [`${kill.whom} killed`]),
    ...(peers.some(({ isStream }) => isStream) ? ['stream'] : []),
    ...(peers.some(({ again }) => again) ? ['again'] : []),
  ]
}
