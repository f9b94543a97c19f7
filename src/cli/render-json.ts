// One JSON object a line (NDJSON), for programs.
import type { NodeEvent, Progress, Receipt } from '../index.ts'
import type { Failure } from './errors.ts'
import type { Report, Sink } from './report.ts'

export class JsonReport implements Report {
  readonly #sink: Sink

  constructor(sink: Sink) {
    this.#sink = sink
  }

  started(peerId: string, addresses: readonly string[]): void {
    this.#line('started', { peerId, addresses })
  }

  progress(progress: Progress): void {
    this.#line('progress', { ...progress, length: progress.length ?? null })
  }

  event({ type, message }: NodeEvent): void {
    this.#line(type, { message })
  }

  done(receipt: Receipt): void {
    this.#line('done', { ...receipt })
  }

  lingering(): void {}

  failed({ code, message, hint }: Failure): void {
    this.#line('error', { code, message, hint })
  }

  close(): void {}

  #line(type: string, fields: object): void {
    this.#sink.write(`${JSON.stringify({ type, ...fields })}\n`)
  }
}
