// What metrics cost: CPU of a seed and of df get for one file, with nobody who reads metrics and with a scrape every second, and idle.
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { DF, Lab, LISTEN } from '../test/e2e/lab.ts'
import { parseSize, randomFile } from './material.ts'
import { cpuSecondsOf, measure } from './process.ts'
import { median } from './report.ts'

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '512MiB' },
    runs: { type: 'string', default: '5' },
    /** Another build's df, to compare with. */
    program: { type: 'string' },
  },
})
const SCRAPE_MS = 1000
const IDLE_MS = 10_000

interface Way {
  name: string
  program: string
  address: string
  pid: number
  /** URL of its metrics, if they are scraped. */
  metrics: string | undefined
  cpu: number[]
}

const lab = await Lab.open()
const stopped = new AbortController()
try {
  await randomFile(lab.path('www', 'file.bin'), parseSize(values.size))
  const origin = await lab.nginx({ extra: 'sendfile on;' })
  const ways: Way[] = []
  if (values.program !== undefined) ways.push(await way('the other build', values.program, []))
  ways.push(await way('no metrics', DF, []))
  ways.push(await way('scraped every second', DF, ['--metrics', '127.0.0.1:0']))
  const scraping = Promise.all(ways.map(({ metrics }) => metrics && scrape(metrics)))
  // the first round warms the seeds, and is not counted
  for (let round = 0; round <= Number(values.runs); round++) {
    for (const each of ways) {
      const seconds = await run(each, `${origin.url}/file.bin`)
      if (round > 0) each.cpu.push(seconds)
    }
  }
  const before = ways.map(({ pid }) => cpuSecondsOf(pid))
  await sleep(IDLE_MS)
  const idle = ways.map(({ pid }, i) => (cpuSecondsOf(pid) - (before[i] as number)) / (IDLE_MS / 1000))
  stopped.abort()
  await scraping
  for (const [i, { name, cpu }] of ways.entries()) {
    const runs = cpu.map(seconds => seconds.toFixed(2)).join(' ')
    console.log(`${name}: CPU ${median(cpu).toFixed(2)} s (${runs}), idle ${((idle[i] as number) * 100).toFixed(2)} %`)
  }
} finally {
  stopped.abort()
  await lab.close()
}

async function way(name: string, program: string, more: string[]): Promise<Way> {
  const flags = ['seed', 'start', '--json', '--allow-origin', '127.0.0.1', ...LISTEN, ...more]
  const seed = lab.run(program, flags, `seed-${name.replaceAll(' ', '-')}`)
  const { addresses, metrics } = (await seed.line('ready')) as { addresses: string[]; metrics?: string }
  return { name, program, address: addresses[0] as string, pid: seed.pid, metrics, cpu: [] }
}

/** CPU seconds of both ends. */
async function run({ program, address, pid }: Way, url: string): Promise<number> {
  const before = cpuSecondsOf(pid)
  const args = ['get', '--quiet', '--no-origin', '--seed', address, '-o', lab.path('out'), url]
  const env = { ...process.env, DRAGONFLY_HOME: lab.path('home'), DRAGONFLY_SEEDS: '' }
  const { cpuSeconds } = await measure(program, args, lab.path('time'), { env })
  await rm(lab.path('out'))
  return cpuSeconds + cpuSecondsOf(pid) - before
}

async function scrape(url: string): Promise<void> {
  while (!stopped.signal.aborted) {
    await (await fetch(url, { headers: { accept: 'application/openmetrics-text' } })).text()
    await sleep(SCRAPE_MS, undefined, { signal: stopped.signal }).catch(() => {})
  }
}
