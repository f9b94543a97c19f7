// A peer of the bench: downloads as `df get` does, reports that it is up, waits for the start, downloads, reports the result.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline/promises'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { NodeEvent, Progress } from '../../src/index.ts'

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    package: { type: 'string', default: '' },
    url: { type: 'string', default: '' },
    file: { type: 'string', default: '' },
    home: { type: 'string', default: '' },
    seed: { type: 'string', multiple: true, default: [] },
    linger: { type: 'boolean', default: false },
    profile: { type: 'string', default: '' },
  },
})

type Library = typeof import('../../src/index.ts')
/** What the program is made of, where it runs as part of that. */
const { dragonfly } = globalThis as { dragonfly?: Library }
const entry = path.join(values.package, 'dist', 'index.js')
const { createNode }: Library = dragonfly ?? (await import(pathToFileURL(entry).href))

const events: { ms: number; event: NodeEvent }[] = []
const samples: { ms: number; progress: Progress }[] = []
let begun = performance.now()
const elapsed = () => Math.round(performance.now() - begun)

const node = await createNode({
  seeds: values.seed,
  home: values.home,
  dhtServer: values.linger,
  onEvent: event => events.push({ ms: elapsed(), event }),
})
try {
  const orders = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  print({ type: 'ready' })
  await orders.next()
  await download()
  if (values.linger) await orders.next()
} catch (error) {
  print({ type: 'error', message: String(error), events, samples })
} finally {
  await node.stop()
  process.stdin.destroy()
}

async function download(): Promise<void> {
  const stopProfile = await startProfile()
  begun = performance.now()
  const before = process.cpuUsage()
  const receipt = await node.download(values.url, values.file, {
    keep: values.linger,
    onProgress: progress => samples.push({ ms: elapsed(), progress }),
  })
  const cpu = { start: inSeconds(before), download: inSeconds(process.cpuUsage(before)) }
  const maxRssBytes = process.resourceUsage().maxRSS * 1024
  print({ type: 'done', ms: elapsed(), receipt, cpu, maxRssBytes, events, samples })
  await stopProfile()
}

/** Of the download alone, where a file for it is named. */
async function startProfile(): Promise<() => Promise<void>> {
  if (values.profile === '') return async () => {}
  const { Session } = await import('node:inspector/promises')
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: 250 })
  await session.post('Profiler.start')
  return async () => {
    const { profile } = await session.post('Profiler.stop')
    writeFileSync(values.profile, JSON.stringify(profile))
  }
}

function inSeconds({ user, system }: NodeJS.CpuUsage) {
  return { user: user / 1e6, system: system / 1e6 }
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
