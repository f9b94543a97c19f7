// Several downloads of df get, a few at a time. What fails alone does not stop the others.
import PQueue from 'p-queue'
import { withoutSecrets } from '../client/index.ts'
import { describe, OutputError } from './errors.ts'
import { OK } from './exit-codes.ts'
import { FileNames } from './file-names.ts'
import { type Command, getOne, type Target } from './get-one.ts'
import type { Summary } from './report.ts'
import { PipeClosed } from './stdout.ts'

/** So many for each download at a time wait in the queue; a walk goes on when there are fewer. */
const QUEUED = 4

export interface Several {
  /** Each URL once, in the order in which the first failure counts. */
  targets: Iterable<Target> | AsyncIterable<Target>
  /** Undefined: nobody knows before the end. */
  count: number | undefined
  parallel: number
}

/** Resolves to the exit code of the first one, in the given order, that failed. Rejects with what ends the whole command. */
export async function getMany({ targets, count, parallel }: Several, command: Command, signal: AbortSignal): Promise<number> {
  const { report } = command
  const begun = performance.now()
  const summary: Summary = { files: 0, kept: 0, failed: 0, bytes: 0, seconds: 0 }
  const failures = new Map<number, number>()
  const queue = new PQueue({ concurrency: parallel })
  const end = Promise.withResolvers<never>()
  end.promise.catch(() => {})
  const stop = new AbortController()
  const shared = { ...command, options: { ...command.options, signal: AbortSignal.any([signal, stop.signal]) } }
  const one = async (target: Target, index: number): Promise<void> => {
    const transfer = { url: withoutSecrets(target.url) }
    try {
      if (target.error !== undefined) throw target.error
      const receipt = await getOne({ ...target, transfer }, shared)
      if (receipt === undefined) summary.kept++
      else {
        summary.files++
        summary.bytes += receipt.bytes
      }
    } catch (error) {
      if (signal.aborted || error instanceof OutputError || error instanceof PipeClosed) return end.reject(error)
      if (stop.signal.aborted) return
      const failure = describe(error)
      summary.failed++
      failures.set(index, failure.exitCode)
      report.failedOne(transfer, failure)
    }
  }
  const feed = async (): Promise<void> => {
    let found = 0
    for await (const target of targets) {
      const index = found++
      if (count === undefined) report.expect(found, false)
      void queue.add(() => one(target, index))
      await queue.onSizeLessThan(parallel * QUEUED)
    }
    report.expect(found, true)
    await queue.onIdle()
  }
  try {
    await Promise.race([feed(), end.promise])
  } finally {
    queue.clear()
    stop.abort()
    await queue.onIdle()
  }
  if (!command.flags.head && !command.flags.spider) {
    report.summary({ ...summary, seconds: Math.round(performance.now() - begun) / 1000 })
  }
  return failures.get(Math.min(...failures.keys())) ?? OK
}

/** URLs that go into one folder. */
export function ofList(urls: readonly string[], { report, place }: Pick<Command, 'report' | 'place'>): Target[] {
  if (place === '-') return urls.map(url => ({ url }))
  const names = new FileNames(urls)
  if (names.doubles > 0) report.note('several URLs have the same file name: the later ones are written to NAME.1, NAME.2, …')
  return urls.map(url => ({ url, nameFile: fileName => names.of(url, fileName) }))
}
