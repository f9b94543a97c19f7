// One download: an active task brought to its end, checked as a whole, handed to a file or read as a stream.
import { randomUUID } from 'node:crypto'
import { dirname, join } from 'node:path'
import { DragonflyError } from '../core/errors.ts'
import { sameBytes } from '../core/piece.ts'
import { isResumable } from '../core/version.ts'
import { checkOutput, checkTarget } from '../store/output.ts'
import { ensureSpace } from '../store/space.ts'
import { ProgressMeter } from './account/progress-meter.ts'
import { TraceFile } from './account/trace-file.ts'
import type { ContentStream } from './api/dragonfly-node.ts'
import type { Explanation } from './api/explanation.ts'
import type { GetOptions } from './api/get-options.ts'
import type { Receipt } from './api/receipt.ts'
import { digestMismatch } from './content/stored-version.ts'
import { type NodeContext, now } from './context/node-context.ts'
import { asOurs, deviceOf, isReadable, type Job, locate, makeJob, nameOf, shown, watchTime } from './download-job.ts'
import type { ActiveTask } from './session/active-task.ts'
import type { After, TaskRegistry } from './tasks/task-registry.ts'

/** Contents that only a digest vouches for may turn out wrong; so many liars are put up with. */
const MAX_LIARS = 5

interface Attempt {
  active: ActiveTask
  /** The account so far, as of a moment; undefined: nobody asked for one. */
  account: ((at: number) => Explanation) | undefined
}

export class Downloads {
  readonly #ctx: NodeContext
  readonly #registry: TaskRegistry
  readonly #storeDir: string | undefined

  /** `storeDir`: where pieces lie; undefined when in memory. */
  constructor(ctx: NodeContext, registry: TaskRegistry, storeDir: string | undefined) {
    this.#ctx = ctx
    this.#registry = registry
    this.#storeDir = storeDir
  }

