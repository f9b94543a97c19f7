// Many rounds of downloads among faults drawn by lot. Ends with 1 when one came out wrong, or failed without a reason.
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { circumstances } from '../report.ts'
import { Crew } from './crew.ts'
import { canMount } from './disk.ts'
import { planOf } from './plan.ts'
import { runRound } from './round.ts'
import { count, newTally, progress, summary } from './tally.ts'

/** Processes that wait ready to be killed. */
const SPARES = 2
/** The nodes of so many rounds, one round after the other, share a process. */
const ROUNDS_TOGETHER = 25

const USAGE = `npm run torture -- [options]
  --rounds N     rounds, default 20
  --seed N       what the plans are drawn from, default 1
  --only N       this round alone
  --seconds N    begin no further round after so long, default no limit
  --jobs N       rounds at the same time, default 4
  --json         one line of JSON at the end in place of the table
`

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
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
if (values.help || !(rounds >= 1 && jobs >= 1 && seconds > 0 && Number.isInteger(seed))) {
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

async function torture(): Promise<void> {
  const smallDisks = await canMount(path.join(dir, 'disk'))
  if (!smallDisks) process.stderr.write('no full disks: only root can mount a small one\n')
  const tally = newTally(seed)
  const begun = performance.now()
  const left = values.only === undefined ? Array.from({ length: rounds }, (_, i) => i) : [Number(values.only)]
  const all = left.length
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
      count(tally, await runRound(planOf(seed, round, { smallDisks }), path.join(dir, `round-${round}`), crew, commons))
      process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${progress(tally, all)}` : `${progress(tally, all)}\n`)
    }
  }
  await Promise.all(Array.from({ length: jobs }, lane))
  tally.seconds = (performance.now() - begun) / 1000
  if (process.stderr.isTTY) process.stderr.write('\n')
  process.stdout.write(values.json ? `${JSON.stringify(tally)}\n` : `${summary(tally)}\n\n${await circumstances(command())}\n`)
  if (tally.counts.wrong + tally.counts.failed > 0) process.exitCode = 1
}

function command(): string {
  return `npm run torture -- ${process.argv.slice(2).join(' ')}`
}
