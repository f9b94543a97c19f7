// Reads the origin: the whole content in order, or single pieces for the swarm.
import { DragonflyError, isAbort } from '../../core/errors.ts'
import type { Freshness } from '../../core/freshness.ts'
import type { Manifest } from '../../core/manifest.ts'
import type { SpanOf } from '../../core/span.ts'
import { withoutSecrets } from '../../core/task.ts'
import { traced } from '../../core/tracing.ts'
import { isResumable } from '../../core/version.ts'
import type { CachedHeaders } from '../../origin/cached-headers.ts'
import { isChanged, NoRangesError } from '../../origin/failures.ts'
import { freshnessOf } from '../../origin/freshness.ts'
import type { Origin } from '../../origin/origin.ts'
import type { Restarts } from '../../origin/restarts.ts'
import { isTrouble } from '../../origin/trouble.ts'
import type { OriginFailure, SourceEvent } from '../../swarm/source-events.ts'
import { type NodeContext, now, type Reader } from '../context/node-context.ts'
import { OUT_OF_REACH } from '../context/origin-troubles.ts'
import { pause } from '../context/waiting.ts'
import type { ActiveTask } from '../session/active-task.ts'
import { originRequest } from '../session/origin-request.ts'
import { type Cached, type CacheRules, continueCached, loadCached } from './cached.ts'
import { ingest, ingestOn, readAhead, sealWhenWhole, versionOf } from './ingest.ts'
import { inParallel } from './parallel-read.ts'

export interface OriginSourceOptions {
  /** For whom the origin is read. */
  reader: Reader
  /** See SupplyOptions. */
  cached: CacheRules | undefined
  /** See SupplyOptions. */
  restarts: Restarts
  /** Whether a seed has just waited for the origin in vain. */
  isDoubted(): boolean
  tell(event: SourceEvent): void
}

type How = 'new' | 'rest' | 'whole'

export class OriginSource {
  readonly #ctx: NodeContext
  readonly #active: ActiveTask
  readonly #options: OriginSourceOptions
  readonly #signal: AbortSignal
  /** Ends the read that is under way, and the ranges. */
  #reading = new AbortController()
  #ranging = new AbortController()
  #activeRanges = 0
  #sealing: Promise<void> | undefined
  #failure: unknown
  /** Pieces may be of an answer under another name, which agreed as far as there were any: a range of the first name joins nothing. */
  #isNamedOtherwise = false

  /** Once the signal is given nothing more is told. */
  constructor(ctx: NodeContext, active: ActiveTask, options: OriginSourceOptions, signal: AbortSignal) {
    this.#ctx = ctx
    this.#active = active
    this.#options = options
    this.#signal = signal
  }

  /** What went wrong last. */
  get failure(): unknown {
    return this.#failure
  }

