// Prints where the time of a download went (`--explain`).
import type { Explanation, Receipt } from '../index.ts'
import { bytes, count, percent, rate, seconds } from './figures.ts'

/** A cause is worth a hint when it took so many seconds, and this share of all the time. */
const WORTH_SECONDS = 0.5
const WORTH_SHARE = 0.2
/** A program that is so busy is worth a word; and when it is the reason for the pace. */
const WORTH_BUSY = 0.5
const TOO_BUSY = 0.8
/** One side gave nearly all. */
const NEARLY_ALL = 0.8
/** Cells of the picture of the rate; below so many buckets there is none. */
const CELLS = 40
const FEWEST_BUCKETS = 8
const BARS = '▁▂▃▄▅▆▇█'

type Cause = keyof Explanation['lost']

const CAUSES: ReadonlyArray<readonly [cause: Cause, words: string]> = [
  ['finding', 'finding the content and its sources'],
  ['firstPiece', 'until the first piece was here'],
  ['middle', 'from there to 95 %, below the best rate'],
  ['tail', 'from 95 % to the last piece, below the best rate'],
  ['wasted', 'for wasted bytes'],
  ['finish', 'checking the whole, writing the file'],
]

/** The account as lines; none when it was not asked for. `startup`: seconds that the program took before, if known. */
export function explainLines(receipt: Receipt, startup?: number): string[] {
  const { explain } = receipt
  if (explain === undefined) return []
  if (explain.efficiency === undefined) return ['nothing had to be fetched: all of it was in the store']
  return [
    verdict(receipt, explain),
    ...losses(receipt, explain),
    ...(startup === undefined ? [] : [`before that the program took ${time(startup)} to start`]),
    `given by ${givers(explain)}`,
    neighbours(explain),
    ...details(explain),
    ...picture(explain),
    ...hints(receipt, explain).map(hint => `hint: ${hint}`),
  ]
}

function verdict({ seconds: all }: Receipt, { efficiency = 0, bound, bestRate, bestOver }: Explanation): string {
  const best = `at ${rate(bestRate)}, the best rate kept up for ${time(bestOver)}, it would have taken ${time(bound)}`
  return `efficiency ${percent(efficiency, 1)}: ${best}. Where the ${time(all)} went:`
}

function losses(receipt: Receipt, { lost, bound, efficiency = 0 }: Explanation): string[] {
  const row = (s: number, words: string, share = `${Math.round((100 * s) / receipt.seconds)} %`) =>
    `${time(s).padStart(9)} ${share.padStart(5)}  ${words}`
  const rows = CAUSES.filter(([cause]) => lost[cause] >= 0.001 || cause !== 'wasted')
  return [
    row(bound, `${bytes(fetchedBytes(receipt))} at the best rate`, percent(efficiency, 1)),
    ...rows.map(([cause, words]) => row(lost[cause], words)),
  ]
}

function givers({ givers }: Explanation): string {
  const whole = givers.reduce((sum, g) => sum + g.bytes, 0)
  const parts = (['peer', 'seed', 'origin'] as const).map(kind => {
    const some = givers.filter(g => g.kind === kind)
    const sum = some.reduce((s, g) => s + g.bytes, 0)
    if (sum === 0) return ''
    const best = some[0]?.bytes ?? 0
    const most = some.length > 1 ? `, one of them ${bytes(best)}` : ''
    return `${kind === 'origin' ? 'the origin' : count(some.length, kind)} ${bytes(sum)} (${Math.round((100 * sum) / whole)} %${most})`
  })
  return parts.filter(part => part !== '').join('; ')
}

function neighbours({ neighbours, at }: Explanation): string {
  const { most, mean, unreachable } = neighbours
  const missed = unreachable === 0 ? '' : `; ${count(unreachable, 'peer')} could not be reached`
  if (at.neighbour === undefined) return `neighbours: none${missed}`
  return `neighbours: ${mean} on average, ${most} at most, the first after ${time(at.neighbour)}${missed}`
}

function details({ requests, silence, busy }: Explanation): string[] {
  const { asked, hedged, moved, snubbed, refused, duplicates, wastedBytes } = requests
  const parts: [number, string][] = [
    [hedged, 'sent to a second neighbour too'],
    [moved, 'moved from a seed to a peer'],
    [snubbed, 'taken away from a silent neighbour'],
    [refused, 'refused'],
    [duplicates, 'received twice'],
  ]
  const told = parts.filter(([n]) => n > 0).map(([n, words]) => `${n} ${words}`)
  const wasted = wastedBytes > 0 ? `; ${bytes(wastedBytes)} wasted` : ''
  const lines = asked > 0 ? [`requests: ${[`${asked} asked`, ...told].join(', ')}${wasted}`] : []
  if (busy >= WORTH_BUSY) lines.push(`processor: this program was busy for ${percent(busy, 1)} of the time`)
  if (silence.total > 0) lines.push(`silence: nothing came for ${time(silence.total)}, ${time(silence.longest)} of it in a row`)
  return lines
}

