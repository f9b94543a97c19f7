// A progress bar on a terminal, with warnings and the receipt as lines above it.
import type { SingleBar } from 'cli-progress'
import progressBar from 'cli-progress'
import type { NodeEvent, Progress, Receipt } from '../index.ts'
import { barLine } from './bar-line.ts'
import type { Failure } from './errors.ts'
import { textLog } from './log.ts'
import type { Log } from './log-levels.ts'
import { paint } from './paint.ts'
import { LineReport } from './render-lines.ts'
import type { Planned, Report, Sink, Skipped, Summary, Transfer } from './report.ts'

/** Of cli-progress, for every bar. */
export const BAR_OPTIONS = { fps: 5, clearOnComplete: true, gracefulExit: false, emptyOnZero: true } as const

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

  planned(planned: Planned): void {
    this.#lines.planned(planned)
  }

  removed(output: string, isPlan: boolean): void {
    this.#lines.removed(output, isPlan)
  }

  head(): void {}

  note(text: string): void {
    this.close()
    this.#lines.note(text)
  }

  failedOne(transfer: Transfer, failure: Failure): void {
    this.#end()
    this.#lines.failedOne(transfer, failure)
  }

  failed(failure: Failure): void {
    this.#end()
    this.#lines.failed(failure)
  }

  expect(): void {}

  summary(summary: Summary): void {
    this.#end()
    this.#lines.summary(summary)
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
      ...BAR_OPTIONS,
      stream: this.#sink as NodeJS.WriteStream,
      format: (_options, _params, payload: { progress: Progress }) =>
        barLine(payload.progress, this.#sink.columns || undefined, cells => paint('cyan', cells, this.#sink)),
    })
    this.#bar.start(1, 0, { progress: this.#progress })
  }
}
