// Writes plain lines for logs and pipes: progress while it changes, and the receipt.
import path from 'node:path'
import type { NodeEvent, Progress, Receipt } from '../index.ts'
import { hereOf, secondsLeft } from './bar-line.ts'
import { type Failure, failureLine, printable } from './errors.ts'
import { explainLines } from './explain.ts'
import { bytes, count, percent, rate, seconds, shares } from './figures.ts'
import { textLog } from './log.ts'
import type { Log } from './log-levels.ts'
import type { Planned, Report, Sink, Skipped, Summary, Transfer } from './report.ts'
import { SparseLines } from './sparse-lines.ts'

const TRUST: Record<Receipt['trust'], string> = {
  digest: 'the digest given',
  seed: "the seed's signature",
  origin: "the origin's own answer",
}

const KEPT: Record<Skipped['reason'], string> = {
  exists: 'it is already there',
  'not-newer': 'the content is not newer',
  equal: 'it is equal',
}

export class LineReport implements Report {
  readonly #name: string
  readonly #sink: Sink
  readonly #log: Log
  readonly #sparse: SparseLines

  /** `now` in milliseconds, on a clock that never goes back. */
  constructor(name: string, sink: Sink, log: Log = textLog(name, 'warn', sink), now?: () => number) {
    this.#name = name
    this.#sink = sink
    this.#log = log
    this.#sparse = new SparseLines(now)
  }

  started(_peerId: string, _addresses: readonly string[]): void {}

  progress(progress: Progress): void {
    const line = this.#sparse.due(() => progressLine(progress))
    if (line !== undefined) this.#write(line)
  }

  event(event: NodeEvent): void {
    this.#log.write(event)
  }

  done(receipt: Receipt): void {
    for (const line of receiptLines(receipt)) this.#write(line)
    // figures in columns, and no word from outside
    for (const line of explainLines(receipt, process.uptime() - receipt.seconds)) this.#sink.write(`${line}\n`)
  }

  lingering(s: number): void {
    this.#write(`serving it to others for ${seconds(s)}; Ctrl-C ends it`)
  }

  skipped({ output, reason }: Skipped): void {
    this.#write(`kept ${shortest(output)}: ${KEPT[reason]}`)
  }

  planned({ output, length }: Planned): void {
    this.#write(`would get ${shortest(output)}${length === undefined ? '' : `  ${bytes(length)}`}`)
  }

  removed(output: string, isPlan: boolean): void {
    this.#write(`${isPlan ? 'would remove' : 'removed'} ${shortest(output)}`)
  }

  head(): void {}

  note(text: string): void {
    this.#write(`${this.#name}: ${text}`)
  }

  failedOne({ url }: Transfer, failure: Failure): void {
    this.failed({ ...failure, message: `${url}: ${failure.message}` })
  }

  expect(): void {}

  summary(summary: Summary): void {
    this.#write(summaryLine(summary))
  }

  failed(failure: Failure): void {
    this.#write(failureLine(this.#name, failure))
  }

  close(): void {}

  #write(line: string): void {
    this.#sink.write(`${printable(line)}\n`)
  }
}

/** `26.9 MiB of 64.0 MiB (42 %), 19.2 MiB/s, 1.9 s left, from peers 70 %, origin 30 %; 8 peers` */
export function progressLine(p: Progress): string {
  const here = hereOf(p)
  const known = p.length !== undefined && p.length > 0
  const size = known ? `${bytes(here)} of ${bytes(p.length as number)} (${percent(here, p.length as number)})` : bytes(here)
  const left = secondsLeft(p)
  const from = shares(p, p.length ?? Infinity)
  const parts = [size, rate(p.rate)]
  if (left !== undefined) parts.push(`${seconds(left)} left`)
  if (from !== '') parts.push(`from ${from}`)
  const peers = p.peers === 0 ? '' : `; ${count(p.peers, 'peer')}`
  return `${parts.join(', ')}${peers}`
}

/** `998 files, 15.6 MiB in 8.2 s (1.9 MiB/s), 2 failed` */
export function summaryLine({ files, kept, failed, bytes: all, seconds: s, removed = 0, dryRun }: Summary): string {
  const speed = s > 0 && all > 0 ? ` (${rate(all / s)})` : ''
  const done = dryRun
    ? `${count(files, 'file')} to get, ${bytes(all)}`
    : `${count(files, 'file')}, ${bytes(all)} in ${seconds(s)}${speed}`
  const parts = [done]
  if (kept > 0) parts.push(`${kept} kept`)
  if (removed > 0) parts.push(`${removed} ${dryRun ? 'to remove' : 'removed'}`)
  return [...parts, ...(failed > 0 ? [`${failed} failed`] : [])].join(', ')
}

/** The short human form of a receipt: what was saved, its digest on a line of its own, where it came from. */
export function receiptLines(r: Receipt): string[] {
  const from = shares(r)
  return [savedLine(r), `sha256 ${r.sha256}`, `${from === '' ? 'empty' : `from ${from}`}; checked against: ${TRUST[r.trust]}`]
}

/** `saved f.iso  64.0 MiB in 3.2 s (20.0 MiB/s)` */
export function savedLine(r: Receipt): string {
  const fetched = r.bytes - r.resumed
  const speed = r.seconds > 0 && fetched > 0 ? ` (${rate(fetched / r.seconds)})` : ''
  const part = r.range === undefined ? '' : `bytes ${r.range.start}-${r.range.end - 1} of ${r.length ?? 'unknown length'}, `
  const what = r.output === '-' ? 'streamed' : `saved ${shortest(r.output)} `
  return `${what} ${part}${bytes(r.bytes)} in ${seconds(r.seconds)}${speed}`
}

/** Below the current folder by its relative path, elsewhere by the whole one. */
function shortest(file: string): string {
  const relative = path.relative('.', file)
  return relative === '' || relative.startsWith('..') ? file : relative
}
