// Many rounds of downloads among faults drawn by lot. Ends with 1 when one came out wrong, or failed without a reason.
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { circumstances } from '../report.ts'
import { Crew } from './crew.ts'
import { canMount } from './disk.ts'
import { planOf } from './plan.ts'
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
const originOnly = values['origin-only']
const only = values.only === undefined ? undefined : Number(values.only)
const downloads = only !== undefined && !originOnly ? 0 : Number(values.downloads ?? (only === undefined ? 100 : 1))
if (values.help || !(rounds >= 1 && downloads >= 0 && (only ?? 0) >= 0 && jobs >= 1 && seconds > 0 && Number.isInteger(seed))) {
  process.stderr.write(USAGE)
  process.exit(values.help ? 0 : 2)
}

const dir = await mkdtemp(path.join(os.tmpdir(), 'df-torture-'))
const crew = await Crew.open(dir, SPARES)
let isStopped = false
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    // rounds that have begun come to their end, unless somebody insists
    if (isStopped) process.exit(130)
    isStopped = true
  })
try {
  await torture()
} finally {
  await crew.close()
  await rm(dir, { recursive: true, force: true, maxRetries: 3 })
}

/** One world after the other, then origins as the web has them; a tally of each. */
async function torture(): Promise<void> {
  const tallies = []
  if (!originOnly) tallies.push({ what: [], tally: await runWorlds() })
  if (downloads > 0) tallies.push({ what: ['--origin-only'], tally: await runOrigins() })
  if (process.stderr.isTTY) process.stderr.write('\n')
  for (const { what, tally } of tallies) {
    const again = (round: number) => command([...what, '--seed', String(seed), '--only', String(round)])
    process.stdout.write(values.json ? `${JSON.stringify(tally)}\n` : `${summary(tally, again)}\n\n`)
    if (tally.counts.wrong + tally.counts.failed > 0) process.exitCode = 1
  }
  if (!values.json) process.stdout.write(`${await circumstances(command(process.argv.slice(2)))}\n`)
}

async function runOrigins(): Promise<Counters> {
  const tally = newTally(seed)
  const begun = performance.now()
  const isOver = () => isStopped || performance.now() - begun > seconds * 1000
  const show = (result: RoundResult) => report(result, progress(tally, `${downloads} downloads`))
  await runWebRounds({ seed, downloads, only, jobs: Math.ceil(jobs / 2), isOver }, dir, crew, tally, show)
  tally.seconds = (performance.now() - begun) / 1000
  return tally
}

async function runWorlds(): Promise<Counters> {
  const smallDisks = await canMount(path.join(dir, 'disk'))
  if (!smallDisks) process.stderr.write('no full disks: only root can mount a small one\n')
  const tally = newTally(seed)
  const begun = performance.now()
  const left = only === undefined ? Array.from({ length: rounds }, (_, i) => i) : [only]
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
      const plan = planOf(seed, round, { smallDisks })
      const result = await runRound(plan, path.join(dir, `round-${round}`), crew, commons)
      count(tally, result, drawnIn(plan))
      report(result, progress(tally, all))
    }
    await crew.dismiss(commons)
  }
  await Promise.all(Array.from({ length: jobs }, lane))
  tally.seconds = (performance.now() - begun) / 1000
  return tally
}

/** What is bad at once: a run that is broken off has no summary. */
function report(result: RoundResult, line: string): void {
  const bad = complaint(result)
  if (bad !== undefined) process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[K' : ''}${bad}\n`)
  tell(line)
}

function tell(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`)
}

function command(options: readonly string[]): string {
  return `npm run torture -- ${options.join(' ')}`
}
