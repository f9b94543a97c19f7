// Preheating: makes seeds fetch contents before anyone asks for them.
import { parseDigest } from '../../core/digest.ts'
import { abortError, DragonflyError } from '../../core/errors.ts'
import type { DialablePeer } from '../../core/peer.ts'
import { rendezvousOrder } from '../../core/rendezvous.ts'
import { makeTask, type Task } from '../../core/task.ts'
import { parsePeerAddress } from '../../net/host.ts'
import { causeOf } from '../api/events.ts'
import type { Preheated, PreheatOptions } from '../api/preheat-options.ts'
import { type NodeContext, now } from '../context/node-context.ts'
import { SEEDS_OWN_TROUBLE } from '../sources/seed-source.ts'
import { preheatAt } from './preheat-request.ts'

const PROGRESS_MS = 200

export class Preheater {
  readonly #ctx: Pick<NodeContext, 'networkUp' | 'emit'>
  readonly #seeds: readonly DialablePeer[]
  readonly #stopping = new AbortController()
  readonly #running = new Set<Promise<unknown>>()

  constructor(ctx: Pick<NodeContext, 'networkUp' | 'emit'>, seeds: readonly DialablePeer[]) {
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
  }

  // ---- inside

  async #preheat(url: string, options: PreheatOptions): Promise<Preheated> {
    const begun = now()
    const { headers = [], filter = [], tag = '', digest, byDigest, anonymous, signal } = options
    const wanted = digest === undefined ? undefined : parseDigest(digest)
    if (byDigest === true && wanted === undefined) throw new DragonflyError('bad-option', 'byDigest needs a digest')
    const task = makeTask({ url, headers, filter, tag, ...(byDigest === true && { digest: wanted, anonymous }) })
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

  async #at(seed: DialablePeer, task: Task, wanted: Uint8Array | undefined, options: PreheatOptions, signal: AbortSignal) {
    const network = await this.#ctx.networkUp()
    if (network === undefined) throw new DragonflyError('aborted', 'the node has no network')
    const told = (bytes: number, length: number | undefined) => options.onProgress?.({ seed: seed.peer, bytes, length })
    const progress = throttled(told)
    const target = { task, wanted, onProgress: progress.tell }
    const done = await preheatAt(network.host, seed, target, signal).finally(progress.stop)
    told(done.bytes, done.bytes)
    return done
  }
}

/** What the next seed would say too. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof DragonflyError) || SEEDS_OWN_TROUBLE.has(error.code)) return false
  return /^(origin|bad)-/.test(error.code) || error.code === 'digest-mismatch'
}

/** What the first seed said of the origin or of itself; else that nobody was there. */
function inWords(trouble: unknown, seeds: readonly DialablePeer[]): DragonflyError {
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
