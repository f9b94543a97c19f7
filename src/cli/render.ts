// Chooses how a download is reported: bar, lines, NDJSON or nothing.
import { makeLog } from './log.ts'
import type { LogFlags } from './log-levels.ts'
import type { Report, Sink } from './report.ts'

export interface ReportOptions {
  /** How the program was called, for messages. */
  name: string
  json: boolean
  quiet: boolean
  /** Standard output carries the content: NDJSON goes to standard error. */
  streaming: boolean
  log: LogFlags
  /** Of several downloads: how many, 0 when nobody knows yet. Undefined: there is one. */
  several?: number
}

/** Loads only the one that is used. */
export async function makeReport(options: ReportOptions, stdout: Sink, stderr: Sink): Promise<Report> {
  const { name, log: flags } = options
  // a program has the events in its NDJSON, and who wants quiet wants none, unless a log was asked for
  const usual = options.json || options.quiet ? undefined : 'warn'
  const log = await makeLog({ name, flags, usual }, stderr)
  if (options.json) {
    const { JsonReport } = await import('./render-json.ts')
    return new JsonReport(options.streaming ? stderr : stdout, log)
  }
  if (options.quiet) {
    const { QuietReport } = await import('./render-quiet.ts')
    return new QuietReport(name, stderr, log)
  }
  if (options.several !== undefined) {
    const { ManyReport } = await import('./render-many.ts')
    return new ManyReport({ name, log, files: options.several }, stderr)
  }
  if (stderr.isTTY === true) {
    const { BarReport } = await import('./render-bar.ts')
    return new BarReport(name, stderr, log)
  }
  const { LineReport } = await import('./render-lines.ts')
  return new LineReport(name, stderr, log)
}
