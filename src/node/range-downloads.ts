// One download of a range: from the pieces that it lies in, or, when only the origin has the content, read there and nothing else.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { DragonflyError } from '../core/errors.ts'
import { checkRange, type RangeSpec } from '../core/range.ts'
import { traced } from '../core/tracing.ts'
import { checkOutput, placeBytes } from '../store/output.ts'
import { locate, placeAt, targetOf } from '../store/output-place.ts'
import { ensureFileSize, ensureSpace } from '../store/space.ts'
import { ProgressMeter } from './account/progress-meter.ts'
import { TraceFile } from './account/trace-file.ts'
import type { StreamHead } from './api/content-head.ts'
import type { ContentStream } from './api/dragonfly-node.ts'
import type { Explanation } from './api/explanation.ts'
import type { GetOptions } from './api/get-options.ts'
import type { Receipt } from './api/receipt.ts'
import { type NodeContext, now } from './context/node-context.ts'
import { asOurs, type Job, makeJob, paceOf, shown, watchTime, wishOf } from './download-job.ts'
import { readerOf } from './for-others.ts'
import { isTransfer, wantHeard } from './heard-version.ts'
import type { LocalAccess } from './local-access.ts'
import { RangePart } from './range-part.ts'
import type { ActiveTask } from './session/active-task.ts'
import { originRequest } from './session/origin-request.ts'
import { StreamAccount } from './stream-account.ts'
import { streamHead } from './stream-head.ts'
import type { After, TaskRegistry } from './tasks/task-registry.ts'
import { TransferHolds } from './transfer-holds.ts'

/** A range download under way. */
interface Attempt {
  active: ActiveTask
  part: RangePart
  /** Bytes in order, each verified before it is seen. */
  bytes: AsyncGenerator<Uint8Array>
  /** What our own read of the origin showed; undefined: the bytes are of the manifest's version. */
  version: string | undefined
  /** Whether some of them came from our own read of the origin. */
  readsOrigin: boolean
  account: ((at: number) => Explanation) | undefined
}

export class RangeDownloads {
  readonly #ctx: NodeContext
  readonly #registry: TaskRegistry
  readonly #access: LocalAccess
  readonly #holds = new TransferHolds()

  constructor(ctx: NodeContext, registry: TaskRegistry, access: LocalAccess) {
    this.#ctx = ctx
    this.#registry = registry
    this.#access = access
  }

  async toFile(url: string, range: RangeSpec, file: string | undefined, options: GetOptions): Promise<Receipt> {
    const job = makeRangeJob(url, range, options)
    const { folder, name } = await locate(file ?? '.')
    await checkOutput(join(folder, name ?? randomUUID()))
    return await this.#run(job, range, async attempt => {
      const { bytes, part } = attempt
      // the file's name is known with the first byte
      const first = await bytes.next()
      const target = await targetOf(wishOf(job, { folder, name }, part.fileName))
      if (part.size !== undefined && !target.isStream) {
        await ensureFileSize(folder, part.size)
        await ensureSpace(folder, part.size)
      }
      const make = (path: string) => placeBytes(path, resumed(first, bytes), options.signal)
      return receiptOf(attempt, job, await placeAt(target, make, options.signal))
    })
  }

  asStream(url: string, range: RangeSpec, options: GetOptions): ContentStream {
    const job = makeRangeJob(url, range, options)
    const account = new StreamAccount()
    return { ...account.promises, [Symbol.asyncIterator]: () => this.#stream(job, range, account) }
  }

  async *#stream(job: Job, range: RangeSpec, stream: StreamAccount): AsyncGenerator<Uint8Array> {
    job.begun = now()
    const { attempt, end } = await this.#begin(job, range).catch(error => {
      stream.failed(error)
      throw error
    })
    try {
      for await (const bytes of attempt.bytes) {
        stream.known(() => headOf(attempt, job))
        yield bytes
      }
      stream.known(() => headOf(attempt, job))
      stream.done(receiptOf(attempt, job, '-'))
    } catch (error) {
      const ours = asOurs(error, job)
      stream.failed(ours)
      throw ours
    } finally {
      await end()
      stream.left()
    }
  }

  async #run(job: Job, range: RangeSpec, finish: (attempt: Attempt) => Promise<Receipt>): Promise<Receipt> {
    const { attempt, end } = await this.#begin(job, range)
    try {
      return await finish(attempt)
    } catch (error) {
      throw asOurs(error, job)
    } finally {
      await end()
    }
  }

  async #begin(job: Job, range: RangeSpec): Promise<{ attempt: Attempt; end(): Promise<void> }> {
    const { task, options } = job
    const { revalidate = false, originAfter, trace } = options
    await this.#access.check(job)
    if (trace !== undefined) job.trace = await TraceFile.open(trace, facts => this.#ctx.emit(facts))
    const { active } = this.#registry.begin(task, {
      range: isTransfer(options) ? undefined : range,
      reader: readerOf(options),
      originAfter,
      revalidate,
      pace: paceOf(options),
      ...wantHeard(options),
    })
    const part = new RangePart(range)
    const meter = new ProgressMeter(active, options.onProgress && (p => options.onProgress?.({ ...p, ...sizesOf(part) })))
    job.trace?.watch(active)
    const watch = options.explain === true ? watchTime(active, job.begun) : undefined
    const attempt: Attempt = { active, part, bytes: nothing(), version: undefined, readsOrigin: false, account: watch?.account }
    attempt.bytes = inOurWords(this.#bytes(job, attempt), job)
    const end = async () => {
      await attempt.bytes.return(undefined)
      active.setCursor(undefined)
      meter.stop()
      watch?.stop()
      const leave = () => this.#registry.release(active, afterOf(active, options), paceOf(options))
      if (isTransfer(options) && options.signal?.aborted !== true) await this.#holds.hold(active, leave)
      else await leave()
      await job.trace?.ended()
    }
    return { attempt, end }
  }

  /** Throws what the active task fails with, `range-unsatisfiable`, the origin's error, or the abort. */
  async *#bytes(job: Job, attempt: Attempt): AsyncGenerator<Uint8Array> {
    const { active, part } = attempt
    const { signal } = job.options
    let cursor: number | undefined
    while (!part.isDone) {
      active.throwIfFailed()
      if (active.manifest !== undefined) part.placeIn(active.manifest)
      const piece = placeOf(active, part)
      if (piece !== cursor) active.setCursor(piece)
      cursor = piece
      if (piece !== undefined && !part.isDone && active.isProven(piece)) yield part.give(await pieceBytes(active, part, piece))
      else if (active.ranges.isLeftToUsers && !part.isDone) return yield* this.#fromOrigin(job, attempt)
      else if (!part.isDone) await active.changed(signal)
    }
  }

  /** What is left of the range, by one read of our own; of the same version as what was given out before. */
  async *#fromOrigin(job: Job, attempt: Attempt): AsyncGenerator<Uint8Array> {
    const { active, part } = attempt
    const { options } = job
    const { at, delivered } = part
    const origin = await this.#ctx.origin(readerOf(options) ?? 'self')
    const version = delivered > 0 ? active.manifest?.info.version : undefined
    const rest = delivered === 0 || at === undefined ? part.spec : { start: at, end: part.end }
    const wanted = { ...(version !== undefined && { version }), ...(options.signal !== undefined && { signal: options.signal }) }
    const slice = await traced({ name: 'dragonfly.origin.slice', kind: 'client' }, () =>
      origin.slice(originRequest(active), rest, wanted),
    )
    attempt.readsOrigin = true
    if (version === undefined) {
      attempt.version = slice.version
      active.originFreshness.heard(slice.cachedHeaders)
    }
    part.fileName = slice.fileName
    part.place(slice.start, slice.end, slice.length)
    for await (const chunk of slice) {
      active.counts.fromOrigin += chunk.byteLength
      this.#ctx.counters.countAt('dragonfly_received_bytes_total', { source: 'origin' }, chunk.byteLength)
      for (const observer of active.observers) observer.readRange?.(chunk.byteLength, now())
      yield part.give(chunk)
    }
    part.place(slice.start, slice.end, slice.length)
  }
}

