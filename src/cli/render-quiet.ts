// Prints only the reason of a failure.
import type { NodeEvent, Progress, Receipt } from '../index.ts'
import { type Failure, failureLine } from './errors.ts'
import { NO_LOG } from './log.ts'
import type { Log } from './log-levels.ts'
import type { Report, Sink, Transfer } from './report.ts'

export class QuietReport implements Report {
  readonly #name: string
  readonly #sink: Sink
  readonly #log: Log

  constructor(name: string, sink: Sink, log: Log = NO_LOG) {
    this.#log = log
    this.#name = name
    this.#sink = sink
  }

  started(_peerId: string, _addresses: readonly string[]): void {}
  progress(_progress: Progress): void {}
  done(_receipt: Receipt): void {}
  lingering(_seconds: number): void {}
  skipped(): void {}
  planned(): void {}
  removed(): void {}
  head(): void {}
  note(): void {}
  expect(): void {}
  summary(): void {}
  close(): void {}

  event(event: NodeEvent): void {
    this.#log.write(event)
  }

  failedOne({ url }: Transfer, failure: Failure): void {
    this.failed({ ...failure, message: `${url}: ${failure.message}` })
  }

  failed(failure: Failure): void {
    this.#sink.write(`${failureLine(this.#name, failure)}\n`)
  }
}
