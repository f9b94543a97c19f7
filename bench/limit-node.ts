// One node in a process of its own for bench/limit.ts: downloads what it is told, and says what came.
import { cpuUsage } from 'node:process'
import { pathToFileURL } from 'node:url'

export interface NodeWork {
  /** `src/index.ts` of the checkout that is measured. */
  library: string
  home: string
  seeds: string[]
  urls: string[]
  /** Bytes a second; 0: no limit. */
  limit: number
  /** Measured for so long, after the warm-up; 0: to the end of all downloads. Milliseconds. */
  measureMs: number
  warmUpMs: number
}

export interface NodeReport {
  /** Payload that came while it was measured, and in which time. */
  bytes: number
  ms: number
  cpuSeconds: number
}

const work: NodeWork = JSON.parse(process.argv[2] ?? '')
const { createNode }: typeof import('../src/index.ts') = await import(pathToFileURL(work.library).href)
const node = await createNode({
  home: work.home,
  listen: [],
  seeds: work.seeds,
  network: work.seeds.length > 0,
  ...(work.limit > 0 && { limits: { down: work.limit } }),
})
const leaving = new AbortController()
const downloads = work.urls.map(url => node.download(url, '/dev/null', { keep: false, signal: leaving.signal }))
const all = Promise.allSettled(downloads)
// on a busy machine the first bytes take their time
if (work.warmUpMs > 0) while ((await received()) === 0) await wait(50)
await wait(work.warmUpMs)
process.stdout.write('begun\n')
const [before, begun, cpu] = [await received(), performance.now(), cpuUsage()]
if (work.measureMs > 0) await wait(work.measureMs)
else for (const { status } of await all) if (status === 'rejected') throw new Error('a download failed')
const ms = performance.now() - begun
const { user, system } = cpuUsage(cpu)
const report: NodeReport = { bytes: (await received()) - before, ms, cpuSeconds: (user + system) / 1e6 }
process.stdout.write(`${JSON.stringify(report)}\n`)
leaving.abort()
await all
await node.stop()

async function received(): Promise<number> {
  const metric = (await node.metrics()).find(({ name }) => name === 'dragonfly_received_bytes_total')
  return metric?.samples.reduce((sum, { value }) => sum + value, 0) ?? 0
}

async function wait(ms: number): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, ms))
}
