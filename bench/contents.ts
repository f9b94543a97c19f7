// Measures what a seed costs by the number of small contents that it has: CPU a file for the first reading and for warm ones, and memory.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { DF, Lab, LISTEN } from '../test/e2e/lab.ts'
import { cpuSecondsOf, peakBytesOf, residentBytesOf } from './process.ts'
import { circumstances, mib, publish, table } from './report.ts'

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '1000,3000,10000' },
    /** Bytes of each. */
    length: { type: 'string', default: '4096' },
    /** Readings by a fresh client after the first. */
    warm: { type: 'string', default: '2' },
    /** The df of another checkout, as the seed. */
    df: { type: 'string', default: DF },
    /** A folder for CPU profiles of the seed. */
    profile: { type: 'string' },
    publish: { type: 'boolean', default: true },
  },
  allowNegative: true,
})
const counts = values.files.split(',').map(Number)
const length = Number(values.length)
const PROBE = new URL('memory-probe.cjs', import.meta.url).pathname

const rows: string[][] = []
const lab = await Lab.open()
try {
  await mkdir(lab.path('www'), { recursive: true })
  for (let i = 0; i < Math.max(...counts); i++) await lab.file(`${i}.bin`, length)
  const { url } = await lab.nginx({ http: 'keepalive_requests 1000000;' })
  for (const count of counts) {
    rows.push(await seedOf(count, url))
    process.stderr.write(`${rows.at(-1)?.join('  ')}\n`)
  }
} finally {
  await lab.close()
}

const command = `npm run bench:contents -- --files ${values.files} --length ${length} --warm ${values.warm}`
const head = ['files', 'cold: CPU ms a file', 'warm: CPU ms a file', 'RSS MiB cold', 'warm', 'peak', 'heap, used / external MiB']
const text = `# A seed by the number of its small contents

${table(head, rows)}

${await circumstances(command, ['/usr/sbin/nginx'])}

A fresh \`df seed start\` for each row, and \`df get -i LIST --seed …\` of files of ${length} bytes: the first time from nginx through the seed, then from what it has. CPU of the
seed's process, divided by the number of files.`
if (values.publish) await publish('contents', text)
else process.stdout.write(`\n${text}\n`)

async function seedOf(count: number, url: string): Promise<string[]> {
  const home = `seed-${count}`
  const memory = lab.path(`memory-${count}`)
  const options = [`--require=${PROBE}`]
  if (values.profile !== undefined) options.push('--cpu-prof', `--cpu-prof-dir=${join(values.profile, `${count}`)}`)
  const here = [...LISTEN, '--allow-origin', '127.0.0.1', '--expire', '1h']
  const env = { NODE_OPTIONS: options.join(' '), DRAGONFLY_BENCH_MEMORY: memory }
  const seed = lab.run(values.df, ['seed', 'start', '--json', ...here], home, env)
  const { addresses } = (await seed.line('ready')) as { addresses: string[] }
  const list = lab.path('list')
  await writeFile(list, Array.from({ length: count }, (_, i) => `${url}/${i}.bin\n`).join(''))
  try {
    const cold = await costOf(seed.pid, count, addresses[0] as string)
    await pause(2000)
    const residentCold = residentBytesOf(seed.pid)
    const warm: number[] = []
    for (let run = 0; run < Number(values.warm); run++) warm.push(await costOf(seed.pid, count, addresses[0] as string))
    await pause(2000)
    const peak = [residentCold, residentBytesOf(seed.pid), peakBytesOf(seed.pid)].map(mib)
    return [String(count), cold.toFixed(2), warm.map(ms => ms.toFixed(2)).join(', '), ...peak, heapOf(memory)]
  } finally {
    seed.child.kill('SIGTERM')
    await seed.ended
    await rm(lab.path(home), { recursive: true, force: true })
  }
}

/** CPU of the seed, ms a file. */
async function costOf(seed: number, count: number, address: string): Promise<number> {
  const out = await lab.folder('out')
  const before = cpuSecondsOf(seed)
  const { code, stderr } = await lab.run(
    DF,
    ['get', '-q', '--no-daemon', '--seed', address, '-i', lab.path('list'), '-P', out],
    'client',
  ).ended
  if (code !== 0) throw new Error(stderr)
  const cost = cpuSecondsOf(seed) - before
  execFileSync('sh', ['-c', 'cd "$0" && for f in *; do cmp -s "$f" "../www/$f" || exit 1; done', out])
  await rm(out, { recursive: true })
  await rm(lab.path('client'), { recursive: true, force: true })
  return (cost * 1000) / count
}

function heapOf(file: string): string {
  if (!existsSync(file)) return ''
  const last = JSON.parse(readFileSync(file, 'utf8').trim().split('\n').at(-1) as string) as NodeJS.MemoryUsage
  return `${mib(last.heapTotal)}, ${mib(last.heapUsed)} / ${mib(last.external)}`
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