  async toFile(url: string, file: string | undefined, options: GetOptions): Promise<Receipt> {
    const job = makeJob(url, options)
    const { folder, name } = await locate(file ?? '.')
    // a name that nobody has: the folder must do, whatever the file will be called
    await checkOutput(join(folder, name ?? randomUUID()))
    return await this.#untilTrue(job, async ({ active, account }) => {
      const target = join(folder, name ?? nameOf(active.manifest?.info.fileName, job.url))
      await checkTarget(target)
      await this.#space(active, dirname(target), options.keep !== false)
      await whole(active, job)
      const isMine = options.keep === false && this.#registry.isOnlyUser(active)
      await active.handOver(target, isMine ? 'move' : 'copy', options.signal)
      return await receiptOf(active, job, target, account)
    })
  }

  asStream(url: string, options: GetOptions): ContentStream {
    const job = makeJob(url, options)
    const { promise, resolve, reject } = Promise.withResolvers<Receipt>()
    promise.catch(() => {})
    return { receipt: promise, [Symbol.asyncIterator]: () => this.#bytes(job, resolve, reject) }
  }

  async *#bytes(job: Job, done: (receipt: Receipt) => void, failed: (error: unknown) => void): AsyncGenerator<Uint8Array> {
    job.begun = now()
    try {
      await this.#openTrace(job)
      for (let liars = 0; ; liars++) {
        const attempt = this.#attempt(job)
        const { active, account } = attempt
        try {
          await known(active, job)
          if (active.trust === 'digest') await whole(active, job)
          yield* this.#inOrder(active, job)
          await whole(active, job)
          return done(await receiptOf(active, job, '-', account))
        } catch (error) {
          attempt.judge(error, liars)
        } finally {
          await attempt.end()
        }
      }
    } catch (error) {
      failed(error)
      throw error
    } finally {
      await job.trace?.ended()
      failed(new DragonflyError('aborted', 'the reader stopped before the end'))
    }
  }

  async *#inOrder(active: ActiveTask, job: Job): AsyncGenerator<Uint8Array> {
    for (let piece = 0; ; piece++) {
      active.setCursor(piece)
      while (!isReadable(active, piece)) {
        if (active.isComplete && piece >= (active.manifest?.count ?? 0)) return
        await active.changed(job.options.signal)
      }
      yield await active.readPiece(piece)
    }
  }

  /** Runs `finish` on an active task; starts over when a content that only the digest vouched for was a lie. */
  async #untilTrue(job: Job, finish: (attempt: Attempt) => Promise<Receipt>): Promise<Receipt> {
    await this.#openTrace(job)
    try {
      for (let liars = 0; ; liars++) {
        const attempt = this.#attempt(job)
        try {
          await known(attempt.active, job)
          return await finish(attempt)
        } catch (error) {
          attempt.judge(error, liars)
        } finally {
          await attempt.end()
        }
      }
    } finally {
      await job.trace?.ended()
    }
  }

  async #openTrace(job: Job): Promise<void> {
    const { trace } = job.options
    if (trace !== undefined) job.trace = await TraceFile.open(trace, message => this.#ctx.warn(message))
  }

  #attempt(job: Job) {
    const { task, wanted, options } = job
    const { origin = true, revalidate = false } = options
    const { active } = this.#registry.begin(task, { digest: wanted, reader: origin ? 'self' : undefined, revalidate })
    const meter = new ProgressMeter(active, options.onProgress)
    job.trace?.watch(active)
    const watch = options.explain === true ? watchTime(active, job.begun) : undefined
    let after: After = options.keep === false ? 'drop' : 'keep'
    /** Throws the error as ours, unless a stranger's lie is behind it: then the next try does without that stranger. */
    const judge = (error: unknown, liars: number) => {
      const mine = asOurs(error, job)
      const isLie = mine instanceof DragonflyError && mine.code === 'digest-mismatch'
      // what is here is good, and of use to a next try, unless it is a lie
      if (isLie) after = 'discard'
      else if (after === 'drop') after = 'pause'
      if (!isLie || active.trust !== 'digest' || active.signer === undefined || liars >= MAX_LIARS) throw mine
      this.#ctx.ban(active.signer, 'signed a manifest of other bytes than the digest names')
    }
    const end = async () => {
      meter.stop()
      watch?.stop()
      await this.#registry.release(active, isOfUse(active) ? after : 'discard')
    }
    return { active, account: watch?.account, judge, end }
  }

  /** Says that the disk is too small before it is full. */
  async #space(active: ActiveTask, folder: string, copies: boolean): Promise<void> {
    const length = active.manifest?.length
    if (length === undefined) return
    const left = length - active.counts.resumed
    if (this.#storeDir !== undefined) await ensureSpace(this.#storeDir, left)
    const isElsewhere = this.#storeDir === undefined || (await deviceOf(folder)) !== (await deviceOf(this.#storeDir))
    if (isElsewhere || copies) await ensureSpace(folder, length)
  }
}

/** Resolves once the version is known. */
async function known(active: ActiveTask, { options }: Job): Promise<void> {
  while (active.manifest === undefined) await active.changed(options.signal)
  active.throwIfFailed()
}

/** Resolves when every piece is here and the whole is what it has to be. */
async function whole(active: ActiveTask, { options, wanted }: Job): Promise<void> {
  while (!active.isComplete) await active.changed(options.signal)
  const digest = await active.wholeDigest()
  if (wanted !== undefined && !sameBytes(digest, wanted)) throw digestMismatch()
  const sealed = active.manifest?.seal?.sha256
  if (sealed === undefined || !sameBytes(digest, sealed)) {
    throw new DragonflyError('untrusted', 'the manifest was sealed over other bytes than its pieces', {
      hint: 'whoever signed it is broken or lies; do not trust it',
    })
  }
}

/** Whether anybody can go on with it, now or later: half of a version that cannot be asked for again is only in the way. */
function isOfUse({ manifest, isComplete, trust }: ActiveTask): boolean {
  return isComplete || trust !== 'origin' || manifest === undefined || isResumable(manifest.info.version)
}

async function receiptOf(active: ActiveTask, job: Job, output: string, account: Attempt['account']): Promise<Receipt> {
  const { counts, manifest, givers } = active
  const seal = manifest?.seal
  const end = now()
  return {
    url: shown(job.url),
    output,
    bytes: seal?.length ?? 0,
    sha256: Buffer.from(await active.wholeDigest()).toString('hex'),
    cid: seal?.root ?? '',
    ...counts,
    seconds: Math.round(end - job.begun) / 1000,
    peers: givers.size,
    trust: job.wanted === undefined ? (active.trust ?? 'origin') : 'digest',
    ...(account && { explain: account(end) }),
  }
}
