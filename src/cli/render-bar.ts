// A progress bar on a terminal, with warnings and the receipt as lines above it.
import type { SingleBar } from 'cli-progress'
import progressBar from 'cli-progress'
import type { NodeEvent, Progress, Receipt } from '../index.ts'
import type { Failure } from './errors.ts'
import { bytes, count, percent, rate, seconds, shares } from './figures.ts'
import { textLog } from './log.ts'
import type { Log } from './log-levels.ts'
import { LineReport, secondsLeft } from './render-lines.ts'
import type { Report, Sink, Skipped } from './report.ts'

const BAR_CELLS = 20
const DEFAULT_COLUMNS = 80

export class BarReport implements Report {
  readonly #lines: LineReport
  readonly #sink: Sink
  readonly #log: Log
  #bar: SingleBar | undefined
  #progress: Progress | undefined

  constructor(name: string, sink: Sink, log: Log = textLog(name, 'warn', sink)) {
    this.#log = log
    this.#lines = new LineReport(name, sink, log)
    this.#sink = sink
  }

  started(_peerId: string, _addresses: readonly string[]): void {}

  progress(progress: Progress): void {
    this.#progress = progress
    if (this.#bar === undefined) this.#show()
    this.#bar?.update(progress.bytes, { progress })
  }

  event(event: NodeEvent): void {
    if (!this.#log.shows(event)) return
    this.close()
    this.#log.write(event)
    if (this.#progress !== undefined) this.#show()
  }

  done(receipt: Receipt): void {
    this.#end()
    this.#lines.done(receipt)
  }

  lingering(s: number): void {
    this.#lines.lingering(s)
  }

  skipped(skipped: Skipped): void {
    this.#end()
    this.#lines.skipped(skipped)
  }

  head(): void {}

  note(text: string): void {
    this.close()
    this.#lines.note(text)
  }

  failedOne(url: string, failure: Failure): void {
    this.#end()
    this.#lines.failedOne(url, failure)
  }

  failed(failure: Failure): void {
    this.#end()
    this.#lines.failed(failure)
  }

  close(): void {
    this.#bar?.stop()
    this.#bar = undefined
  }

  #end(): void {
    this.close()
    this.#progress = undefined
  }

  #show(): void {
    this.#bar = new progressBar.SingleBar({
      stream: this.#sink as NodeJS.WriteStream,
      format: (_options, _params, payload: { progress: Progress }) => barLine(payload.progress, this.#sink.columns),
      fps: 5,
      clearOnComplete: true,
      gracefulExit: false,
      emptyOnZero: true,
    })
    this.#bar.start(1, 0, { progress: this.#progress })
  }
}

/** One line of the bar, at most `columns` wide. */
export function barLine(p: Progress, columns = DEFAULT_COLUMNS): string {
  const left = secondsLeft(p)
  const from = shares(p)
  const parts = [
    p.length === undefined ? bytes(p.bytes) : `${bytes(p.bytes)} of ${bytes(p.length)}`,
    rate(p.rate),
    ...(left === undefined ? [] : [`${seconds(left)} left`]),
    ...(from === '' ? [] : [`from ${from}`]),
    count(p.peers, 'peer'),
  ]
  const head = p.length === undefined ? '' : `${percent(p.bytes, p.length).padStart(5)} ${cells(p.bytes, p.length)}  `
  return `${head}${parts.join('  ')}`.slice(0, Math.max(1, columns - 1))
}

function cells(part: number, whole: number): string {
  const full = whole <= 0 ? BAR_CELLS : Math.min(BAR_CELLS, Math.floor((part / whole) * BAR_CELLS))
  return '█'.repeat(full) + '░'.repeat(BAR_CELLS - full)
}
