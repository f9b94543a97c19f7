// Measures rate limits in real processes: the rate over 10 s against the one that was set, how smooth it is, and what it costs.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Lab } from '../test/e2e/lab.ts'
import type { NodeReport, NodeWork } from './limit-node.ts'
import { randomFile } from './material.ts'
import { circumstances, MiB, median, publish, table } from './report.ts'
import { runInNamespace, Wire } from './wire.ts'

/** `--against`: another checkout, whose cost without a limit is measured beside ours. */
const { values } = parseArgs({
  options: {
    rates: { type: 'string', default: '1,20,100' },
    downloads: { type: 'string', default: '1,10' },
    seconds: { type: 'string', default: '10' },
    runs: { type: 'string', default: '3' },
    against: { type: 'string' },
  },
})
const HERE = fileURLToPath(new URL('..', import.meta.url))
const WARM_UP_MS = 2000
const BUCKET_MS = 100
/** For the cost without a limit. */
const COST_BYTES = 512 * MiB

const measureMs = 1000 * Number(values.seconds)
const rows: string[][] = []
const costs: string[][] = []

const ended = runInNamespace()
if (ended !== undefined) process.exit(ended)

const lab = await Lab.open()
try {
  const nginx = await lab.nginx({ extra: 'sendfile on;' })
  for (const rate of values.rates.split(',').map(Number)) {
    for (const downloads of values.downloads.split(',').map(Number)) await limited(nginx.url, rate, downloads)
  }
  await unlimited(nginx.url)
} finally {
  await lab.close()
}

await publish(
  'limit',
  `# Rate limits: \`df seed start --limit\`, \`limits\` of a node

${table(['from', 'downloads', 'set, MiB/s', 'measured', 'off by', `most in ${BUCKET_MS} ms at the wire`, 'load', 'CPU, % of one'], rows)}

The cost without a limit, ${COST_BYTES / MiB} MiB from the origin by one download, median of ${values.runs} runs in turn:

${table(['node', 'seconds', 'CPU seconds'], costs)}

${await circumstances(`npm run bench:limit`, ['/usr/sbin/nginx'])}

Payload over ${values.seconds} s, after ${WARM_UP_MS / 1000} s, in a process of its own that gets files from nginx, or from a seed that has them (another
process). "At the wire": the largest rate over any ${BUCKET_MS} ms on the loopback
of a network namespace of its own, encryption and headers included, as a multiple of the limit. "Load": of the machine, which has
other work. "A limit beyond reach" does all the work of a limit and waits for nothing.`,
)

async function limited(url: string, rate: number, downloads: number): Promise<void> {
  const length = Math.ceil((rate * 1.3 * (WARM_UP_MS + measureMs)) / 1000 / downloads) + 4
  const name = `limited-${rate}-${downloads}.bin`
  await randomFile(lab.path('www', name), length * MiB)
  const urls = Array.from({ length: downloads }, (_, i) => `${url}/${name}?${i}`)
  await measured('origin', rate, urls, [])
  const seed = await lab.seed(`seed-${rate}-${downloads}`)
  for (const place of urls) {
    const warm = lab.df(['get', place, '-o', '/dev/null', '--seed', seed.address, '--quiet'])
    const { code, stderr } = await warm.ended
    if (code !== 0) throw new Error(stderr)
  }
  await measured('seed', rate, urls, [seed.address])
  seed.child.kill('SIGTERM')
  await seed.ended
}

async function measured(from: string, rate: number, urls: readonly string[], seeds: readonly string[]): Promise<void> {
  const wire = new Wire()
  const { report, begunAt } = await node({
    urls: [...urls],
    seeds: [...seeds],
    limit: rate * MiB,
    measureMs,
    warmUpMs: WARM_UP_MS,
  })
  wire.stop()
  const got = (1000 * report.bytes) / report.ms / MiB
  const most = wire.mostRate(BUCKET_MS, begunAt, begunAt + measureMs)
  const off = `${(100 * (got / rate - 1)).toFixed(1)} %`
  const cpu = ((100_000 * report.cpuSeconds) / report.ms).toFixed(0)
  const shown = most === undefined ? '' : `${(most / MiB / rate).toFixed(2)} ×`
  rows.push([from, String(urls.length), String(rate), got.toFixed(2), off, shown, os.loadavg()[0]?.toFixed(1) ?? '', cpu])
  process.stdout.write(`${rows.at(-1)?.join('  ')}\n`)
}

async function unlimited(url: string): Promise<void> {
  await randomFile(lab.path('www', 'cost.bin'), COST_BYTES)
  const library = values.against === undefined ? [] : [path.join(path.resolve(values.against), 'src', 'index.ts')]
  const kinds = [
    ...library.map(other => ({
      name: `before (${path.basename(path.resolve(values.against ?? ''))})`,
      library: other,
      limit: 0,
    })),
    { name: 'no limit', library: undefined, limit: 0 },
    { name: 'a limit beyond reach', library: undefined, limit: 1e12 },
  ]
  const reports = kinds.map((): NodeReport[] => [])
  for (let run = 0; run < Number(values.runs); run++) {
    for (const [i, { library, limit }] of kinds.entries()) {
      const work = { urls: [`${url}/cost.bin`], seeds: [], limit, measureMs: 0, warmUpMs: 0 }
      reports[i]?.push((await node({ ...work, ...(library !== undefined && { library }) })).report)
    }
  }
  for (const [i, { name }] of kinds.entries()) {
    const of = (value: (report: NodeReport) => number): string => median((reports[i] ?? []).map(value)).toFixed(2)
    costs.push([name, of(({ ms }) => ms / 1000), of(({ cpuSeconds }) => cpuSeconds)])
  }
}

/** Runs a node to its end. `begunAt`: when it began to measure. */
async function node(
  work: Omit<NodeWork, 'library' | 'home'> & { library?: string },
): Promise<{ report: NodeReport; begunAt: number }> {
  const full: NodeWork = { library: path.join(HERE, 'src', 'index.ts'), home: await lab.folder('node'), ...work }
  const script = path.join(HERE, 'bench', 'limit-node.ts')
  const child: ChildProcess = spawn(process.execPath, [script, JSON.stringify(full)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let begunAt = 0
  let report: NodeReport | undefined
  const closed = once(child, 'close')
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    if (line === 'begun') begunAt = performance.now()
    else report = JSON.parse(line)
  }
  const [code] = await closed
  if (report === undefined) throw new Error(`the node ended with ${code}`)
  return { report, begunAt }
}
