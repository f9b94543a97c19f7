// Preheating: makes seeds fetch before anyone asks, each under an identity of its own beside the node's downloads.
import { parseDigest } from '../../core/digest.ts'
import { abortError, DragonflyError } from '../../core/errors.ts'
import { rendezvousOrder } from '../../core/rendezvous.ts'
import { makeTask, type Task } from '../../core/task.ts'
import { Exchange } from '../../net/exchange.ts'
import { parsePeerAddress, startHost } from '../../net/host.ts'
import { causeOf } from '../api/events.ts'
import type { Preheated, PreheatOptions } from '../api/preheat-options.ts'
import { KeyedQueue } from '../context/keyed-queue.ts'
import { type NodeContext, now } from '../context/node-context.ts'
import { ManifestTrust } from '../session/manifest-trust.ts'
import { SEEDS_OWN_TROUBLE } from '../sources/seed-source.ts'
import { LivenessProbe } from './liveness-probe.ts'
import { PreheatRequest, type Ways } from './preheat-request.ts'

/** A connected seed that does not answer a ping for so long is frozen. */
const PULSE_PATIENCE_MS = 10_000
const PROGRESS_MS = 200

interface Seed {
  peer: string
  address: string
}

export class Preheater {
  readonly #ctx: Pick<NodeContext, 'trusted' | 'isBanned' | 'emit'>
  readonly #seeds: readonly Seed[]
  /** A seed keeps one link with us for each content. */
  readonly #turns = new KeyedQueue()
  readonly #stopping = new AbortController()
  readonly #running = new Set<Promise<unknown>>()
  #ways: Promise<Ways> | undefined

  constructor(ctx: Pick<NodeContext, 'trusted' | 'isBanned' | 'emit'>, seeds: readonly Seed[]) {
    this.#ctx = ctx
    this.#seeds = seeds
  }

  async preheat(url: string, options: PreheatOptions): Promise<Preheated> {
    const work = this.#preheat(url, options)
    this.#running.add(work)
    try {
      return await work
    } finally {
      this.#running.delete(work)
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.allSettled(this.#running)
    const ways = await this.#ways?.catch(() => undefined)
    await ways?.host.stop()
  }

  // ---- inside

  async #preheat(url: string, options: PreheatOptions): Promise<Preheated> {
    const begun = now()
    const { headers = [], filter = [], tag = '', digest, signal } = options
    const task = makeTask({ url, headers, filter, tag })
    const wanted = digest === undefined ? undefined : parseDigest(digest)
    const seeds = options.at === undefined ? rendezvousOrder(task.subject, this.#seeds) : [parsePeerAddress(options.at)]
    if (seeds.length === 0) {
      throw new DragonflyError('bad-option', 'no seed to preheat', {
        hint: 'name one with --seed or --at, or in DRAGONFLY_SEEDS',
      })
    }
    const isOver = AbortSignal.any([this.#stopping.signal, ...(signal === undefined ? [] : [signal])])
    let trouble: unknown
    for (const seed of seeds) {
      try {
        const done = await this.#at(seed, task, wanted, options, isOver)
        return { ...done, seconds: Math.round(now() - begun) / 1000, seed: seed.peer }
      } catch (error) {
        if (isOver.aborted) throw abortError(isOver)
        if (isFinal(error)) throw error
        trouble ??= error
        if (seeds.length > 1) this.#ctx.emit({ code: 'seed-preheat-failed', peer: seed.peer, ...causeOf(error) })
      }
    }
    throw inWords(trouble, seeds)
  }

  async #at(seed: Seed, task: Task, wanted: Uint8Array | undefined, options: PreheatOptions, signal: AbortSignal) {
    const { isBanned, trusted } = this.#ctx
    // a seed that was named for this errand is as good as one that was named for all
    const known = { isBanned: isBanned.bind(this.#ctx), trusted: new Set([...trusted, seed.peer]) }
    const trusting = new ManifestTrust(known, task, wanted)
    const told = (bytes: number, length: number | undefined) => options.onProgress?.({ seed: seed.peer, bytes, length })
    const progress = throttled(told)
    const ways = await this.#open()
    const errand = { task, wanted, trusting, onProgress: progress.tell }
    const visit = async () => await new PreheatRequest(ways, seed, errand, signal).run()
    const done = await this.#turns.run(`${task.id} ${seed.peer}`, visit, signal).finally(progress.stop)
    told(done.bytes, done.bytes)
    return done
  }

  /** A peer has one link for each content: those of a download here must not be taken for ours. */
  async #open(): Promise<Ways> {
    this.#ways ??= startHost({ listen: [] }).then(host => ({
      host,
      // nobody is listened to: what we open is all there is
      exchange: new Exchange(host, () => ({ refused: 'unknown-topic' })),
      pulse: new LivenessProbe(host, PULSE_PATIENCE_MS),
    }))
    return await this.#ways
  }
}

/** What the next seed would say too. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof DragonflyError) || SEEDS_OWN_TROUBLE.has(error.code)) return false
  return /^(origin|bad)-/.test(error.code) || error.code === 'digest-mismatch'
}

/** What the first seed said of the origin or of itself; else that nobody was there. */
function inWords(trouble: unknown, seeds: readonly Seed[]): DragonflyError {
  if (trouble instanceof DragonflyError && (SEEDS_OWN_TROUBLE.has(trouble.code) || trouble.code === 'untrusted')) return trouble
  const who = seeds.length === 1 ? `the seed ${seeds[0]?.peer}` : `none of ${seeds.length} seeds`
  const words = trouble instanceof Error ? trouble.message : String(trouble)
  return new DragonflyError('no-source', `${who} could ${seeds.length === 1 ? 'not ' : ''}be preheated: ${words}`, {
    hint: 'check that it runs and can be reached from here',
    cause: trouble,
  })
}

/** Passes on the newest of what it is told, at most five times a second, until it is stopped. */
function throttled(onProgress: (bytes: number, length: number | undefined) => void) {
  let toldAt = -Infinity
  let timer: NodeJS.Timeout | undefined
  const tell = (bytes: number, length: number | undefined): void => {
    clearTimeout(timer)
    timer = setTimeout(
      () => {
        toldAt = now()
        onProgress(bytes, length)
      },
      Math.max(0, toldAt + PROGRESS_MS - now()),
    )
  }
  return { tell, stop: () => clearTimeout(timer) }
}
