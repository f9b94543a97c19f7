// Measures whether memory stays flat: a long content through a seed and a peer, and what each idle peer of a seed holds.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, open, readFile, statfs } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Lab, type Running } from '../test/e2e/lab.ts'
import type { FlashOrder, FlashResult } from './flash-clients.ts'
import { parseSize } from './material.ts'
import { residentBytesOf } from './process.ts'
import { circumstances, MiB, median, mib, publish, table } from './report.ts'

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '10GiB' },
    /** Connected peers that want nothing. */
    idle: { type: 'string', default: '300' },
    /** flow, idle, or both with a comma. */
    only: { type: 'string', default: 'flow,idle' },
    /** Do not write bench/results/steady.md. */
    dry: { type: 'boolean', default: false },
  },
})
const SAMPLE_MS = 250
/** The aim: no process needs more. */
const AIM_BYTES = 150 * MiB
/** Until a seed has asked those that stay who they are (LASTING_MS of src/net/identify.ts), and is quiet again. */
const SETTLE_MS = 9000
/** Peers that come at the same moment. */
const GROUP = 20
const PROBE = fileURLToPath(new URL('memory-probe.cjs', import.meta.url))
const CLIENTS = fileURLToPath(new URL('flash-clients.ts', import.meta.url))

interface Sample {
  /** Of the resident set: memory of its own, and pages of files, the Node binary for one. */
  total: number
  own: number
  file: number
}

const flows: string[][] = []
const idle: string[][] = []
const lab = await Lab.open()
try {
  const origin = await lab.nginx({ extra: 'sendfile on;' })
  await mkdir(lab.path('www'), { recursive: true })
  if (values.only.includes('flow')) await flow(`${origin.url}/large.bin`, parseSize(values.size))
  if (values.only.includes('idle')) await idlers(`${origin.url}/small.bin`, Number(values.idle))
} finally {
  await lab.close()
}

const flowHead = [
  '',
  'before',
  'median',
  'peak',
  'first quarter',
  'last quarter',
  'at the peak: own',
  'of files',
  'heap, most',
  'external, most',
]
const idleHead = ['seed', 'resident MiB', 'heap MiB', 'external MiB']
const text = `# Memory over time

${mib(parseSize(values.size))} MiB (a sparse file) from nginx through a seed to a peer, then from the warm seed to another; MiB resident, the aim is ${mib(AIM_BYTES)}:

${table(flowHead, flows)}

One seed with peers that are connected and linked and want nothing, after a collection of garbage:

${table(idleHead, idle)}

${await circumstances(`npm run bench:steady -- --size ${values.size} --idle ${values.idle}`, ['/usr/sbin/nginx'])}

Resident set sizes every ${SAMPLE_MS} ms (\`/proc/PID/status\`); quarters are medians. "Of files": mapped pages of the Node binary and libraries, which all
processes of a host share. Heap (used) and external memory (buffers): \`process.memoryUsage()\` once a second.`
if (values.dry) process.stdout.write(`${text}\n`)
else await publish('steady', text)

async function flow(url: string, size: number): Promise<void> {
  const { bavail, bsize } = await statfs(lab.dir)
  // the seed's store and one output at a time
  if (bavail * bsize < 2.5 * size) throw new Error(`${lab.dir} has too little room for ${values.size}`)
  const file = await open(lab.path('www', 'large.bin'), 'w')
  await file.truncate(size)
  await file.close()
  const seed = await lab.seed('seed', [], probed('seed'))
  const before = residentBytesOf(seed.pid)
  for (const [name, more] of [
    ['cold', []],
    ['warm', ['--no-origin']],
  ] as const) {
    const seedSamples = watch(seed.pid)
    const began = performance.now()
    const args = ['get', url, '-o', `out-${name}`, '--seed', seed.address, '--quiet', ...more]
    const get = lab.df(args, `home-${name}`, probed(name))
    const getSamples = watch(get.pid)
    await succeeded(get)
    const took = (performance.now() - began) / 1000
    flows.push(await flowRow(`seed, ${name}, ${took.toFixed(0)} s`, 'seed', seedSamples(), before))
    flows.push(await flowRow(`df get, from the ${name} seed`, name, getSamples()))
    process.stderr.write(`${flows.slice(-2).join('\n')}\n`)
    const done = await open(lab.path(`out-${name}`), 'r+')
    await done.truncate(0)
    await done.close()
  }
  seed.child.kill('SIGTERM')
  await seed.ended
}

