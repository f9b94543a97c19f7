// Runs one download: waits until the active task is complete, checks the whole, and writes the file or streams it.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { DragonflyError } from '../core/errors.ts'
import type { Manifest } from '../core/manifest.ts'
import { codingInName } from '../core/version.ts'
import { checkOutput } from '../store/output.ts'
import { locate, placeAt, setTime, targetOf } from '../store/output-place.ts'
import { ensureFileSize, ensureSpace } from '../store/space.ts'
import { ProgressMeter } from './account/progress-meter.ts'
import { TraceFile } from './account/trace-file.ts'
import type { StreamHead } from './api/content-head.ts'
import type { ContentStream } from './api/dragonfly-node.ts'
import type { Explanation } from './api/explanation.ts'
import type { GetOptions } from './api/get-options.ts'
import type { Receipt } from './api/receipt.ts'
import type { StoredContent } from './api/stored-content.ts'
import { type NodeContext, now } from './context/node-context.ts'
import { pause } from './context/waiting.ts'
import { asOurs, deviceOf, isOfUse, type Job, makeJob, nameOf, paceOf, watchTime, wishOf } from './download-job.ts'
import { banLiars, mayBeKept, mayBeStrangers, noTries, type Tries } from './download-tries.ts'
import { isReadForFleet, readerOf } from './for-others.ts'
import { wantHeard } from './heard-version.ts'
import type { LocalAccess } from './local-access.ts'
import { hasOldOutput, reuseOutput } from './old-output.ts'
import type { ActiveTask } from './session/active-task.ts'
import { checkSame, type Shown, ShownOtherwiseError } from './shown-pieces.ts'
import { StreamAccount } from './stream-account.ts'
import { streamHead } from './stream-head.ts'
import type { After, TaskRegistry } from './tasks/task-registry.ts'
import { placeTiny, TinyDownloads } from './tiny-downloads.ts'
import { bytesOf, known, receiptOf, whole } from './whole-content.ts'

/**
 * A content that only a digest vouches for may turn out wrong: so many of those who signed it are banned, one after the other. Then
 * nobody is believed any more but seeds and the origin: whatever it gives is the publisher's word, and not some liar's.
 */
const MAX_LIARS = 5
/** A content that changes at its origin while it is read is begun again so often: each time has all tries of a read. */
const MAX_CHANGES = 3
/** How long a folder that could be written is not tried again before a download; at its end it always is. */
const CHECKED_MS = 5000

interface Attempt {
  active: ActiveTask
  /** The account so far, as of a moment; undefined: nobody asked for one. */
  account: ((at: number) => Explanation) | undefined
}

export class Downloads {
  readonly #ctx: NodeContext
  readonly #registry: TaskRegistry
  readonly #storeDir: string | undefined
  readonly #access: LocalAccess
  readonly #tiny: TinyDownloads
  /** The folder that could be written last, and when that was seen. */
  #checked = { path: '', at: 0 }

  /** `storeDir`: where pieces lie; undefined when in memory. */
  constructor(ctx: NodeContext, registry: TaskRegistry, access: LocalAccess, storeDir: string | undefined) {
    this.#ctx = ctx
    this.#registry = registry
    this.#access = access
    this.#tiny = new TinyDownloads(ctx, task => registry.current(task) !== undefined)
    this.#storeDir = storeDir
  }