  /** Reads to the end; told by `origin-ended` or `origin-failed`, unless it was stopped. Never rejects. */
  async read(how: How): Promise<void> {
    this.#reading = new AbortController()
    const signal = AbortSignal.any([this.#signal, this.#reading.signal])
    try {
      await traced(this.#span(), () => this.#readAgain(how, signal))
      if (!signal.aborted) this.#options.tell({ type: 'origin-ended' })
    } catch (error) {
      if (signal.aborted) return
      // that the version is another is said best by the answer that named it
      if (!isChanged(error) || !isChanged(this.#failure)) this.#failure = error
      this.#remember(error)
      this.#options.tell({ type: 'origin-failed', why: whyFailed(error, how) })
    }
  }

  #span(): SpanOf {
    const attributes = () => ({ 'url.full': withoutSecrets(this.#active.task.url), 'dragonfly.reader': this.#options.reader })
    return { name: 'dragonfly.origin.read', kind: 'client', attributes }
  }

  /** What others read for us has come to its end. Told by nothing: the content is complete then, or has failed. */
  sealShared(length: number): void {
    this.#sealing ??= sealWhenWhole(this.#active, length).catch(error => this.#sealFailed(error))
  }

  stop(): void {
    this.#reading.abort(new DragonflyError('aborted', 'the read is not needed any more'))
  }

  /** The swarm may ask the origin for single pieces from now on. */
  offerRanges(): void {
    const { manifest } = this.#active
    if (manifest === undefined) return
    const { version } = manifest.info
    if (!isResumable(version)) return queueMicrotask(() => this.#options.tell({ type: 'ranges-refused' }))
    this.#ranging = new AbortController()
    const { signal: stopped } = this.#ranging
    const signal = AbortSignal.any([this.#signal, stopped])
    this.#active.originOffer.offer(async (start, end) => {
      this.#count(1)
      try {
        const origin = await this.#origin()
        return await origin.range(originRequest(this.#active), version, { start, end }, manifest.length, {
          signal,
          isDoubted: this.#isDoubted,
        })
      } catch (error) {
        if (!signal.aborted) this.#rangeFailed(error)
        throw error
      } finally {
        if (!stopped.aborted) this.#count(-1)
      }
    })
  }

  #rangeFailed(error: unknown): void {
    const isTrouble = whyFailed(error, 'rest') === 'trouble'
    if (isTrouble) this.#failure = error
    this.#remember(error)
    this.#options.tell({ type: isTrouble ? 'range-failed' : 'ranges-refused' })
  }

  withdrawRanges(): void {
    this.#active.originOffer.withdraw()
    this.#activeRanges = 0
    this.#ranging.abort(new DragonflyError('aborted', 'the origin is not read by range any more'))
  }

  /** What is vouched for by the origin's answer. Only what was read for others counts as fresh for them. */
  #heard(cachedHeaders: CachedHeaders, known: Freshness | undefined): Freshness | undefined {
    this.#active.originFreshness.heard(cachedHeaders)
    if (this.#options.reader !== 'others') return undefined
    return freshnessOf(cachedHeaders, known)
  }

  async #origin(): Promise<Origin> {
    return await this.#ctx.origin(this.#options.reader)
  }

  #remember(error: unknown): void {
    const isOutOfReach = error instanceof DragonflyError && OUT_OF_REACH.has(error.code)
    if (isOutOfReach) this.#ctx.originTroubles.failed(this.#active.task.id, now())
  }

  /** Whether somebody has just waited for the origin in vain: it is not waited for so long again. */
  get #isDoubted(): boolean {
    return this.#options.isDoubted() || this.#ctx.originTroubles.isRecent(this.#active.task.id, now())
  }

  #count(change: 1 | -1): void {
    this.#activeRanges += change
    this.#options.tell({ type: 'ranges', active: this.#activeRanges })
  }

  // ---- reading in order

  /** Begins again a few times where the origin breaks off and lets nobody go on. */
  async #readAgain(how: How, signal: AbortSignal): Promise<void> {
    await this.#active.ranges.untilWhole(signal)
    const { restarts } = this.#options
    for (;;) {
      try {
        const { manifest } = this.#active
        if (manifest === undefined) return await this.#readNew(await this.#origin(), signal)
        return await this.#readOn(manifest, how === 'whole', signal)
      } catch (error) {
        const { manifest } = this.#active
        if (signal.aborted || !(error instanceof DragonflyError)) throw error
        const wait = restarts.after(error, manifest?.reached ?? 0)
        if (wait === undefined) throw error
        await pause(wait, signal)
      }
    }
  }

  /** From the start, or on from what an earlier download has left in the store. */
  async #readNew(origin: Origin, signal: AbortSignal): Promise<void> {
    const { task } = this.#active
    const { cached: rules } = this.#options
    const cached = await loadCached(this.#ctx.store, task, rules)
    if (cached !== undefined) return await this.#continue(origin, cached, signal)
    const read = await origin.open(originRequest(this.#active), { signal })
    const begun = await readAhead(read)
    const bytes = begun === read ? inParallel(origin, originRequest(this.#active), read, signal) : begun
    await this.#active.adopt(versionOf(task, read), 'origin', { vouched: this.#heard(read.cachedHeaders, undefined) })
    await ingest(this.#active, read, bytes)
  }

  async #continue(origin: Origin, cached: Cached, signal: AbortSignal): Promise<void> {
    const heard = (cachedHeaders: CachedHeaders, known: Freshness | undefined) => this.#heard(cachedHeaders, known)
    try {
      await continueCached(this.#active, cached, {
        origin,
        heard,
        rules: this.#options.cached,
        isDoubted: this.#isDoubted,
        signal,
      })
    } catch (error) {
      // what was taken up is read on with, and closed by the active task
      if (this.#active.manifest !== cached.manifest) await cached.entry.close()
      const why = whyFailed(error, 'new')
      // what was cached belongs to a version that is gone, or cannot be gone on with: the next read begins with nothing of it
      if ((why === 'changed' || why === 'no-ranges') && this.#active.manifest === undefined) await cached.entry.remove()
      throw error
    }
  }

  /** On from where the manifest ends, or whole: then each piece is compared with the manifest, and only the bytes tell. */
  async #readOn(manifest: Manifest, whole: boolean, signal: AbortSignal): Promise<void> {
    const onOtherName = () => {
      this.#isNamedOtherwise = true
    }
    this.#active.sharing.end()
    const how = { whole: whole || this.#isNamedOtherwise, onOtherName, isDoubted: this.#isDoubted, signal }
    const { length, stated } = await ingestOn(this.#active, manifest, await this.#origin(), how)
    // pieces before it may still be on their way from others
    this.#sealing ??= sealWhenWhole(this.#active, length, stated).catch(error => this.#sealFailed(error))
    if (this.#active.hasAllKnown) await this.#sealing
  }

  #sealFailed(error: unknown): void {
    if (!this.#signal.aborted && !isAbort(error)) this.#active.fail(error)
  }
}

function whyFailed(error: unknown, how: How): OriginFailure {
  if (!(error instanceof DragonflyError) || !error.code.startsWith('origin-')) return 'final'
  if (error instanceof NoRangesError) return 'no-ranges'
  if (error.code === 'origin-changed') return 'changed'
  if (error.retryable || isTrouble(error)) return 'trouble'
  // whatever an origin answers when it is asked for the rest, a plain request may do better
  return how === 'rest' ? 'no-ranges' : 'final'
}
