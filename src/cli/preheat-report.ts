// Reports of df preheat: NDJSON for programs, lines for logs, and a live line on a terminal.
import type { NodeEvent, Preheated, PreheatProgress } from '../index.ts'
import { type Failure, failureLine, printable } from './errors.ts'
import { bytes, count, percent, rate, seconds } from './figures.ts'
import { errorLine, jsonLine } from './json-lines.ts'
import { eventFields, makeLog } from './log.ts'
import { isAtLeast, type Log, type LogFlags } from './log-levels.ts'
import { ProgressLine } from './progress-line.ts'
import type { Sink } from './report.ts'
import { SparseLines } from './sparse-lines.ts'

const BAR_CELLS = 20

/** One URL at one seed, or at whoever is responsible. */
export interface PreheatTarget {
  url: string
  /** Without what opens doors. */
  shown: string
}

export interface Summary {
  preheated: number
  alreadyThere: number
  failed: number
  bytes: number
  seconds: number
}

export interface PreheatReport {
  progress(errand: PreheatTarget, progress: PreheatProgress): void
  event(event: NodeEvent): void
  done(errand: PreheatTarget, done: Preheated): void
  failed(errand: PreheatTarget, failure: Failure): void
  /** The end, unless the whole command failed. */
  summary(summary: Summary): void
  /** What ended the whole command. */
  stopped(failure: Failure): void
}

export interface PreheatReportOptions {
  name: string
  json: boolean
  quiet: boolean
  log: LogFlags
  /** How many errands there are. */
  errands: number
}

export async function makePreheatReport(options: PreheatReportOptions, stdout: Sink, stderr: Sink): Promise<PreheatReport> {
  const { name, json, quiet, log: flags } = options
  const live = new ProgressLine(stderr)
  const above: Sink = {
    write: text => {
      live.clear()
      stderr.write(text)
    },
  }
  const log = await makeLog({ name, flags, usual: json || quiet ? undefined : 'warn' }, above)
  return json ? new Ndjson(stdout, log) : new Lines(options, stderr, live, log)
}

class Ndjson implements PreheatReport {
  readonly #sink: Sink
  readonly #log: Log

  constructor(sink: Sink, log: Log) {
    this.#sink = sink
    this.#log = log
  }

  progress({ url }: PreheatTarget, { seed, bytes, length }: PreheatProgress): void {
    this.#sink.write(jsonLine('preheatProgress', { url, seed, bytes, length }))
  }

  event(event: NodeEvent): void {
    if (isAtLeast(event.level, 'info')) this.#sink.write(`${JSON.stringify(eventFields(event))}\n`)
    this.#log.write(event)
  }

  done({ url }: PreheatTarget, done: Preheated): void {
    this.#sink.write(jsonLine('preheated', { url, ...done }))
  }

  failed({ url }: PreheatTarget, { code, message, hint }: Failure): void {
    this.#sink.write(jsonLine('preheatFailed', { url, code, message, hint }))
  }

  summary(summary: Summary): void {
    this.#sink.write(jsonLine('preheatSummary', { ...summary }))
  }

  stopped(failure: Failure): void {
    this.#sink.write(errorLine(failure))
  }
}

class Lines implements PreheatReport {
  readonly #options: PreheatReportOptions
  readonly #sink: Sink
  readonly #live: ProgressLine
  readonly #log: Log
  readonly #running = new Map<PreheatTarget, PreheatProgress>()
  #over = 0
  readonly #sparse = new SparseLines()

  constructor(options: PreheatReportOptions, sink: Sink, live: ProgressLine, log: Log) {
    this.#options = options
    this.#sink = sink
    this.#live = live
    this.#log = log
  }

  progress(errand: PreheatTarget, progress: PreheatProgress): void {
    this.#running.set(errand, progress)
    if (this.#options.quiet) return
    if (this.#sink.isTTY === true) return this.#live.show(`${this.#bar()}  ${this.#words()}`)
    const line = this.#sparse.due(() => this.#words())
    if (line !== undefined) this.#write(line)
  }

  event(event: NodeEvent): void {
    this.#log.write(event)
  }

  done(errand: PreheatTarget, { bytes: length, seconds: s, seed, alreadyThere }: Preheated): void {
    this.#end(errand)
    if (this.#options.quiet) return
    const how = alreadyThere ? 'was already there' : `in ${seconds(s)}${s > 0 && length > 0 ? ` (${rate(length / s)})` : ''}`
    this.#write(`preheated ${errand.shown}: ${bytes(length)} ${how}, seed ${seed}`)
  }

  failed(errand: PreheatTarget, failure: Failure): void {
    this.#end(errand)
    this.#write(failureLine(this.#options.name, { ...failure, message: `${errand.shown}: ${failure.message}` }))
  }

  summary({ preheated, alreadyThere, failed, bytes: all, seconds: s }: Summary): void {
    this.#live.clear()
    if (this.#options.quiet || this.#options.errands === 1) return
    const parts = [`${preheated} preheated (${alreadyThere} already there)`, ...(failed > 0 ? [`${failed} failed`] : [])]
    this.#write(`${parts.join(', ')}: ${bytes(all)} in ${seconds(s)}`)
  }

  stopped(failure: Failure): void {
    if (failure.code !== 'aborted' || !this.#options.quiet) this.#write(failureLine(this.#options.name, failure))
  }

  #end(errand: PreheatTarget): void {
    this.#running.delete(errand)
    this.#over++
  }

  /** `2 of 9 done; 26.9 MiB of 64.0 MiB under way at 2 seeds` */
  #words(): string {
    const running = [...this.#running.values()]
    const here = running.reduce((sum, p) => sum + p.bytes, 0)
    const whole = running.reduce((sum, p) => sum + (p.length ?? NaN), 0)
    const size = Number.isNaN(whole) ? bytes(here) : `${bytes(here)} of ${bytes(whole)}`
    const seeds = count(new Set(running.map(p => p.seed)).size, 'seed')
    return `${this.#over} of ${this.#options.errands} done; ${size} under way at ${seeds}`
  }

  #bar(): string {
    const parts = [...this.#running.values()].map(p => (p.length === undefined || p.length === 0 ? 0 : p.bytes / p.length))
    const part = this.#over + parts.reduce((sum, p) => sum + Math.min(1, p), 0)
    const full = Math.min(BAR_CELLS, Math.floor((part / this.#options.errands) * BAR_CELLS))
    return `${percent(part, this.#options.errands).padStart(5)} ${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)}`
  }

  #write(line: string): void {
    this.#live.clear()
    this.#sink.write(`${printable(line)}\n`)
  }
}
