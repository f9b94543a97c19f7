// Nothing but the reason of a failure.
import type { NodeEvent, Progress, Receipt } from '../index.ts'
import { type Failure, failureLine } from './errors.ts'
import type { Report, Sink } from './report.ts'

export class QuietReport implements Report {
  readonly #name: string
  readonly #sink: Sink

  constructor(name: string, sink: Sink) {
    this.#name = name
    this.#sink = sink
  }

  started(_peerId: string, _addresses: readonly string[]): void {}
  progress(_progress: Progress): void {}
  event(_event: NodeEvent): void {}
  done(_receipt: Receipt): void {}
  lingering(_seconds: number): void {}
  close(): void {}

  failed(failure: Failure): void {
    this.#sink.write(`${failureLine(this.#name, failure)}\n`)
  }
}
