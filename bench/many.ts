// Measures 1,000 files of 16 KiB from nginx on this host: df get, curl over one connection, and one curl for each file.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { DF, Lab } from '../test/e2e/lab.ts'
import { type Cost, measure } from './process.ts'
import { circumstances, median, mib, publish, table } from './report.ts'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '5' }, files: { type: 'string', default: '1000' } },
})
const COUNT = Number(values.files)
const LENGTH = 16 * 1024

const lab = await Lab.open()
try {
  const names = Array.from({ length: COUNT }, (_, i) => `f${i}.bin`)
  for (const name of names) await lab.file(name, LENGTH)
  const { url } = await lab.nginx({ http: 'keepalive_requests 100000;' })
  const urls = names.map(name => `${url}/${name}`)
  await writeFile(lab.path('list'), urls.map(url => `${url}\n`).join(''))
  await writeFile(lab.path('curl'), urls.map(url => `url = "${url}"\n`).join(''))
  const get = (parallel: string) => [DF, 'get', '--quiet', '-i', lab.path('list'), '--parallel', parallel, '-P', lab.path('out')]
  const daemon = spawn(
    DF,
    ['daemon', 'start', '--json', '--store', lab.path('daemon-store'), '--listen', '/ip4/127.0.0.1/tcp/0'],
    {
      env: environment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  await once(daemon.stdout, 'data')
  const ways: Record<string, string[]> = {
    'curl --remote-name-all, one connection': ['curl', '-s', '--remote-name-all', '-K', lab.path('curl')],
    'df get --parallel 8': [...get('8'), '--no-daemon'],
    'df get --parallel 1': [...get('1'), '--no-daemon'],
    'df get, through a daemon': get('8'),
    'one curl for each file': ['sh', '-c', 'while read -r url; do curl -s -O "$url"; done <"$0"', lab.path('list')],
  }
  const costs = new Map<string, Cost[]>(Object.keys(ways).map(name => [name, []]))
  try {
    for (let round = 0; round < Number(values.runs); round++) {
      for (const [name, [command = '', ...args]] of Object.entries(ways)) {
        await rm(lab.path('out'), { recursive: true, force: true })
        await mkdir(lab.path('out'))
        costs.get(name)?.push(await measure(command, args, lab.path('time'), { env: environment(), cwd: lab.path('out') }))
        const found = (await readdir(lab.path('out'))).length
        if (found !== COUNT) throw new Error(`${name}: ${found} of ${COUNT} files`)
      }
    }
  } finally {
    daemon.kill()
    await once(daemon, 'close')
  }
  await report(costs)
} finally {
  await lab.close()
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, DRAGONFLY_HOME: lab.path('home'), DRAGONFLY_SEEDS: '' }
}

async function report(costs: Map<string, Cost[]>): Promise<void> {
  const rows = [...costs].map(([name, row]) => {
    const perFile = row.map(({ wallSeconds }) => (wallSeconds * 1000) / COUNT)
    return [
      name,
      median(perFile).toFixed(2),
      Math.min(...perFile).toFixed(2),
      Math.max(...perFile).toFixed(2),
      ((median(row.map(({ cpuSeconds }) => cpuSeconds)) * 1000) / COUNT).toFixed(2),
      mib(median(row.map(({ peakBytes }) => peakBytes))),
    ]
  })
  await publish(
    'many',
    `# Many small files: ${COUNT} of 16 KiB

${table(['', 'median ms a file', 'fastest', 'slowest', 'CPU ms a file', 'peak MiB'], rows)}

${await circumstances(`npm run bench:many -- --runs ${values.runs} --files ${COUNT}`, ['/usr/sbin/nginx', 'curl'])}

Medians of ${values.runs} interleaved rounds, whole processes from start to end, divided by the number of files; origin and disk are on
the same machine. df verifies every file, keeps it in its store until it is whole, and gives it its place and time in one step.
Of the daemon only what the client costs is counted.`,
  )
}
