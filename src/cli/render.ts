// Chooses how a download tells about itself.
import type { Report, Sink } from './report.ts'

export interface ReportOptions {
  /** How the program was called, for messages. */
  name: string
  json: boolean
  quiet: boolean
  /** Standard output carries the content: NDJSON goes to standard error. */
  streaming: boolean
}

/** Loads only the one that is used. */
export async function makeReport(options: ReportOptions, stdout: Sink, stderr: Sink): Promise<Report> {
  if (options.json) {
    const { JsonReport } = await import('./render-json.ts')
    return new JsonReport(options.streaming ? stderr : stdout)
  }
  if (options.quiet) {
    const { QuietReport } = await import('./render-quiet.ts')
    return new QuietReport(options.name, stderr)
  }
  if (stderr.isTTY === true) {
    const { BarReport } = await import('./render-bar.ts')
    return new BarReport(options.name, stderr)
  }
  const { LineReport } = await import('./render-lines.ts')
  return new LineReport(options.name, stderr)
}
