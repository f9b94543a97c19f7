// Many rounds of downloads among faults drawn by lot. Ends with 1 when one came out wrong, or failed without a reason.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { circumstances } from '../report.ts'
import { KINDS, roundOf } from './company-plan.ts'
import { Crew } from './crew.ts'
import { CutNetwork } from './cut-network.ts'
import { canMount } from './disk.ts'
import type { Kind } from './plan.ts'
import { type RoundResult, runRound } from './round.ts'
import { type Counters, complaint, count, drawnIn, newTally, progress, summary } from './tally.ts'
import { runWebRounds } from './web/many.ts'

/** Processes that wait ready to be killed. */
const SPARES = 2
/** The nodes of so many rounds, one round after the other, share a process. */
const ROUNDS_TOGETHER = 25

const USAGE = `npm run torture -- [options]
  --rounds N     rounds, default 20
  --downloads N  downloads from origins as the web has them afterwards, default 100; with --only 1, or none
  --origin-only  nothing but these
  --seed N       what the plans are drawn from, default 1
  --kind KIND    what all rounds are: plain, seeds (1 to 3 of them), fleet (none) or mixed (both); default each in turn
  --repeat N     with --only: so many times, default 1
  --only N       this round alone; with --origin-only until there are so many downloads
  --seconds N    begin no further round after so long, default no limit
  --jobs N       rounds at the same time, default 4
  --json         one line of JSON at the end in place of the table
`

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    downloads: { type: 'string' },
    'origin-only': { type: 'boolean', default: false },
    only: { type: 'string' },
    kind: { type: 'string' },
    repeat: { type: 'string', default: '1' },
    seconds: { type: 'string', default: 'Infinity' },
    jobs: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const [rounds, seed, seconds, jobs] = [values.rounds, values.seed, values.seconds, values.jobs].map(Number) as [
  number,
  number,
  number,
  number,
]
const kind = values.kind as Kind | undefined
const repeat = Number(values.repeat)
const originOnly = values['origin-only']
const only = values.only === undefined ? undefined : Number(values.only)
const downloads = only !== undefined && !originOnly ? 0 : Number(values.downloads ?? (only === undefined ? 100 : 1))
const isKind = kind === undefined || KINDS.includes(kind)
if (
  values.help ||
  !(
    isKind &&
    repeat >= 1 &&
    rounds >= 1 &&
    downloads >= 0 &&
    (only ?? 0) >= 0 &&
    jobs >= 1 &&
    seconds > 0 &&
    Number.isInteger(seed)
  )
) {
  process.stderr.write(USAGE)
  process.exit(values.help ? 0 : 2)
}

const dir = await mkdtemp(path.join(os.tmpdir(), 'df-torture-'))
const network = originOnly || kind === 'plain' ? undefined : CutNetwork.open()
const crew = await Crew.open(dir, SPARES)
let isStopped = false
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    // rounds that have begun come to their end, unless somebody insists
    if (isStopped) {
      network?.close()
      process.exit(130)
    }
    isStopped = true
  })
try {
  await torture()
} finally {
  await crew.close()
  network?.close()
  await rm(dir, { recursive: true, force: true, maxRetries: 3 })
}

/** One world after the other, then origins as the web has them; a tally of each. */
async function torture(): Promise<void> {
  const tallies = []
  if (!originOnly) tallies.push({ what: [], tally: await runWorlds() })
  if (downloads > 0) tallies.push({ what: ['--origin-only'], tally: await runOrigins() })
  if (process.stderr.isTTY) process.stderr.write('\n')
  for (const { what, tally } of tallies) {
    const again = (plan: RoundResult['plan']) => repetition(plan, what)
    process.stdout.write(values.json ? `${JSON.stringify(tally)}\n` : `${summary(tally, again)}\n\n`)
    if (tally.counts.wrong + tally.counts.failed + tally.counts.endless > 0) process.exitCode = 1
  }
  if (!values.json) process.stdout.write(`${await circumstances(command(process.argv.slice(2)))}\n`)
}

async function runOrigins(): Promise<Counters> {
  const tally = newTally(seed)
  const begun = performance.now()
  const isOver = () => isStopped || performance.now() - begun > seconds * 1000
  const show = (result: RoundResult) => void report(result, progress(tally, `${downloads} downloads`), ['--origin-only'])
  await runWebRounds({ seed, downloads, only, jobs: Math.ceil(jobs / 2), isOver }, dir, crew, tally, show)
  tally.seconds = (performance.now() - begun) / 1000
  return tally
}

async function runWorlds(): Promise<Counters> {
  const smallDisks = await canMount(path.join(dir, 'disk'))
  if (!smallDisks) process.stderr.write('no full disks: only root can mount a small one\n')
  const tally = newTally(seed)
  const begun = performance.now()
  if (network === undefined && kind !== 'plain')
    process.stderr.write('nobody is cut off: only root can make networks and drop packets\n')
  const left = only === undefined ? Array.from({ length: rounds }, (_, i) => i) : Array<number>(repeat).fill(only)
  let begunRounds = 0
  const all = `${left.length} rounds`
  const lane = async () => {
    let commons = crew.hire()
    let shared = 0
    while (left.length > 0 && !isStopped && performance.now() - begun < seconds * 1000) {
      const round = left.shift() as number
      if (shared++ === ROUNDS_TOGETHER || commons.isGone) {
        await crew.dismiss(commons)
        commons = crew.hire()
        shared = 1
      }
      const plan = roundOf(seed, round, { smallDisks, cuts: network !== undefined }, kind)
      const result = await runRound(plan, path.join(dir, `round-${begunRounds++}`), { crew, commons, network })
      count(tally, result, drawnIn(plan))
      await report(result, progress(tally, all), [])
    }
    await crew.dismiss(commons)
  }
  await Promise.all(Array.from({ length: jobs }, lane))
  tally.seconds = (performance.now() - begun) / 1000
  return tally
}

/** What is bad at once, with its repetition and its log: a run that is broken off has no summary. */
async function report(result: RoundResult, line: string, what: readonly string[]): Promise<void> {
  const bad = complaint(result)
  if (bad !== undefined) {
    const { kind = 'web', round } = result.plan
    const log = path.join(os.tmpdir(), `df-torture-bad-${seed}-${kind}-${round}.log`)
    await writeFile(log, `${[bad, JSON.stringify(result.plan), ...result.log].join('\n')}\n`)
    const lines = [bad, `again: ${repetition(result.plan, what)}`, `log: ${log}`]
    process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[K' : ''}${lines.join('\n')}\n`)
  }
  tell(line)
}

function repetition({ kind: ofRound, round }: RoundResult['plan'], what: readonly string[]): string {
  const ofKind = ofRound === undefined ? [] : ['--kind', ofRound]
  return command([...what, '--seed', String(seed), ...ofKind, '--only', String(round)])
}

function tell(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`)
}

function command(options: readonly string[]): string {
  return `npm run torture -- ${options.join(' ')}`
}
