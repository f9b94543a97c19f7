// Several downloads for people: one line of all in a log; on a terminal a bar of all, and one for each that takes its time.
import { basename } from 'node:path'
import type { MultiBar } from 'cli-progress'
import progressBar from 'cli-progress'
import type { NodeEvent, Progress, Receipt } from '../index.ts'
import { fileLine, wordsLine } from './bar-line.ts'
import { type Failure, printable } from './errors.ts'
import { percent } from './figures.ts'
import type { Log } from './log-levels.ts'
import { paint } from './paint.ts'
import { BAR_OPTIONS } from './render-bar.ts'
import { LineReport, savedLine } from './render-lines.ts'
import type { Planned, Report, Sink, Skipped, Summary, Transfer } from './report.ts'
import { SparseLines } from './sparse-lines.ts'
import { Tally } from './tally.ts'

/** With more files than this, each one has no lines of its own. */
const MAX_TOLD = 20
/** What is over sooner has no bar of its own, milliseconds. */
const QUICK_MS = 500
const MAX_BARS = 8
/** Where the terminal does not say. */
const DEFAULT_ROWS = 24

export interface ManyOptions {
  name: string
  log: Log
  /** Downloads; 0: nobody knows yet. */
  files: number
  /** In milliseconds, on a clock that never goes back. */
  now?: () => number
}

export class ManyReport implements Report {
  readonly #sink: Sink
  readonly #log: Log
  readonly #lines: LineReport
  readonly #tally: Tally
  readonly #sparse: SparseLines
  readonly #now: () => number
  readonly #isTold: boolean
  #bars: Bars | undefined

  constructor({ name, log, files, now = () => performance.now() }: ManyOptions, sink: Sink) {
    this.#sink = sink
    this.#log = log
    this.#lines = new LineReport(name, sink, log, now)
    this.#tally = new Tally(files, now)
    this.#sparse = new SparseLines(now)
    this.#now = now
    this.#isTold = files > 0 && files <= MAX_TOLD
  }

  started(_peerId: string, _addresses: readonly string[]): void {}

  expect(files: number, isAll: boolean, bytes?: number): void {
    this.#tally.expect(files, isAll, bytes)
  }

  progress(progress: Progress, transfer?: Transfer): void {
    if (transfer !== undefined) this.#tally.progress(transfer, progress)
    this.#show()
  }

  event(event: NodeEvent): void {
    if (this.#log.shows(event)) this.#above(() => this.#log.write(event))
  }

  done(receipt: Receipt, transfer: Transfer = receipt): void {
    this.#tally.done(transfer, receipt)
    if (receipt.explain !== undefined) this.#above(() => this.#lines.done(receipt))
    else if (this.#isTold) this.#above(() => this.#write(`${savedLine(receipt)}\nsha256 ${receipt.sha256}`))
    this.#show()
  }

  packed(transfer: Transfer, files: number, bytes: number): void {
    this.#tally.packed(transfer, files, bytes)
    this.#show()
  }

  lingering(s: number): void {
    this.#above(() => this.#lines.lingering(s))
  }

  planned(planned: Planned): void {
    this.#above(() => this.#lines.planned(planned))
  }

  removed(output: string, isPlan: boolean): void {
    this.#above(() => this.#lines.removed(output, isPlan))
  }

  skipped(skipped: Skipped, transfer: Transfer = skipped, length = 0): void {
    this.#tally.skipped(transfer, length)
    if (this.#isTold) this.#above(() => this.#lines.skipped(skipped))
    this.#show()
  }

  head(): void {}

  note(text: string): void {
    this.#above(() => this.#lines.note(text))
  }

  failedOne(transfer: Transfer, failure: Failure): void {
    this.#tally.failed(transfer)
    this.#above(() => this.#lines.failedOne(transfer, failure))
  }

  failed(failure: Failure): void {
    this.#above(() => this.#lines.failed(failure))
  }

  summary(summary: Summary): void {
    this.#above(() => this.#lines.summary(summary))
  }

  close(): void {
    this.#bars?.stop()
    this.#bars = undefined
  }

  #show(): void {
    if (this.#sink.isTTY === true) {
      this.#bars ??= new Bars(this.#sink, this.#tally, this.#now)
      return this.#bars.update()
    }
    const line = this.#sparse.due(() => {
      const part = this.#tally.part
      const words = (this.#tally.words()[0] as string).replaceAll('  ', ', ')
      return part === undefined ? words : `${percent(part, 1)}: ${words}`
    })
    if (line !== undefined) this.#write(line)
  }

  #above(tell: () => void): void {
    this.close()
    tell()
  }

  #write(lines: string): void {
    for (const line of lines.split('\n')) this.#sink.write(`${printable(line)}\n`)
  }
}

type Bar = ReturnType<MultiBar['create']>

/** The bars that are on the terminal. */
class Bars {
  readonly #sink: Sink
  readonly #tally: Tally
  readonly #now: () => number
  readonly #multi: MultiBar
  readonly #files = new Map<Transfer, Bar>()

  constructor(sink: Sink, tally: Tally, now: () => number) {
    this.#sink = sink
    this.#tally = tally
    this.#now = now
    this.#multi = new progressBar.MultiBar({
      ...BAR_OPTIONS,
      forceRedraw: true,
      stream: sink as NodeJS.WriteStream,
      format: (_options, _params, payload: { line: () => string }) => payload.line(),
    })
    this.#multi.create(1, 0, { line: () => wordsLine(tally.part, tally.words(), this.#columns, this.#paint) })
  }

  update(): void {
    for (const [transfer, bar] of this.#files) {
      if (this.#tally.running.has(transfer)) continue
      this.#multi.remove(bar)
      this.#files.delete(transfer)
    }
    const room = Math.min(MAX_BARS, (this.#sink.rows || DEFAULT_ROWS) - 2)
    for (const [transfer, { since }] of this.#tally.running) {
      if (this.#files.size >= room) return
      if (!this.#files.has(transfer) && this.#now() - since >= QUICK_MS) this.#files.set(transfer, this.#add(transfer))
    }
  }

  stop(): void {
    this.#multi.stop()
  }

  #add(transfer: Transfer): Bar {
    const name = nameOf(transfer.url)
    const line = () => {
      const running = this.#tally.running.get(transfer)
      return running === undefined ? '' : fileLine(name, running.progress, this.#columns, this.#paint)
    }
    return this.#multi.create(1, 0, { line })
  }

  get #columns(): number | undefined {
    return this.#sink.columns || undefined
  }

  readonly #paint = (cells: string): string => paint('cyan', cells, this.#sink)
}

/** What the URL calls it; the origin may call it otherwise. */
function nameOf(url: string): string {
  const { pathname = url, host = '' } = URL.parse(url) ?? {}
  return basename(pathname) || host
}
