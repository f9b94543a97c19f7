// Writes one JSON object per line (NDJSON), for programs.
import type { ContentHead, NodeEvent, Progress, Receipt } from '../index.ts'
import type { Failure } from './errors.ts'
import { errorLine, jsonLine } from './json-lines.ts'
import { eventFields, NO_LOG } from './log.ts'
import { isAtLeast, type Log } from './log-levels.ts'
import type { Planned, Report, Sink, Skipped, Summary, Transfer } from './report.ts'

export class JsonReport implements Report {
  readonly #sink: Sink
  readonly #log: Log

  /** `log`: where events go besides. */
  constructor(sink: Sink, log: Log = NO_LOG) {
    this.#sink = sink
    this.#log = log
  }

  started(peerId: string, addresses: readonly string[]): void {
    this.#sink.write(jsonLine('started', { peerId, addresses }))
  }

  progress(progress: Progress, transfer?: Transfer): void {
    this.#sink.write(jsonLine('getProgress', { ...transfer, ...progress }))
  }

  event(event: NodeEvent): void {
    if (isAtLeast(event.level, 'info')) this.#sink.write(`${JSON.stringify(eventFields(event))}\n`)
    this.#log.write(event)
  }

  done(receipt: Receipt): void {
    this.#sink.write(jsonLine('receipt', { ...receipt }))
  }

  lingering(): void {}
  note(): void {}

  skipped(skipped: Skipped): void {
    this.#sink.write(jsonLine('skipped', { ...skipped }))
  }

  planned(planned: Planned): void {
    this.#sink.write(jsonLine('planned', { action: 'get', ...planned }))
  }

  removed(output: string, isPlan: boolean): void {
    this.#sink.write(isPlan ? jsonLine('planned', { action: 'remove', output }) : jsonLine('strayRemoved', { output }))
  }

  head({ type, ...head }: ContentHead): void {
    this.#sink.write(jsonLine('head', { ...head, contentType: type }))
  }

  failedOne({ url }: Transfer, { code, message, hint }: Failure): void {
    this.#sink.write(jsonLine('getFailed', { url, code, message, hint }))
  }

  failed(failure: Failure): void {
    this.#sink.write(errorLine(failure))
  }

  expect(): void {}

  summary(summary: Summary): void {
    this.#sink.write(jsonLine('getSummary', { ...summary }))
  }

  close(): void {}
}
