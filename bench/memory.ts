// Measures the peak memory of a seed and its peers while a large file passes through all of them.
import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { Lab } from '../test/e2e/lab.ts'
import { parseSize, randomFile } from './material.ts'
import { peakBytesOf, residentBytesOf, watchPeak } from './process.ts'
import { circumstances, mib, publish, table } from './report.ts'

const { values } = parseArgs({ options: { size: { type: 'string', default: '2GiB' } } })
const size = parseSize(values.size)
const LISTEN = ['--listen', '/ip4/127.0.0.1/tcp/0']
const rows: string[][] = []

const lab = await Lab.open()
try {
  await randomFile(lab.path('www', 'file.bin'), size)
  const origin = await lab.nginx({ extra: 'sendfile on;' })
  const url = `${origin.url}/file.bin`
  await alone(url)
  await alone(url, ['-o', '-'], 'df get -o -, alone')
  await withPeers(url, 1)
  await withPeers(url, 3)
} finally {
  await lab.close()
}

await publish(
  'memory',
  `# Peak memory while ${mib(size)} MiB pass through

${table(['process', 'before, MiB', 'peak, MiB', 'seconds'], rows)}

${await circumstances(`npm run bench:memory -- --size ${values.size}`, ['/usr/sbin/nginx'])}

Resident set size, VmHWM of \`/proc/PID/status\`: shared pages of the Node binary (about 45 MiB) count. Every peer writes a file
and serves the others. "Before" is the seed ready and idle.`,
)

async function alone(url: string, output = ['-o', 'alone'], name = 'df get, alone'): Promise<void> {
  const got = lab.df(['get', url, ...output, '--quiet'], 'home-alone')
  got.child.stdout?.removeAllListeners('data').resume()
  const peak = watchPeak(got.child)
  const began = performance.now()
  const { code, stderr } = await got.ended
  if (code !== 0) throw new Error(stderr)
  rows.push([name, '', mib(peak()), seconds(began)])
  await rm(lab.path('alone'), { force: true })
}

/** A cold seed reads the origin while its peers get the file and serve one another. */
async function withPeers(url: string, peers: number): Promise<void> {
  const seed = await lab.seed(`seed-${peers}`)
  const before = residentBytesOf(seed.pid)
  const began = performance.now()
  const gets = Array.from({ length: peers }, (_, i) => {
    const running = lab.df(['get', url, '-o', `out-${i}`, '--seed', seed.address, ...LISTEN, '--json'], `home-${peers}-${i}`)
    return { running, peak: watchPeak(running.child) }
  })
  const ended = await Promise.all(gets.map(get => get.running.ended))
  const took = seconds(began)
  rows.push([`df seed start, ${peers} peer${peers > 1 ? 's' : ''}`, mib(before), mib(peakBytesOf(seed.pid)), took])
  for (const [i, { code, stdout, stderr }] of ended.entries()) {
    if (code !== 0) throw new Error(`${stdout}${stderr}`)
    rows.push([`df get ${i + 1} of ${peers}`, '', mib(gets[i]?.peak() ?? NaN), took])
    await rm(lab.path(`out-${i}`))
  }
  if (peers === 1) await fromWarm(url, seed)
  seed.child.kill('SIGTERM')
  await seed.ended
  await rm(lab.path(`seed-${peers}`), { recursive: true })
}

/** The seed has it all already: bytes come as fast as the peer takes them. */
async function fromWarm(url: string, seed: { pid: number; address: string }): Promise<void> {
  const before = residentBytesOf(seed.pid)
  const began = performance.now()
  const get = lab.df(['get', url, '-o', 'out-warm', '--seed', seed.address, '--no-origin', '--quiet'], 'home-warm')
  const peak = watchPeak(get.child)
  const { code, stderr } = await get.ended
  if (code !== 0) throw new Error(stderr)
  const took = seconds(began)
  rows.push(['df get, from the warm seed', '', mib(peak()), took])
  rows.push(['df seed start, warm', mib(before), mib(peakBytesOf(seed.pid)), took])
  await rm(lab.path('out-warm'))
}

function seconds(began: number): string {
  return ((performance.now() - began) / 1000).toFixed(1)
}
