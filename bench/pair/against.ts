// Compares what this checkout costs with another commit, by the ratio of CPU times in interleaved runs; fails where it has become dearer.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Lab } from '../../test/e2e/lab.ts'
import { parseSize, randomFile } from '../material.ts'
import { MiB, median, table } from '../report.ts'
import { type PairCost, receive } from './receive.ts'
import { dragonfly, installed, type Pair } from './ways.ts'

const USAGE = `npm run bench:against -- [REF] [--ceiling 1.15] [--runs 5] [--size 256MiB] [--node PROGRAM]
REF: a tag or commit; default the last tag. --node: compare the programs of Node instead: this checkout under PROGRAM against the usual one.`
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Of our CPU time to theirs, median of all rounds; above it the exit code is 1. Rounds of one build against itself differ by less. */
    ceiling: { type: 'string', default: '1.15' },
    runs: { type: 'string', default: '5' },
    size: { type: 'string', default: '256MiB' },
    node: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  process.stdout.write(`${USAGE}\n`)
  process.exit(0)
}
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Starts that count as one: the system counts CPU time in hundredths of a second. */
const STARTS = 5
const size = parseSize(values.size)

interface Build {
  name: string
  df: string
  node: string
}

interface Contest {
  name: string
  times: number
  pairs: { ours: Pair; theirs: Pair }
  rounds: { ours: PairCost; theirs: PairCost }[]
}

const lab = await Lab.open()
let isDearer = false
try {
  execFileSync('npm', ['run', 'build'], { cwd: ROOT, stdio: 'ignore' })
  const ours: Build = { name: 'ours', df: await installed(ROOT, lab.path('ours')), node: values.node ?? process.execPath }
  const theirs = await other()
  await randomFile(lab.path('www', 'large.bin'), size)
  await randomFile(lab.path('www', 'small.bin'), 1024)
  const nginx = await lab.nginx({ extra: 'sendfile on;' })
  const contest = async (name: string, file: string, way: 0 | 1, times: number): Promise<Contest> => {
    const start = (build: Build) => {
      const mark = `-${build.name}-${file}-${way}`
      const origin = { pid: nginx.pid, url: `${nginx.url}/${file}.bin` }
      return dragonfly(build.df, build.node, mark)[way].start(lab, lab.path('www', `${file}.bin`), origin)
    }
    return { name, times, pairs: { ours: await start(ours), theirs: await start(theirs) }, rounds: [] }
  }
  const contests = [
    await contest(`from a warm seed, ${size / MiB} MiB, both ends`, 'large', 1, 1),
    await contest(`alone, ${size / MiB} MiB`, 'large', 0, 1),
    await contest(`start: 1 KiB alone, ${STARTS} times`, 'small', 0, STARTS),
  ]
  // the first round fills caches and warms seeds
  for (let round = 0; round <= Number(values.runs); round++) {
    for (const { pairs, times, rounds } of contests) {
      // each begins as often as the other: whoever is second may have it easier
      const order = round % 2 === 0 ? (['ours', 'theirs'] as const) : (['theirs', 'ours'] as const)
      const costs: Partial<Record<'ours' | 'theirs', PairCost>> = {}
      for (const who of order) costs[who] = await cost(pairs[who], times)
      if (round > 0) rounds.push(costs as Contest['rounds'][number])
    }
  }
  isDearer = report(contests, theirs)
} finally {
  await lab.close()
}
process.exitCode = isDearer ? 1 : 0

/** What ours is compared with. */
async function other(): Promise<Build> {
  if (values.node !== undefined) return { name: 'theirs', df: lab.path('ours', 'bin', 'df'), node: process.execPath }
  const ref = positionals[0] ?? lastTag()
  const commit = git('rev-parse', '--short', '--verify', `${ref}^{commit}`)
  const folder = lab.path(commit)
  await mkdir(folder)
  execFileSync('tar', ['-x', '-C', folder], {
    input: execFileSync('git', ['archive', commit], { cwd: ROOT, maxBuffer: 1024 * MiB }),
  })
  process.stderr.write(`building ${ref} (${commit})\n`)
  const isSame = readFileSync(path.join(ROOT, 'package-lock.json')).equals(readFileSync(path.join(folder, 'package-lock.json')))
  if (isSame && existsSync(path.join(ROOT, 'node_modules'))) {
    execFileSync('cp', ['-a', '--reflink=auto', path.join(ROOT, 'node_modules'), folder])
  } else
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  execFileSync('npm', ['run', 'build'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  return { name: commit, df: await installed(folder, lab.path('theirs')), node: process.execPath }
}

function lastTag(): string {
  try {
    return git('describe', '--tags', '--abbrev=0')
  } catch {
    throw new Error(`there is no tag yet: name a commit\n${USAGE}`)
  }
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'] })
    .toString()
    .trim()
}

async function cost({ receiver, sender, output }: Pair, times: number): Promise<PairCost> {
  const all: PairCost[] = []
  for (let i = 0; i < times; i++) {
    all.push(await receive(receiver, sender, lab.path('time')))
    await rm(output)
  }
  const sum = (field: keyof PairCost) => all.reduce((whole, one) => whole + one[field], 0)
  const most = (field: keyof PairCost) => Math.max(...all.map(one => one[field]))
  return {
    wallSeconds: sum('wallSeconds'),
    cpuSeconds: sum('cpuSeconds'),
    senderCpuSeconds: sum('senderCpuSeconds'),
    peakBytes: most('peakBytes'),
    senderPeakBytes: most('senderPeakBytes'),
    givenBackBytes: sum('givenBackBytes'),
  }
}

/** Prints the ratios; whether one of them is above the ceiling. */
function report(contests: readonly Contest[], theirs: Build): boolean {
  const ceiling = Number(values.ceiling)
  const ratios = contests.map(({ rounds }) => rounds.map(round => cpu(round.ours) / cpu(round.theirs)))
  const rows = contests.map(({ name, rounds }, i) => {
    const ratio = ratios[i] ?? []
    return [
      name,
      median(ratio).toFixed(2),
      `${Math.min(...ratio).toFixed(2)}–${Math.max(...ratio).toFixed(2)}`,
      median(rounds.map(({ ours }) => cpu(ours))).toFixed(2),
      median(rounds.map(round => cpu(round.theirs))).toFixed(2),
      median(rounds.map(round => round.ours.wallSeconds / round.theirs.wallSeconds)).toFixed(2),
      median(rounds.map(round => round.ours.peakBytes / round.theirs.peakBytes)).toFixed(2),
    ]
  })
  const head = ['', 'CPU, ratio', 'spread', 'CPU s, ours', 'theirs', 'wall, ratio', 'peak, ratio']
  const what = values.node === undefined ? `this checkout against ${theirs.name}` : `${values.node} against ${theirs.node}`
  process.stdout.write(
    `\n${what}, ${values.runs} interleaved rounds, medians of the ratios of each round:\n\n${table(head, rows)}\n\n`,
  )
  const dear = contests.filter((_, i) => median(ratios[i] ?? []) > ceiling)
  for (const { name } of dear) process.stdout.write(`dearer than ${ceiling} ×: ${name}\n`)
  return dear.length > 0
}

/** Of both ends; nginx, where it is the sender, costs next to nothing. */
function cpu({ cpuSeconds, senderCpuSeconds }: PairCost): number {
  return cpuSeconds + senderCpuSeconds
}
