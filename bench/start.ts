// Measures the time from typing to done: an empty Node, curl, `df help`, and `df get` of small files alone, through a daemon, from a warm seed, and through the DHT.
import { cp } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { Lab } from '../test/e2e/lab.ts'
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
  const df = await installed()
  await lab.file('large.bin', 1024 * 1024)
  await lab.df(['daemon', 'start', '--json', ...LISTEN], 'host').line('ready')
  const get = (...more: string[]) => [df, 'get', '--quiet', '-o', lab.path('out'), ...more, url]
  /** A URL that nobody has asked for before. */
  const fresh = (name: string, round: number) => `${origin.url}/${name}?round=${round}`
  const through = (target: string) => [df, 'get', '--quiet', '-o', lab.path('out'), target]
  const curl = (name: string) => ['curl', '-s', '-o', lab.path('out'), `${origin.url}/${name}`]
  const ways: Record<string, (round: number) => string[]> = {
    'node -e 0': () => [process.execPath, '-e', '0'],
    'curl, 1 KiB': () => curl('file.bin'),
    'curl, 1 MiB': () => curl('large.bin'),
    'df help': () => [df, 'help'],
    'df get, daemon, known 1 KiB': () => through(url),
    'df get, daemon, new 1 KiB': round => through(fresh('file.bin', round)),
    'df get, daemon, known 1 MiB': () => through(`${origin.url}/large.bin`),
    'df get, daemon, new 1 MiB': round => through(fresh('large.bin', round)),
    'df get, alone': () => get('--no-daemon'),
    'df get, from a warm seed': () => get('--no-origin', '--seed', seed.address),
    'df get, provider found by DHT': () => get(...byDht),
  }
  const costs = new Map<string, Cost[]>(Object.keys(ways).map(name => [name, []]))
  // The first round fills Node's compile cache and is not counted.
  for (let round = 0; round <= Number(values.runs); round++) {
    for (const [name, way] of Object.entries(ways)) {
      const [command = '', ...args] = way(round)
      const home = lab.path(name.includes('daemon') ? 'host' : 'home')
      const env = { ...process.env, DRAGONFLY_HOME: home, DRAGONFLY_SEEDS: '', DRAGONFLY_NODE: process.execPath }
      const cost = await measure(command, args, lab.path('time'), { env })
      if (round > 0) costs.get(name)?.push(cost)
    }
  }
  await report(costs)
} finally {
  await lab.close()
}

/** As a package has it: without sources beside what was built. */
async function installed(): Promise<string> {
  const root = path.join(import.meta.dirname, '..')
  for (const part of ['bin', 'dist', 'package.json'])
    await cp(path.join(root, part), lab.path('installed', part), { recursive: true })
  return lab.path('installed', 'bin', 'df')
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
    `# From typing to done

${table(['', 'median ms', 'fastest', 'slowest', 'CPU ms', 'peak MiB'], rows)}

${await circumstances(`npm run bench:start -- --runs ${values.runs}`, ['/usr/sbin/nginx'])}

Medians of ${values.runs} interleaved rounds, whole processes from start to end, with Node's compile cache filled; 1 KiB where no size is named.
"New": a URL that nobody asked for before. "By DHT": the newcomer
knows one peer that has nothing of the file, and may not read the origin; the time includes loading, joining, the search,
the connection, the manifest, the piece, and stopping.`,
  )
}
