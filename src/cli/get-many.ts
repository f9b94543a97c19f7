// Several downloads of df get, a few at a time. What fails alone does not stop the others.
import { abortError, withoutSecrets } from '../client/index.ts'
import { describe, OutputError } from './errors.ts'
import { OK } from './exit-codes.ts'
import { FileNames } from './file-names.ts'
import { type Command, getOne, type Target } from './get-one.ts'
import type { Summary } from './report.ts'
import { PipeClosed } from './stdout.ts'
import { smallLanes, Waiting } from './waiting.ts'

/** So many for each download at a time wait for their turn; a walk goes on when there are fewer. */
const QUEUED = 4

export interface Several {
  /** Each URL once, in the order in which the first failure counts. */
  targets: Iterable<Target> | AsyncIterable<Target>
  /** Undefined: nobody knows before the end. */
  count: number | undefined
  parallel: number
  /** All are found before the first is done, if need be: large ones go first. Default: as many as are needed next. */
  isSized?: boolean
  /** What is done after the last one, if none failed. Resolves to what the summary says of it. */
  finish?: () => Promise<Pick<Summary, 'removed'>>
}

/** Resolves to the exit code of the first one, in the given order, that failed. Rejects with what ends the whole command. */
export async function getMany(several: Several, command: Command, signal: AbortSignal): Promise<number> {
  const { report, flags } = command
  const begun = performance.now()
  const stop = new AbortController()
  const run = new Run(several, command, AbortSignal.any([signal, stop.signal]))
  try {
    await run.done(signal)
  } finally {
    stop.abort()
    await run.stopped()
  }
  // the signal may have come when none was under way
  if (signal.aborted) throw abortError(signal)
  const { summary, exitCode } = run
  const after = summary.failed === 0 ? await several.finish?.() : undefined
  if (!flags.head && !flags.spider) {
    const seconds = Math.round(performance.now() - begun) / 1000
    report.summary({ ...summary, ...after, seconds, ...(flags.dryRun && { dryRun: true }) })
  }
  return exitCode
}

/** A target, and its place in the order. */
interface Placed {
  target: Target
  index: number
  length?: number
}

class Run {
  readonly summary: Summary = { files: 0, kept: 0, failed: 0, bytes: 0, seconds: 0 }
  readonly #several: Several
  readonly #command: Command
  readonly #waiting = new Waiting<Placed>()
  readonly #failures = new Map<number, number>()
  readonly #end = Promise.withResolvers<never>()
  #lanes: Promise<unknown> = Promise.resolve()
  readonly #signal: AbortSignal

  constructor(several: Several, command: Command, signal: AbortSignal) {
    this.#several = several
    this.#signal = signal
    this.#command = { ...command, options: { ...command.options, signal } }
    this.#end.promise.catch(() => {})
  }

  get exitCode(): number {
    return this.#failures.get(Math.min(...this.#failures.keys())) ?? OK
  }

  /** `whole`: of the whole command. */
  async done(whole: AbortSignal): Promise<void> {
    const { parallel, isSized = false } = this.#several
    const small = isSized ? smallLanes(parallel) : 0
    this.#lanes = Promise.all(Array.from({ length: parallel }, (_, lane) => this.#lane(lane < small, whole)))
    await Promise.race([Promise.all([this.#feed(), this.#lanes]), this.#end.promise])
  }

  /** Once the signal is aborted. */
  async stopped(): Promise<void> {
    this.#waiting.clear()
    await this.#lanes
  }

  async #feed(): Promise<void> {
    const { targets, count, parallel, isSized = false } = this.#several
    let found = 0
    let bytes: number | undefined = isSized ? 0 : undefined
    try {
      for await (const target of targets) {
        if (this.#signal.aborted) return
        const { length } = target
        this.#waiting.add({ target, index: found++, ...(length !== undefined && { length }) })
        bytes = bytes === undefined || (length === undefined && target.error === undefined) ? undefined : bytes + (length ?? 0)
        if (count === undefined) this.#command.report.expect(found, false, bytes)
        if (!isSized) await this.#waiting.below(parallel * QUEUED)
      }
    } finally {
      this.#waiting.end()
    }
    this.#command.report.expect(found, true, bytes)
  }

  async #lane(isForSmall: boolean, whole: AbortSignal): Promise<void> {
    for (;;) {
      const next = await this.#waiting.take(isForSmall)
      if (next === undefined || this.#signal.aborted) return
      await this.#one(next, whole)
    }
  }

  async #one({ target, index }: Placed, whole: AbortSignal): Promise<void> {
    const { summary } = this
    const transfer = { url: withoutSecrets(target.url) }
    try {
      if (target.error !== undefined) throw target.error
      await target.after
      const outcome = await getOne({ ...target, transfer }, this.#command)
      if (outcome === 'kept' || outcome === 'shown') summary.kept++
      else {
        summary.files++
        summary.bytes += outcome === 'planned' ? (target.length ?? 0) : outcome.bytes
      }
    } catch (error) {
      if (whole.aborted || error instanceof OutputError || error instanceof PipeClosed) return this.#end.reject(error)
      if (this.#signal.aborted) return
      const failure = describe(error)
      summary.failed++
      this.#failures.set(index, failure.exitCode)
      this.#command.report.failedOne(transfer, failure)
    } finally {
      target.over?.()
    }
  }
}

/** URLs that go into one folder. */
export function ofList(urls: readonly string[], { report, place }: Pick<Command, 'report' | 'place'>): Target[] {
  if (place === '-') return urls.map(url => ({ url }))
  const names = new FileNames(urls)
  if (names.doubles > 0) report.note('several URLs have the same file name: the later ones are written to NAME.1, NAME.2, …')
  return urls.map(url => ({ url, nameFile: fileName => names.of(url, fileName) }))
}
