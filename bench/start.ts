// Measures the time from typing to done: an empty Node, `df help`, and `df get` of 1 KiB alone, from a warm seed, and through the DHT.
import { parseArgs } from 'node:util'
import { DF, Lab } from '../test/e2e/lab.ts'
import { type Cost, measure } from './process.ts'
import { circumstances, median, mib, publish, table } from './report.ts'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '11' } } })
const LISTEN = ['--listen', '/ip4/127.0.0.1/tcp/0']

const lab = await Lab.open()
try {
  await lab.file('file.bin', 1024)
  const origin = await lab.nginx()
  const url = `${origin.url}/file.bin`
  const seed = await lab.seed()
  // Holds the file, known to the newcomer by nothing but the DHT: it enters by `door`, which has nothing of it.
  const holder = lab.df(['get', url, '-o', 'held', '--seed', seed.address, '--linger', '1h', '--json', ...LISTEN], 'holder')
  await holder.line('done')
  const door = await lab.seed('door', ['--bootstrap', seed.address])
  const byDht = ['--no-origin', '--bootstrap', door.address, '--trust', seed.peerId]
  const get = (...more: string[]) => [DF, 'get', '--quiet', '-o', lab.path('out'), ...more, url]
  const ways: Record<string, string[]> = {
    'node -e 0': [process.execPath, '-e', '0'],
    'df help': [DF, 'help'],
    'df get, alone': get(),
    'df get, from a warm seed': get('--no-origin', '--seed', seed.address),
    'df get, provider found by DHT': get(...byDht),
  }
  const costs = new Map<string, Cost[]>(Object.keys(ways).map(name => [name, []]))
  // The first round fills Node's compile cache and is not counted.
  for (let round = 0; round <= Number(values.runs); round++) {
    for (const [name, [command = '', ...args]] of Object.entries(ways)) {
      const env = { ...process.env, DRAGONFLY_HOME: lab.path('home'), DRAGONFLY_SEEDS: '' }
      const cost = await measure(command, args, lab.path('time'), { env })
      if (round > 0) costs.get(name)?.push(cost)
    }
  }
  await report(costs)
} finally {
  await lab.close()
}

async function report(costs: Map<string, Cost[]>): Promise<void> {
  const rows = [...costs].map(([name, row]) => {
    const wall = row.map(c => c.wallSeconds * 1000)
    return [
      name,
      median(wall).toFixed(0),
      Math.min(...wall).toFixed(0),
      Math.max(...wall).toFixed(0),
      (median(row.map(c => c.cpuSeconds)) * 1000).toFixed(0),
      mib(median(row.map(c => c.peakBytes))),
    ]
  })
  await publish(
    'start',
    `# From typing to done, 1 KiB

${table(['', 'median ms', 'fastest', 'slowest', 'CPU ms', 'peak MiB'], rows)}

${await circumstances(`npm run bench:start -- --runs ${values.runs}`, ['/usr/sbin/nginx'])}

Medians of ${values.runs} interleaved rounds, whole processes from start to end, with Node's compile cache filled. "By DHT": the newcomer
knows one peer that has nothing of the file, and may not read the origin; the time includes loading, joining, the search,
the connection, the manifest, the piece, and stopping.`,
  )
}
