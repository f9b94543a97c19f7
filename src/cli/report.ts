// The interface of a download's report.
import type { NodeEvent, Progress, Receipt } from '../index.ts'
import type { Failure } from './errors.ts'

export interface Report {
  started(peerId: string, addresses: readonly string[]): void
  progress(progress: Progress): void
  event(event: NodeEvent): void
  /** The download is complete and the output stands. */
  done(receipt: Receipt): void
  /** From now on the node only serves, for so many seconds. */
  lingering(seconds: number): void
  failed(failure: Failure): void
  /** Safe to call twice; gives the terminal back. */
  close(): void
}

/** A place for text; standard output, standard error, or an array in a test. */
export interface Sink {
  write(text: string): unknown
  isTTY?: boolean
  columns?: number
}
