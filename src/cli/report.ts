// The interface of a download's report.
import type { ContentHead, NodeEvent, Progress, Receipt } from '../index.ts'
import type { Failure } from './errors.ts'

/** A file that is already there and stays. */
export interface Skipped {
  url: string
  /** Absolute path. */
  output: string
  /** `equal`: it is the one that the store lists. */
  reason: 'exists' | 'not-newer' | 'equal'
}

/** With --dry-run: a download that would be made. */
export interface Planned {
  url: string
  /** Absolute path. */
  output: string
  length?: number
}

/** One of several downloads of a command; the same object each time. */
export interface Transfer {
  /** Without secrets. */
  url: string
}

/** What became of several downloads. */
export interface Summary {
  /** How many were downloaded. */
  files: number
  /** How many were there already. */
  kept: number
  failed: number
  /** Of those that were downloaded. */
  bytes: number
  seconds: number
  /** With --mirror: how many files were removed. */
  removed?: number
  /** Nothing was done: these are the figures of what would be. */
  dryRun?: true
}

export interface Report {
  started(peerId: string, addresses: readonly string[]): void
  /** `transfer`: one of several. */
  progress(progress: Progress, transfer?: Transfer): void
  event(event: NodeEvent): void
  /** The download is complete and the output stands. */
  done(receipt: Receipt, transfer?: Transfer): void
  /** From now on the node only serves, for so many seconds. */
  lingering(seconds: number): void
  /** A download that was not needed, of so many bytes. */
  skipped(skipped: Skipped, transfer?: Transfer, length?: number): void
  /** Several small files that came as one download; for people. */
  packed?(transfer: Transfer, files: number, bytes: number): void
  planned(planned: Planned): void
  /** With --mirror: a file was removed, or with --dry-run would be. */
  removed(output: string, isPlan: boolean): void
  /** What a content is; for programs only. */
  head(head: ContentHead): void
  /** Something for a person to know. */
  note(text: string): void
  /** One of several failed; the command goes on. */
  failedOne(transfer: Transfer, failure: Failure): void
  /** How many downloads there are, and bytes of all of them, as far as they are known. */
  expect(files: number, isAll: boolean, bytes?: number): void
  /** The end of several. */
  summary(summary: Summary): void
  failed(failure: Failure): void
  /** Safe to call twice; gives the terminal back. */
  close(): void
}

/** A place for text; standard output, standard error, or an array in a test. */
export interface Sink {
  write(text: string): unknown
  isTTY?: boolean
  columns?: number
  rows?: number
}