/** The rate over time, one character for each stretch of it. */
function picture({ series, at }: Explanation): string[] {
  const { origin, seeds, peers } = series
  const used = Math.min(origin.length, Math.ceil((at.lastPiece ?? 0) / series.seconds))
  if (used < FEWEST_BUCKETS) return []
  const all = origin.slice(0, used).map((value, i) => value + (seeds[i] ?? 0) + (peers[i] ?? 0))
  const wide = Math.ceil(used / CELLS)
  const cells = Array.from({ length: Math.ceil(used / wide) }, (_, i) => mean(all.slice(i * wide, (i + 1) * wide)))
  const highest = Math.max(...cells, 1)
  const bars = cells.map(cell => (cell === 0 ? '·' : BARS[Math.min(BARS.length - 1, Math.floor((cell / highest) * BARS.length))]))
  return [`rate: ${bars.join('')}  (each mark ${time(wide * series.seconds)}, the highest ${rate(highest)})`]
}

function hints(receipt: Receipt, explain: Explanation): string[] {
  const worth = Math.max(WORTH_SECONDS, WORTH_SHARE * receipt.seconds)
  const [largest] = CAUSES.map(([name]) => name).toSorted((a, b) => explain.lost[b] - explain.lost[a]) as [Cause]
  const paceHint = pace(receipt, explain)
  const isPaces = paceHint !== undefined && largest === 'middle'
  const causeHint = explain.lost[largest] < worth || isPaces ? undefined : CAUSE_HINTS[largest](receipt, explain)
  return [paceHint, causeHint].filter(hint => hint !== undefined)
}

/** What bounds everybody: then the swarm cannot be blamed. */
function pace(receipt: Receipt, { at, busy }: Explanation): string | undefined {
  const { fromOrigin } = receipt
  const fetched = fetchedBytes(receipt)
  const { manifest, lastPiece = 0, sealed, hereWhenSealed } = at
  const transfer = lastPiece - manifest
  if (transfer < Math.max(WORTH_SECONDS, WORTH_SHARE * receipt.seconds)) return undefined
  if (busy >= TOO_BUSY) return 'this host was busy: its processor was the limit, not the link or the swarm'
  if (fromOrigin >= NEARLY_ALL * fetched) {
    const given = `the time went to waiting for the origin: it gave this host ${rate(fromOrigin / transfer)}`
    return at.neighbour === undefined ? `${given}; with a seed (--seed) many hosts share one read of it` : given
  }
  const grewSlowly = sealed !== undefined && sealed - manifest > transfer / 2
  if (!grewSlowly || hereWhenSealed < NEARLY_ALL) return undefined
  const given = rate((hereWhenSealed * fetched) / (sealed - manifest))
  return `the origin set the pace: it gave ${given} to the seed that reads it, and this host kept up with that`
}

/** What the largest loss points to. */
const CAUSE_HINTS: Record<Cause, (receipt: Receipt, explain: Explanation) => string> = {
  finding: (_, { at, neighbours }) =>
    at.neighbour === undefined && neighbours.unreachable === 0
      ? 'the origin was slow to answer; if a seed was named, it did not answer either (is it running, and its address right?)'
      : 'finding the content took long: the seed, or the origin that it asked, was slow to answer',
  firstPiece: () => 'the first piece came late: its holders were busy, or the origin was slow to start',
  middle: ({ seconds: all }, { neighbours, silence }) => {
    if (silence.total >= WORTH_SHARE * all) return `nothing at all came for ${time(silence.total)}: whoever was asked fell silent`
    if (neighbours.most > 1)
      return 'the neighbours together sent less than this link can take: they were busy, or their links are slower'
    if (neighbours.unreachable === 0) return 'there was only one neighbour, and it sent less than this link can take'
    return `there was only one neighbour: ${count(neighbours.unreachable, 'peer')} could not be reached; is there a firewall between the hosts?`
  },
  tail: () => 'the last pieces came slowly: few peers had them, or slow ones had been asked',
  wasted: () => 'many bytes were wasted: neighbours were too slow, so others were asked as well',
  finish: () => 'checking and writing took long: the disk or the processor is slow or busy',
}

function fetchedBytes({ fromOrigin, fromPeers, fromSeeds }: Receipt): number {
  return fromOrigin + fromPeers + fromSeeds
}

/** Milliseconds below a second. */
function time(s: number): string {
  return s < 0.9995 ? `${Math.round(s * 1000)} ms` : seconds(s)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, v) => sum + v, 0) / Math.max(1, values.length)
}