function makeRangeJob(url: string, range: RangeSpec, options: GetOptions): Job {
  checkRange(range)
  if (options.digest !== undefined && options.byDigest !== true) {
    throw new DragonflyError('bad-option', 'a digest belongs to the whole content, and cannot be checked for a range', {
      hint: 'leave out the digest, or the range',
    })
  }
  return makeJob(url, options)
}

/** The piece in which the next byte lies. */
function placeOf({ manifest }: ActiveTask, { at }: RangePart): number | undefined {
  return manifest === undefined || at === undefined ? undefined : Math.floor(at / manifest.pieceLength)
}

async function pieceBytes(active: ActiveTask, { at = 0, end }: RangePart, piece: number): Promise<Uint8Array> {
  const bytes = await active.readPiece(piece)
  const before = piece * (active.manifest?.pieceLength ?? 0)
  return bytes.subarray(at - before, end === undefined ? undefined : Math.min(bytes.byteLength, end - before))
}

function sizesOf({ delivered, size }: RangePart): { bytes: number; length: number | undefined } {
  return { bytes: delivered, length: size }
}

/** What was here before for a later download stays, whatever becomes of the pieces of the range. */
function afterOf(active: ActiveTask, { keep }: GetOptions): After {
  if (keep !== false) return 'keep'
  return active.isComplete && active.counts.resumed === 0 ? 'drop' : 'pause'
}

function headOf({ active, part, version = active.manifest?.info.version ?? '' }: Attempt, job: Job): StreamHead {
  return streamHead(active, job, { version, length: part.length, fileName: part.fileName })
}

function receiptOf({ active, part, readsOrigin, account }: Attempt, job: Job, output: string): Receipt {
  const end = now()
  return {
    url: shown(job.url, job.options.filter),
    output,
    bytes: part.delivered,
    range: part.range,
    ...(part.length !== undefined && { length: part.length }),
    sha256: part.digest(),
    cid: '',
    ...active.counts,
    seconds: Math.round(end - job.begun) / 1000,
    peers: active.givers.size,
    // the weaker of the two, when both gave something
    trust: readsOrigin ? 'origin' : (active.trust ?? 'origin'),
    ...(account && { explain: account(end) }),
  }
}

/** Before the output sees an error, which it would take for one of its own. */
async function* inOurWords(bytes: AsyncGenerator<Uint8Array>, job: Job): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes
  } catch (error) {
    throw asOurs(error, job)
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function* resumed(first: IteratorResult<Uint8Array>, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (first.done === true) return
  yield first.value
  yield* rest
}
