// The interface of a download's report.
import type { ContentHead, NodeEvent, Progress, Receipt } from '../index.ts'
import type { Failure } from './errors.ts'

/** A file that is already there and stays. */
export interface Skipped {
  url: string
  /** Absolute path. */
  output: string
  reason: 'exists' | 'not-newer'
}

export interface Report {
  started(peerId: string, addresses: readonly string[]): void
  progress(progress: Progress): void
  event(event: NodeEvent): void
  /** The download is complete and the output stands. */
  done(receipt: Receipt): void
  /** From now on the node only serves, for so many seconds. */
  lingering(seconds: number): void
  /** A download that was not needed. */
  skipped(skipped: Skipped): void
  /** What a content is; for programs only. */
  head(head: ContentHead): void
  /** Something for a person to know. */
  note(text: string): void
  /** One of several URLs failed; the command goes on. `url`: without secrets. */
  failedOne(url: string, failure: Failure): void
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
