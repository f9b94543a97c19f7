// One JSON object a line (NDJSON), for programs.
import type { NodeEvent, Progress, Receipt } from '../index.ts'
import type { Failure } from './errors.ts'
import { eventFields, NO_LOG } from './log.ts'
import { isAtLeast, type Log } from './log-levels.ts'
import type { Report, Sink } from './report.ts'

export class JsonReport implements Report {
  readonly #sink: Sink
  readonly #log: Log

  /** `log`: where events go besides. */
  constructor(sink: Sink, log: Log = NO_LOG) {
    this.#sink = sink
    this.#log = log
  }

  started(peerId: string, addresses: readonly string[]): void {
    this.#line('started', { peerId, addresses })
  }

  progress(progress: Progress): void {
    this.#line('progress', { ...progress, length: progress.length ?? null })
  }

  event(event: NodeEvent): void {
    if (isAtLeast(event.level, 'info')) this.#sink.write(`${JSON.stringify(eventFields(event))}\n`)
    this.#log.write(event)
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
