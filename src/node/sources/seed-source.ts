// Seeds as a source: asked in their order, waited for while they are busy, heard as long as they have something to say.
import { DragonflyError, isAbort } from '../../core/errors.ts'
import { sameBytes } from '../../core/piece.ts'
import { rendezvousOrder } from '../../core/rendezvous.ts'
import { isListening } from '../../net/reach.ts'
import { resolve } from '../../net/resolve.ts'
import { errorOf } from '../../wire/codec-resolve.ts'
import { causeOf } from '../api/events.ts'
import { type Network, type NodeContext, now } from '../context/node-context.ts'
import { connectTimeout, pause } from '../context/waiting.ts'
import type { ActiveTask } from '../session/active-task.ts'
import { SEED_PATIENCE, type SeedPatience, SeedRequest } from './seed-request.ts'

export interface Seed {
  peer: string
  address: string
}

export interface SeedSourceOptions {
  /** Without this node itself. */
  seeds: readonly Seed[]
  /** They are to ask the origin before they answer. */
  revalidate: boolean
  /**
   * What the seed says of the origin: bytes a second, 0: not known, and how many listen. To be believed because we chose this
   * seed, and trust it with more than a read of the origin: nobody else can say this to us.
   */
  hearRate(rate: number, peers: number): void
  /** The seed has let us in to a private content, for a while. */
  onGranted(): void
  /** Default: SEED_PATIENCE. */
  patience?: SeedPatience
}

/** Between two rounds through all seeds that could not be reached. */
const RETRY_MS = 2000

/** Error codes after which a peer may still try for itself: the seed could not get through, or would not, but we might. */
export const SEEDS_OWN_TROUBLE: ReadonlySet<string> = new Set([
  'origin-refused',
  'origin-unreachable',
  'origin-unknown-host',
  'origin-timeout',
  'internal',
  'store-error',
  'no-space',
])

export class SeedSource {
  readonly #ctx: NodeContext
  readonly #active: ActiveTask
  readonly #options: SeedSourceOptions
  readonly #patience: SeedPatience
  readonly #signal: AbortSignal
  readonly #begun = now()
  #haveFailed = false
  #busyUntil = 0
  #trouble: unknown

  constructor(ctx: NodeContext, active: ActiveTask, options: SeedSourceOptions, signal: AbortSignal) {
    this.#ctx = ctx
    this.#active = active
    this.#options = options
    this.#patience = options.patience ?? SEED_PATIENCE
    this.#signal = signal
  }

  /** Whether each of them was tried and none of them is of use. */
  get haveFailed(): boolean {
    return this.#haveFailed
  }

  /** Whether a busy one is still waited for. */
  get isAwaited(): boolean {
    return now() < this.#busyUntil
  }

  /** Why the first one that failed did. */
  get trouble(): unknown {
    return this.#trouble
  }

  /** Works until the active task is complete or the signal is given. Rejects with what a seed says of the origin. */
  async run(): Promise<void> {
    let seeds = rendezvousOrder(this.#active.task.subject, this.#options.seeds)
    if (seeds.length === 0) {
      this.#haveFailed = true
      return
    }
    const network = await this.#ctx.networkUp()
    while (network !== undefined && !this.#isOver) {
      for (const seed of seeds) {
        if (this.#isOver) return
        await this.#visit(network, seed).catch(async error => {
          if (isTimeout(error)) await this.#noteBusy(seed)
          this.#noteTrouble(seed, error)
          // its operator will hardly think better of it during a download
          if (isRefusal(error)) seeds = seeds.filter(other => other !== seed)
        })
      }
      this.#haveFailed = true
      this.#hearAnybody()
      if (seeds.length === 0) return
      await pause(RETRY_MS, this.#signal)
    }
  }

  get #isOver(): boolean {
    return this.#signal.aborted || this.#active.isComplete || this.#active.isClosed
  }

  /** Whoever has the content may say which version it is; not when the origin is to say. */
  #hearAnybody(): void {
    if (!this.#options.revalidate) this.#active.setCurrent('any')
  }

  async #noteBusy({ address }: Seed): Promise<void> {
    const { listening, busy } = this.#patience
    if (this.#busyUntil > 0 || !(await isListening(address, listening))) return
    this.#busyUntil = this.#begun + busy * (1 + Math.random())
  }

  #noteTrouble({ peer }: Seed, error: unknown): void {
    if (this.#isOver) return
    if (error instanceof DragonflyError && error.code.startsWith('origin-') && !SEEDS_OWN_TROUBLE.has(error.code)) throw error
    this.#trouble ??= error
    this.#ctx.emit({ code: 'seed-unusable', peer, ...causeOf(error) })
  }

  /** Resolves the task at a seed and stays as long as it has something to say. */
  async #visit(network: Network, { peer, address }: Seed): Promise<void> {
    const { url, headers, filter, tag } = this.#active.task
    const { revalidate } = this.#options
    await this.#connect(network, address)
    const request = { url, headers, filter: [...filter], tag, digest: this.#active.wanted, revalidate }
    const leaving = new AbortController()
    const visit = new SeedRequest(now(), this.#patience.answer)
    const signal = AbortSignal.any([this.#signal, leaving.signal])
    void this.#watch(peer, leaving, visit)
    try {
      for await (const reply of resolve(network.host, peer, request, signal)) {
        if (reply.type === 'failed') throw errorOf(reply)
        visit.heard(now())
        if (reply.type === 'origin-rate') this.#options.hearRate(reply.rate, reply.peers)
        if (reply.type !== 'resolved') continue
        visit.resolved(now())
        // it was only slow: what it reads need not be read again
        this.#haveFailed = false
        this.#active.setCurrent({ version: reply.version })
        await this.#active.access.enterBy(reply)
        if (this.#active.grants !== undefined) this.#options.onGranted()
        await this.#active.links.dial(peer, connectTimeout(this.#signal), ownTopic(reply.topic, this.#active))
        if (this.#isOver) return
      }
    } finally {
      leaving.abort()
    }
    throw new DragonflyError('peer-refused', 'it has gone away')
  }

  async #connect(network: Network, address: string): Promise<void> {
    const patience = new AbortController()
    const timer = setTimeout(() => patience.abort(new DragonflyError('timeout', 'no answer')), this.#patience.answer)
    try {
      await network.host.connect([address], AbortSignal.any([this.#signal, patience.signal]))
    } finally {
      clearTimeout(timer)
    }
  }

  /** Ends the visit at a seed that is of no use: it says nothing, or says that it is there and gives nothing. */
  async #watch(peer: string, leaving: AbortController, visit: SeedRequest): Promise<void> {
    while (!leaving.signal.aborted && !this.#isOver) {
      await pause(500, this.#signal)
      if (this.#active.links.has(peer)) visit.linked(now())
      if (visit.isSlow(now())) this.#hearAnybody()
      const why = visit.over(now())
      if (why !== undefined) leaving.abort(new DragonflyError('timeout', why))
    }
  }
}

/** libp2p's own timeouts, ours, and those of signals. */
function isTimeout(error: unknown): boolean {
  if (error instanceof DragonflyError) return error.code === 'timeout'
  return isAbort(error) || (error instanceof Error && error.name === 'TimeoutError')
}

function isRefusal(error: unknown): boolean {
  return error instanceof DragonflyError && error.code === 'origin-refused'
}

function ownTopic(topic: Uint8Array, active: ActiveTask): Uint8Array | undefined {
  return sameBytes(topic, active.links.topic) ? undefined : topic
}
