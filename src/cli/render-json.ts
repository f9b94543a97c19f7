// One JSON object a line (NDJSON), for programs.
import type { NodeEvent, Progress, Receipt } from '../index.ts'
import type { Failure } from './errors.ts'
import { errorLine, jsonLine } from './json-lines.ts'
import type { Report, Sink } from './report.ts'

export class JsonReport implements Report {
  readonly #sink: Sink

  constructor(sink: Sink) {
    this.#sink = sink
  }

  started(peerId: string, addresses: readonly string[]): void {
    this.#sink.write(jsonLine('started', { peerId, addresses }))
  }

  progress(progress: Progress): void {
    this.#sink.write(jsonLine('getProgress', { ...progress }))
  }

  event({ type, message }: NodeEvent): void {
    this.#sink.write(`${JSON.stringify({ type, message })}\n`)
  }

  done(receipt: Receipt): void {
    this.#sink.write(jsonLine('receipt', { ...receipt }))
  }

  lingering(): void {}

  failed(failure: Failure): void {
    this.#sink.write(errorLine(failure))
  }

  close(): void {}
}