  async toFile(url: string, file: string | undefined, options: GetOptions): Promise<Receipt> {
    const job = makeJob(url, options)
    const { folder, name } = await locate(file ?? '.')
    await (name === undefined ? this.#checkFolder(folder) : checkOutput(join(folder, name)))
    const tiny = await this.#tiny.take(job)
    if (tiny !== undefined) {
      this.#tellCoding(tiny.manifest)
      return await placeTiny(job, tiny, { folder, name })
    }
    job.replaces = await hasOldOutput(folder, name, url)
    const receipt = await this.#untilTrue(job, async ({ active, account }) => {
      const target = await targetOf(wishOf(job, { folder, name }, active.manifest?.info.fileName))
      if (job.replaces) await reuseOutput(active, target.path)
      await this.#space(active, target.isStream ? undefined : folder, options.keep !== false)
      await whole(active, job)
      const isMine = options.keep === false && this.#registry.isOnlyUser(active)
      const make = (path: string) => active.handOver(path, isMine ? 'move' : 'copy', options.signal)
      const output = await placeAt(target, make, options.signal)
      const receipt = await receiptOf(active, job, output, account)
      if (options.remoteTime === true && !target.isStream) await setTime(output, receipt.lastModified)
      return receipt
    })
    this.#tiny.ended(receipt)
    return receipt
  }

  /** A folder must do, whatever the file will be called; of many files at once it is asked once. */
  async #checkFolder(folder: string): Promise<void> {
    const { path, at } = this.#checked
    if (path === folder && now() - at < CHECKED_MS) return
    await checkOutput(join(folder, randomUUID()))
    this.#checked = { path: folder, at: now() }
  }

  async toStore(url: string, options: GetOptions, use: (content: StoredContent) => Promise<void>): Promise<Receipt> {
    const job = makeJob(url, { ...options, keep: true })
    return await this.#untilTrue(job, async ({ active, account }) => {
      await this.#space(active, undefined, false)
      await whole(active, job)
      const receipt = await receiptOf(active, job, '', account)
      const fileName = nameOf(active.manifest?.info.fileName, job.url)
      await use({ receipt, fileName, file: await active.lend(), bytes: offset => bytesOf(active, offset) })
      return receipt
    })
  }

  asStream(url: string, options: GetOptions): ContentStream {
    const job = makeJob(url, options)
    const account = new StreamAccount()
    return { ...account.promises, [Symbol.asyncIterator]: () => this.#bytes(job, account) }
  }

  async *#bytes(job: Job, stream: StreamAccount): AsyncGenerator<Uint8Array> {
    job.begun = now()
    try {
      await this.#access.check(job)
      await this.#openTrace(job)
      const tries = noTries()
      const shown: { last: Shown | undefined } = { last: undefined }
      for (let wait = 0; ; await pause(wait, job.options.signal)) {
        const attempt = this.#attempt(job, tries)
        const { active, account } = attempt
        try {
          active.sharing.forbid()
          await known(active, job)
          this.#tellCoding(active.manifest)
          if (active.trust === 'digest' && job.task.root === undefined) await whole(active, job)
          // not before there are bytes: an attempt without any may be followed by one of another version
          for await (const bytes of this.#inOrder(active, job, shown)) {
            stream.known(() => headOf(active, job))
            yield bytes
          }
          await whole(active, job)
          stream.known(() => headOf(active, job))
          return stream.done(await receiptOf(active, job, '-', account))
        } catch (error) {
          wait = attempt.judge(error)
        } finally {
          await attempt.end()
        }
      }
    } catch (error) {
      stream.failed(error)
      throw error
    } finally {
      await job.trace?.ended()
      stream.left()
    }
  }

  /** `shown`: what an earlier attempt has given out; it is not given out again, and this attempt has to begin with the same. */
  async *#inOrder(active: ActiveTask, job: Job, shown: { last: Shown | undefined }): AsyncGenerator<Uint8Array> {
    const before = shown.last
    for (let piece = 0; ; piece++) {
      active.setCursor(piece)
      while (!active.isProven(piece)) {
        if (active.isComplete && piece >= (active.manifest?.count ?? 0)) return
        await active.changed(job.options.signal)
      }
      const manifest = active.manifest as Manifest
      if (piece < (before?.pieces ?? 0)) checkSame(before as Shown, manifest, piece)
      else {
        shown.last = { manifest, pieces: piece + 1 }
        yield await active.readPiece(piece)
      }
    }
  }

  /** Runs `finish` on an active task; begins again when the content changed meanwhile, or only the digest vouched for it and it was a lie. */
  async #untilTrue(job: Job, finish: (attempt: Attempt) => Promise<Receipt>): Promise<Receipt> {
    await this.#access.check(job)
    await this.#openTrace(job)
    try {
      const tries = noTries()
      for (let wait = 0; ; await pause(wait, job.options.signal)) {
        const attempt = this.#attempt(job, tries)
        try {
          await known(attempt.active, job)
          this.#tellCoding(attempt.active.manifest)
          const receipt = await finish(attempt)
          banLiars(this.#ctx, tries, attempt.active)
          return receipt
        } catch (error) {
          wait = attempt.judge(error)
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
    if (trace !== undefined) job.trace = await TraceFile.open(trace, facts => this.#ctx.emit(facts))
  }

  #attempt(job: Job, tries: Tries) {
    const { task, wanted, options } = job
    const { revalidate = false, originAfter } = options
    const isForFleet = !tries.isRefused && isReadForFleet(this.#ctx, task, options)
    const { active, isNew } = this.#registry.begin(task, {
      digest: wanted,
      reader: isForFleet ? 'others' : readerOf(options),
      originAfter,
      revalidate,
      pace: paceOf(options),
      restarts: tries.restarts,
      ...wantHeard(options),
    })
    const unexpect = job.replaces && isNew ? active.reuse.expect() : undefined
    if (tries.doubt !== undefined) active.sharing.forbid()
    if (tries.liars >= MAX_LIARS || tries.doubt !== undefined) active.believeNoStrangers()
    const meter = new ProgressMeter(active, options.onProgress)
    job.trace?.watch(active)
    const watch = options.explain === true ? watchTime(active, job.begun) : undefined
    let after: After = options.keep === false ? 'drop' : 'keep'
    /** Milliseconds to wait before the next attempt; throws the error as ours when there is none. */
    const judge = (error: unknown): number => {
      const hasSome = (active.manifest?.count ?? 0) > 0 && active.entryKey !== undefined
      const mine = asOurs(error, job, this.#storeDir !== undefined && hasSome && isOfUse(active))
      const code = mine instanceof DragonflyError ? mine.code : undefined
      // what we may not read for others we read for ourselves
      if (code === 'origin-refused' && isForFleet) {
        tries.isRefused = true
        return 0
      }
      const isLie = code === 'digest-mismatch'
      const isChanged = code === 'origin-changed'
      // what is here is good, and of use to a next try, unless it is out of date, or only a wrong digest vouched for it
      if ((isLie && active.trust === 'digest') || isChanged) after = 'discard'
      else if (after === 'drop') after = 'pause'
      if (isLie && (mayBeStrangers(active, tries) || mayBeKept(active, tries))) {
        after = 'discard'
        return 0
      }
      if (isLie && active.trust === 'digest' && active.signer !== undefined && tries.liars++ < MAX_LIARS) {
        this.#ctx.ban(active.signer, 'signed a manifest of other bytes than the digest names')
        return 0
      }
      if (!isChanged || error instanceof ShownOtherwiseError || tries.changes++ >= MAX_CHANGES) throw mine
      const wait = tries.restarts.anew(active.manifest?.reached ?? 0)
      if (wait === undefined) throw mine
      this.#ctx.emit({ code: 'content-changed', restart: tries.changes, of: MAX_CHANGES })
      return wait
    }
    const end = async () => {
      meter.stop()
      watch?.stop()
      unexpect?.()
      await this.#registry.release(active, isOfUse(active) ? after : 'discard', paceOf(options))
    }
    return { active, account: watch?.account, judge, end }
  }

  /** Every request asks for the identity coding; what comes in another one all the same is kept as it was sent. */
  #tellCoding(manifest: Manifest | undefined): void {
    const coding = codingInName(manifest?.info.version ?? '')
    if (coding !== undefined) this.#ctx.emit({ code: 'content-encoded', coding })
  }

  /** Says that the disk is too small before it is full. `folder`: of the output; undefined: it takes no room. */
  async #space(active: ActiveTask, folder: string | undefined, copies: boolean): Promise<void> {
    const length = active.manifest?.length
    if (length === undefined) return
    const left = length - active.counts.resumed
    const folders = [this.#storeDir, folder].filter(dir => dir !== undefined)
    for (const dir of folders) await ensureFileSize(dir, length)
    if (this.#storeDir !== undefined) await ensureSpace(this.#storeDir, left)
    if (folder === undefined) return
    const isElsewhere = this.#storeDir === undefined || (await deviceOf(folder)) !== (await deviceOf(this.#storeDir))
    if (isElsewhere || copies) await ensureSpace(folder, length)
  }
}

/** Of a content whose version is known. */
function headOf(active: ActiveTask, job: Job): StreamHead {
  const { info, length } = active.manifest as Manifest
  return streamHead(active, job, { ...info, length })
}
