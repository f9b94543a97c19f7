// Downloads one large file from nginx on loopback with curl, wget, df alone and df from a warm seed, and compares the costs.
import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { DF, Lab } from '../test/e2e/lab.ts'
import { parseSize, randomFile } from './material.ts'
import { type Cost, cpuSecondsOf, measure, peakBytesOf } from './process.ts'
import { circumstances, MiB, median, mib, publish, table } from './report.ts'

const { values } = parseArgs({
  options: { size: { type: 'string', default: '1GiB' }, runs: { type: 'string', default: '3' } },
})
const size = parseSize(values.size)

interface Way {
  name: string
  command: string
  args: string[]
  /** A process whose CPU time counts too. */
  helper?: number
  costs: (Cost & { helperCpuSeconds: number })[]
}

const lab = await Lab.open()
try {
  await randomFile(lab.path('www', 'file.bin'), size)
  const origin = await lab.nginx({ extra: 'sendfile on;' })
  const url = `${origin.url}/file.bin`
  const seed = await lab.seed()
  const ways: Way[] = [
    { name: 'curl', command: 'curl', args: ['-sSf', '-o', lab.path('out'), url], costs: [] },
    { name: 'wget', command: 'wget', args: ['-q', '-O', lab.path('out'), url], costs: [] },
    { name: 'df get, alone', command: DF, args: ['get', '--quiet', '-o', lab.path('out'), url], costs: [] },
    {
      name: 'df get, from a warm seed',
      command: DF,
      args: ['get', '--quiet', '--no-origin', '--seed', seed.address, '-o', lab.path('out'), url],
      helper: seed.pid,
      costs: [],
    },
  ]
  // The first round warms the seed and the caches, and is not counted. Then everything in turn: load hits all alike.
  for (let round = 0; round <= Number(values.runs); round++) {
    for (const way of ways) {
      const cost = await run(way)
      if (round > 0) way.costs.push(cost)
    }
  }
  await report(ways, seed.pid)
} finally {
  await lab.close()
}

async function run({ command, args, helper }: Way): Promise<Way['costs'][number]> {
  const env = { ...process.env, DRAGONFLY_HOME: lab.path('home'), DRAGONFLY_SEEDS: '' }
  const before = helper === undefined ? 0 : cpuSecondsOf(helper)
  const cost = await measure(command, args, lab.path('time'), { env })
  const helperCpuSeconds = helper === undefined ? 0 : cpuSecondsOf(helper) - before
  await rm(lab.path('out'))
  return { ...cost, helperCpuSeconds }
}

async function report(ways: readonly Way[], seedPid: number): Promise<void> {
  const rows = ways.map(({ name, costs }) => ({
    name,
    wall: median(costs.map(c => c.wallSeconds)),
    fastest: Math.min(...costs.map(c => c.wallSeconds)),
    cpu: median(costs.map(c => c.cpuSeconds)),
    helper: median(costs.map(c => c.helperCpuSeconds)),
    peak: Math.max(...costs.map(c => c.peakBytes)),
  }))
  const curl = rows[0] as (typeof rows)[number]
  const cells = rows.map(row => [
    row.name,
    row.wall.toFixed(2),
    row.fastest.toFixed(2),
    `${(row.wall / curl.wall).toFixed(2)} ×`,
    (size / MiB / row.wall).toFixed(0),
    row.cpu.toFixed(2),
    `${(row.cpu / curl.cpu).toFixed(1)} ×`,
    row.helper > 0 ? row.helper.toFixed(2) : '',
    mib(row.peak),
  ])
  const head = ['', 'wall s', 'fastest', 'to curl', 'MiB/s', 'CPU s', 'to curl', 'seed CPU s', 'peak MiB']
  await publish(
    'get',
    `# One file of ${mib(size)} MiB from loopback

${table(head, cells)}

${await circumstances(`npm run bench:get -- --size ${values.size} --runs ${values.runs}`, ['curl', 'wget', '/usr/sbin/nginx'])}

Medians of ${values.runs} interleaved rounds; peak is the worst. curl and wget only copy; df also hashes every byte (sha2-256), keeps
pieces in its store until the file is whole, and moves them to the output. CPU is user + system of the process itself. The seed's
peak so far: ${mib(peakBytesOf(seedPid))} MiB. nginx takes CPU of the same machine in every row but the last.`,
  )
}
