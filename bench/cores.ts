// What a seed's main thread, and all of its threads, spend on what it sends: without link workers and with them, in turn.
import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { Lab } from '../test/e2e/lab.ts'
import { parseSize, randomFile } from './material.ts'
import { cpuSecondsOf, mainCpuSecondsOf } from './process.ts'
import { median, table } from './report.ts'

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '1GiB' },
    /** Numbers of link workers, in turn. */
    workers: { type: 'string', default: '0,2' },
    /** Receivers at a time, in turn. */
    receivers: { type: 'string', default: '1,4' },
    runs: { type: 'string', default: '3' },
    /** A folder for CPU profiles of the seeds. */
    profile: { type: 'string' },
  },
})
const size = parseSize(values.size)

const lab = await Lab.open()
try {
  await randomFile(lab.path('www', 'file.bin'), size)
  const origin = await lab.nginx({ extra: 'sendfile on;' })
  const url = `${origin.url}/file.bin`
  const seeds = []
  for (const workers of values.workers.split(',')) {
    const profiled =
      values.profile === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${values.profile}/${workers}` }
    const seed = await lab.seed(`seed-${workers}`, ['--link-workers', workers], profiled)
    await get(seed, url, 'warm')
    seeds.push({ workers, seed, rows: new Map<string, number[][]>() })
  }
  for (let run = 0; run < Number(values.runs); run++) {
    for (const receivers of values.receivers.split(',')) {
      for (const { workers, seed, rows } of seeds) {
        const before = spent(seed.pid)
        const began = performance.now()
        const all = Array.from({ length: Number(receivers) }, (_, i) => get(seed, url, `${i}`))
        await Promise.all(all)
        const wall = (performance.now() - began) / 1000
        const after = spent(seed.pid)
        const gib = (size * Number(receivers)) / 2 ** 30
        const row = [(after.main - before.main) / gib, (after.all - before.all) / gib, wall]
        rows.set(receivers, [...(rows.get(receivers) ?? []), row])
        process.stdout.write(`${workers} workers, ${receivers} receivers: ${row.map(n => n.toFixed(2)).join('  ')}\n`)
      }
    }
  }
  const lines = seeds.flatMap(({ workers, rows }) =>
    [...rows].map(([receivers, list]) => [
      workers,
      receivers,
      ...[0, 1, 2].map(i => median(list.map(row => row[i] as number)).toFixed(2)),
    ]),
  )
  process.stdout.write(`\n${table(['workers', 'receivers', 'main thread CPU s/GiB', 'whole seed', 'wall s'], lines)}\n`)
  for (const { seed } of seeds) seed.child.kill('SIGTERM')
  await Promise.all(seeds.map(async ({ seed }) => await seed.ended))
} finally {
  await lab.close()
}

async function get(seed: { address: string }, from: string, name: string): Promise<void> {
  const home = `get-${name}`
  const got = lab.df(['get', from, '-o', lab.path(`${name}.out`), '--seed', seed.address, '--quiet'], home)
  const { code, stderr } = await got.ended
  if (code !== 0) throw new Error(`df get ended with ${code}: ${stderr}`)
  await rm(lab.path(home), { recursive: true, force: true })
  await rm(lab.path(`${name}.out`), { force: true })
}

/** CPU seconds of the main thread, and of all. */
function spent(pid: number): { main: number; all: number } {
  return { main: mainCpuSecondsOf(pid), all: cpuSecondsOf(pid) }
}
