// Measures the process itself: processor, memory, file descriptors, and how late its event loop is.
import { readdir, readFile } from 'node:fs/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { HostMetricName } from '../node/api/metrics.ts'
import type { Measured } from '../node/context/counters.ts'

/** How often the event loop is looked at, ms: twenty times a second costs nothing that can be measured. */
const RESOLUTION_MS = 50

/** Looks at the event loop from its construction on. */
export class ProcessMeter {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })

  constructor() {
    this.#delay.enable()
  }

  /** A value that this platform does not tell is undefined. */
  async measure(): Promise<Measured<HostMetricName>[]> {
    const { user, system } = process.cpuUsage()
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage()
    const [open, most] = await Promise.all([openFiles(), maxFiles()])
    return [
      ['process_cpu_seconds_total', {}, (user + system) / 1e6],
      ['process_resident_memory_bytes', {}, rss],
      ['process_start_time_seconds', {}, Math.round(performance.timeOrigin) / 1000],
      ['process_open_fds', {}, open],
      ['process_max_fds', {}, most],
      ['nodejs_heap_size_used_bytes', {}, heapUsed],
      ['nodejs_heap_size_total_bytes', {}, heapTotal],
      ['nodejs_external_memory_bytes', {}, external],
      ...this.#lag(),
    ]
  }

  /** Since the last call. Node measures from one look to the next, so the time between two looks is subtracted. */
  #lag(): Measured<HostMetricName>[] {
    const isThere = this.#delay.count > 0
    const seconds = (nanoseconds: number) => (isThere ? Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS) / 1000 : undefined)
    const lag: Measured<HostMetricName>[] = [
      ['nodejs_eventloop_lag_p50_seconds', {}, seconds(this.#delay.percentile(50))],
      ['nodejs_eventloop_lag_p99_seconds', {}, seconds(this.#delay.percentile(99))],
      ['nodejs_eventloop_lag_max_seconds', {}, seconds(this.#delay.max)],
    ]
    this.#delay.reset()
    return lag
  }
}

async function openFiles(): Promise<number | undefined> {
  // reading the folder opens one
  return await readdir('/proc/self/fd').then(
    names => names.length - 1,
    () => undefined,
  )
}

async function maxFiles(): Promise<number | undefined> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '')
  const [, soft] = /^Max open files +(\d+)/m.exec(limits) ?? []
  return soft === undefined ? undefined : Number(soft)
}