async function succeeded({ ended }: Running): Promise<void> {
  const { code, stderr } = await ended
  if (code !== 0) throw new Error(stderr)
}

async function flowRow(name: string, probe: string, samples: readonly Sample[], before?: number): Promise<string[]> {
  const totals = samples.map(({ total }) => total)
  const quarter = Math.ceil(totals.length / 4)
  const peak = samples.toSorted((a, b) => b.total - a.total)[0]
  const memory = await probeOf(probe)
  return [
    name,
    before === undefined ? '' : mib(before),
    mib(median(totals)),
    mib(peak?.total ?? NaN),
    mib(median(totals.slice(0, quarter))),
    mib(median(totals.slice(-quarter))),
    mib(peak?.own ?? NaN),
    mib(peak?.file ?? NaN),
    mib(Math.max(...memory.map(m => m.heapUsed))),
    mib(Math.max(...memory.map(m => m.external))),
  ]
}

async function idlers(url: string, count: number): Promise<void> {
  const file = await open(lab.path('www', 'small.bin'), 'w')
  // more than an answer carries itself
  await file.truncate(64 * 1024)
  await file.close()
  const seed = await lab.seed('idle-seed', [], { ...probed('idle'), DRAGONFLY_BENCH_GC: '1' })
  await succeeded(lab.df(['get', url, '-o', 'small', '--seed', seed.address, '--quiet']))
  await row('alone')
  const clients = fork(CLIENTS)
  try {
    const dir = await lab.folder('clients')
    // a few at a time: not a crowd's peak is looked for, but what those who stay need
    for (let here = 0; here < count; here += GROUP) {
      const some = Math.min(GROUP, count - here)
      const order: FlashOrder = {
        kind: 'hosts',
        clients: some,
        seed: seed.address,
        seedPeer: seed.peerId,
        url,
        dir,
        limitMs: 120_000,
      }
      await ask({ prepare: order })
      const { results } = (await ask({ go: true })) as { results: FlashResult[] }
      const failed = results.find(({ linkedMs }) => linkedMs === undefined)
      if (failed !== undefined) throw new Error(`a peer was not linked: ${failed.error}`)
    }
    const [before, after] = [idle[0], await row(`with ${count} peers`)]
    const each = [1, 2, 3].map(i => `${(((Number(after[i]) - Number(before?.[i])) * 1024) / count).toFixed(0)} KiB`)
    idle.push(['each', ...each])
  } finally {
    clients.disconnect()
    if (clients.exitCode === null) await once(clients, 'exit')
  }
  await row('when they have left')

  async function ask(message: object): Promise<object> {
    clients.send(message)
    const [answer] = await once(clients, 'message')
    return answer
  }

  async function row(name: string): Promise<string[]> {
    await sleep(SETTLE_MS)
    const memory = (await probeOf('idle')).at(-1)
    const cells = [residentBytesOf(seed.pid), memory?.heapUsed ?? NaN, memory?.external ?? NaN].map(bytes =>
      (bytes / MiB).toFixed(1),
    )
    idle.push([name, ...cells])
    return [name, ...cells]
  }
}

function probed(name: string): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: `--require ${PROBE}`, DRAGONFLY_BENCH_MEMORY: lab.path(`probe-${name}`) }
}

async function probeOf(name: string): Promise<NodeJS.MemoryUsage[]> {
  const lines = (await readFile(lab.path(`probe-${name}`), 'utf8')).split('\n').filter(Boolean)
  return lines.map(line => JSON.parse(line))
}

/** Samples a process until it is asked, or has ended. */
function watch(pid: number): () => Sample[] {
  const samples: Sample[] = []
  const look = () => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8')
      const of = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024
      const sample = { total: of('VmRSS'), own: of('RssAnon'), file: of('RssFile') }
      if (sample.total > 0) samples.push(sample)
    } catch {
      clearInterval(timer)
    }
  }
  const timer = setInterval(look, SAMPLE_MS)
  return () => {
    clearInterval(timer)
    return samples
  }
}
