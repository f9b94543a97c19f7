// A flash crowd: many clients come to one real seed at the same moment, for a content that nobody has yet. What it costs the seed, and
// what the origin gives.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Lab, type Nginx } from '../test/e2e/lab.ts'
import type { ClientKind, FlashOrder, FlashResult } from './flash-clients.ts'
import { parseSize, randomFile } from './material.ts'
import { cpuSecondsOf, mainCpuSecondsOf, peakBytesOf } from './process.ts'
import { circumstances, median, mib, publish, table } from './report.ts'

const CLIENTS = fileURLToPath(new URL('flash-clients.ts', import.meta.url))

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '64KiB' },
    clients: { type: 'string', default: '1200' },
    /** hosts, nodes, or both with a comma. */
    kinds: { type: 'string', default: 'hosts' },
    /** Processes that the clients are spread over. */
    processes: { type: 'string', default: '3' },
    /** Seconds that a client has. */
    limit: { type: 'string', default: '300' },
    runs: { type: 'string', default: '1' },
    /** Clients that come to another seed first, so that V8 has compiled what the clients of the bench are made of. */
    warm: { type: 'string', default: '150' },
    /** A folder for a CPU profile of the seed. */
    profile: { type: 'string' },
    /** Write bench/results/flash.md. */
    publish: { type: 'boolean', default: false },
  },
})
const [clients, processes, warm] = [Number(values.clients), Number(values.processes), Number(values.warm)]
const size = parseSize(values.size)

const HEAD = [
  'clients',
  'served',
  'copies from the origin',
  'requests',
  'CPU ms of the seed a client',
  'of it the main thread',
  'seconds: connected, last',
  'resolved, last',
  'linked, last',
  'done: median',
  'last',
  'seed MiB, peak',
]
const rows: string[][] = []
const lab = await Lab.open()
try {
  await randomFile(lab.path('www', 'file.bin'), size)
  const origin = await lab.nginx({ extra: 'sendfile on;' })
  for (const kind of values.kinds.split(',') as ClientKind[]) {
    for (let run = 0; run < Number(values.runs); run++) {
      rows.push(await flash(origin, kind, `${origin.url}/file.bin?${kind}-${run}`))
      process.stdout.write(`${rows.at(-1)?.join('  ')}\n`)
    }
  }
} finally {
  await lab.close()
}

const command = `npm run bench:flash -- --clients ${clients} --size ${values.size} --kinds ${values.kinds} --processes ${processes} --warm ${warm} --runs ${values.runs}`
const text = `# A flash crowd at one seed

${table(HEAD, rows)}

${await circumstances(command, ['/usr/sbin/nginx'])}

${clients} clients come to one \`df seed start\` at the same moment, for a content of ${size / 1024} KiB that the seed does not have yet; seed, origin (nginx, which counts its
bytes) and clients share one machine. *hosts*: TLS, resolve and link, by libp2p hosts, ${Math.ceil(clients / processes)} in a process; they cannot read the origin. *nodes*: whole nodes, which
download as \`df get\` does, and read the origin where \`df get\` would.`
if (values.publish) await publish('flash', text)
else process.stdout.write(`\n${text}\n`)

async function flash(origin: Nginx, kind: ClientKind, url: string): Promise<string[]> {
  const name = `seed-${rows.length}`
  const seeds: Awaited<ReturnType<typeof lab.seed>>[] = []
  const profiled = values.profile === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${values.profile}` }
  const dir = await lab.folder(`clients-${rows.length}`)
  const order = { kind, url, dir, limitMs: Number(values.limit) * 1000 }
  const workers = Array.from({ length: processes }, () => fork(CLIENTS))
  try {
    await warmUp(workers, order)
    const seed = await lab.seed(name, [], profiled)
    seeds.push(seed)
    await prepare(workers, { ...order, seed: seed.address, seedPeer: seed.peerId }, clients)
    const before = { bytes: await origin.bytes(), requests: (await origin.requests()).length, cpu: cpuSecondsOf(seed.pid) }
    const mainBefore = mainCpuSecondsOf(seed.pid)
    const answers = await Promise.all(workers.map(worker => ask(worker, { go: true }, 'results')))
    const cpu = cpuSecondsOf(seed.pid) - before.cpu
    const main = mainCpuSecondsOf(seed.pid) - mainBefore
    const results = answers.flatMap(answer => answer.results as FlashResult[])
    complain(results)
    return [
      `${clients} ${kind}`,
      String(results.filter(({ doneMs }) => doneMs !== undefined).length),
      (((await origin.bytes()) - before.bytes) / size).toFixed(2),
      String((await origin.requests()).length - before.requests),
      ((cpu * 1000) / clients).toFixed(1),
      ((main * 1000) / clients).toFixed(1),
      ...(['connectedMs', 'resolvedMs', 'linkedMs'] as const).map(key => seconds(results, key, last)),
      seconds(results, 'doneMs', median),
      seconds(results, 'doneMs', last),
      mib(peakBytesOf(seed.pid)),
    ]
  } finally {
    for (const worker of workers) if (worker.connected) worker.disconnect()
    await Promise.all(workers.map(worker => worker.exitCode ?? once(worker, 'exit')))
    for (const seed of seeds) {
      seed.child.kill('SIGTERM')
      await seed.ended
    }
    await rm(dir, { recursive: true, force: true })
  }
}

type Worker = ReturnType<typeof fork>

/** Not counted: a crowd at a seed that ends with it. */
async function warmUp(workers: readonly Worker[], order: Omit<FlashOrder, 'clients' | 'seed' | 'seedPeer'>): Promise<void> {
  if (warm === 0) return
  const seed = await lab.seed(`warm-${rows.length}`)
  await prepare(workers, { ...order, url: `${order.url}-warm`, seed: seed.address, seedPeer: seed.peerId }, warm)
  await Promise.all(workers.map(worker => ask(worker, { go: true }, 'results')))
  await Promise.all(workers.map(worker => ask(worker, { stop: true }, 'stopped')))
  seed.child.kill('SIGTERM')
  await seed.ended
}

async function prepare(workers: readonly Worker[], order: Omit<FlashOrder, 'clients'>, count: number): Promise<void> {
  const counts = workers.map((_, i) => Math.floor((count + i) / workers.length))
  await Promise.all(workers.map((worker, i) => ask(worker, { prepare: { ...order, clients: counts[i] } }, 'ready')))
}

async function ask(worker: Worker, order: object, type: string): Promise<Record<string, unknown>> {
  worker.send(order)
  for (;;) {
    const [answer] = (await once(worker, 'message')) as [Record<string, unknown>]
    if (answer.type === type) return answer
  }
}

function last(times: readonly number[]): number {
  return Math.max(...times)
}

function seconds(
  results: readonly FlashResult[],
  key: 'connectedMs' | 'resolvedMs' | 'linkedMs' | 'doneMs',
  of: (times: readonly number[]) => number,
): string {
  const times = results.flatMap(result => result[key] ?? [])
  return times.length === 0 ? '' : (of(times) / 1000).toFixed(1)
}

/** Each error once, and how often. */
function complain(results: readonly FlashResult[]): void {
  const errors = new Map<string, number>()
  for (const { error } of results) if (error !== undefined) errors.set(error, (errors.get(error) ?? 0) + 1)
  for (const [error, count] of errors) process.stderr.write(`${count} × ${error}\n`)
}
