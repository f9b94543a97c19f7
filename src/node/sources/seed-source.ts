// Performs one request to a seed and reports its outcome; the source selector decides which seed and when.

import { DragonflyError, isAbort } from '../../core/errors.ts'
import type { DialablePeer } from '../../core/peer.ts'
import { sameBytes } from '../../core/piece.ts'
import type { Span } from '../../core/span.ts'
import { traced } from '../../core/tracing.ts'
import { isListening, lives } from '../../net/reach.ts'
import { resolve } from '../../net/resolve.ts'
import type { SeedFailure, SourceEvent } from '../../swarm/source-events.ts'
import { errorOf } from '../../wire/codec-failure.ts'
import type { ResolveReply } from '../../wire/codec-resolve.ts'
import { causeOf } from '../api/events.ts'
import { type NodeContext, now } from '../context/node-context.ts'
import { OUT_OF_REACH } from '../context/origin-troubles.ts'
import type { ActiveTask } from '../session/active-task.ts'
import { resolveRequest } from '../session/resolve-request.ts'

export interface SeedSourceOptions {
  /** Without this node itself. */
  seeds: readonly DialablePeer[]
  /** They are to ask the origin before they answer. */
  revalidate: boolean
  /**
   * What the seed says of the origin: bytes a second, 0: not known, and how many listen. To be believed because we chose this
   * seed, and trust it with more than a read of the origin: nobody else can say this to us.
   */
  hearRate(rate: number, peers: number): void
  /** The seed has let us in to a private content, for a while. */
  onGranted(): void
  /** What is to be decided on. */
  tell(event: SourceEvent): void
}

/** How long the host of a seed that does not answer may take to accept a connection. */
const LISTENING_MS = 1000
/** How long its program may take to answer a look: longer than any event loop stands still that gets on at all. */
const LIVES_MS = 60_000

/** How long the reason is waited for why a seed takes no link. */
const LAST_WORD_MS = 500

/** Error codes after which a peer may still try for itself: the seed could not get through, or would not, but we might. */
export const SEEDS_OWN_TROUBLE: ReadonlySet<string> = new Set([
  'origin-refused',
  'seed-busy',
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
  readonly #signal: AbortSignal
  /** Ends the request that is under way. */
  #leaving = new AbortController()
  #trouble: unknown
  readonly #known: Map<string, DialablePeer>

  /** Once the signal is given nothing more is told. */
  constructor(ctx: NodeContext, active: ActiveTask, options: SeedSourceOptions, signal: AbortSignal) {
    this.#ctx = ctx
    this.#active = active
    this.#options = options
    this.#known = new Map(options.seeds.map(seed => [seed.peer, seed]))
    this.#signal = signal
  }

  /** All that may be asked. */
  get known(): readonly DialablePeer[] {
    return [...this.#known.values()]
  }

  /** These may be asked from now on, too. */
  know(seeds: readonly DialablePeer[]): void {
    for (const seed of seeds) this.#known.set(seed.peer, seed)
  }

  /** Why the first one that failed did, or what one says that ends it all. */
  get trouble(): unknown {
    return this.#trouble
  }

  /** Asks the seed for the task and stays as long as it has something to say. Told by `seed-…` events. Never rejects. */
  async ask(peer: string): Promise<void> {
    const seed = this.#known.get(peer) as DialablePeer
    const leaving = new AbortController()
    this.#leaving = leaving
    const signal = AbortSignal.any([this.#signal, leaving.signal])
    const askedAt = now()
    try {
      await traced({ name: 'dragonfly.resolve', kind: 'client' }, span => this.#request(seed, signal, span))
    } catch (thrown) {
      if (this.#signal.aborted) return
      const error: unknown = leaving.signal.aborted ? leaving.signal.reason : thrown
      const why = await whyFailed(seed, error)
      if (this.#signal.aborted) return
      if (why === 'busy' || why === 'unreachable') this.#ctx.silentSeeds.silent(peer, askedAt)
      if (why === 'unreachable' && this.#ctx.network?.host.isConnected(peer) === false) this.#ctx.fleet?.unreachable(peer)
      if (why === 'final' || why === 'spent') this.#trouble = error
      else this.#note(peer, error)
      this.#options.tell({ type: 'seed-failed', seed: peer, why })
    }
  }

  /** Tells whether the host of a seed that is silent accepts connections, and whether its program answers. Never rejects. */
  async look(peer: string): Promise<void> {
    const { tell } = this.#options
    const { address } = this.#known.get(peer) as DialablePeer
    const signal = this.#signal
    const onListening = () => tell({ type: 'seed-listening', seed: peer })
    const isAlive = await lives(address, { listenMs: LISTENING_MS, answerMs: LIVES_MS, signal, onListening })
    if (!signal.aborted) tell({ type: 'seed-looked', seed: peer, lives: isAlive })
  }

  /** Ends the request that is under way. */
  leave(why: string): void {
    this.#leaving.abort(new DragonflyError('timeout', why))
  }

  async #request(seed: DialablePeer, signal: AbortSignal, span: Span): Promise<void> {
    const { peer, address, others = [] } = seed
    const { task, wanted: digest } = this.#active
    const { revalidate, tell } = this.#options
    const network = await this.#ctx.networkUp()
    if (network === undefined) throw new DragonflyError('aborted', 'the node has no network')
    await network.host.connect([address, ...others], signal)
    tell({ type: 'seed-heard', seed: peer })
    const request = resolveRequest(task, { digest, revalidate, takesInline: this.#active.manifest === undefined })
    const talk = new AbortController()
    const replies = resolve(network.host, peer, request, AbortSignal.any([signal, talk.signal]))
    for await (const reply of replies) {
      if (reply.type === 'failed') throw errorOf(reply)
      this.#ctx.silentSeeds.heard(peer)
      tell({ type: 'seed-heard', seed: peer, replies: true })
      if (reply.type === 'origin-rate') this.#options.hearRate(reply.rate, reply.peers)
      if (reply.type !== 'resolved') continue
      span.event('resolved')
      if (this.#ctx.isInFleet) this.#active.roles.readBy(peer)
      this.#active.setCurrent({ version: reply.version })
      const same = reply.version === this.#active.manifest?.info.version
      tell({ type: 'seed-resolved', seed: peer, same })
      await this.#active.access.enterBy(reply)
      if (this.#active.grants !== undefined) this.#options.onGranted()
      if (reply.inline !== undefined && (await this.#active.inline.take(peer, reply.inline))) {
        network.exchange.totals.bytesReceived += reply.inline.payload.byteLength
        continue
      }
      // a link for another version than ours would be refused
      if (this.#active.manifest !== undefined && !same) continue
      const dialled = this.#active.links.dial(peer, signal, ownTopic(reply.topic, this.#active))
      await dialled.catch(async error => Promise.reject((await saidLast(replies, talk)) ?? error))
      tell({ type: 'seed-dialled', seed: peer })
    }
    throw new DragonflyError('peer-refused', 'it stopped answering')
  }

  #note(peer: string, error: unknown): void {
    this.#trouble ??= error
    this.#ctx.emit({ code: 'seed-unusable', peer, ...causeOf(error) })
  }
}

/** Why the seed ends, where it says so: a content that has failed there takes no link, and the word of it is on its way. */
async function saidLast(replies: AsyncGenerator<ResolveReply>, talk: AbortController): Promise<DragonflyError | undefined> {
  const timer = setTimeout(() => talk.abort(), LAST_WORD_MS)
  try {
    for (;;) {
      const { done, value } = await replies.next()
      if (done) return undefined
      if (value.type === 'failed') return errorOf(value)
    }
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}

async function whyFailed({ address }: DialablePeer, error: unknown): Promise<SeedFailure> {
  if (isTimeout(error)) return (await isListening(address, LISTENING_MS)) ? 'busy' : 'unreachable'
  if (!(error instanceof DragonflyError)) return 'unreachable'
  // its operator will hardly think better of it during a download
  if (error.code === 'origin-refused') return 'refused'
  if (OUT_OF_REACH.has(error.code)) return 'out-of-reach'
  if (SEEDS_OWN_TROUBLE.has(error.code)) return 'trouble'
  if (isSpent(error)) return 'spent'
  return error.code.startsWith('origin-') ? 'final' : 'unreachable'
}

/** Whether the origin might give the content to another try: it broke off, answered 5xx or 429, or gave other bytes than it says. */
function isSpent({ code, status = 500 }: DragonflyError): boolean {
  return (
    code === 'origin-truncated' || code === 'digest-mismatch' || (code === 'origin-error' && (status >= 500 || status === 429))
  )
}

/** libp2p's own timeouts, ours, and those of signals. */
function isTimeout(error: unknown): boolean {
  if (error instanceof DragonflyError) return error.code === 'timeout'
  return isAbort(error) || (error instanceof Error && error.name === 'TimeoutError')
}

function ownTopic(topic: Uint8Array, active: ActiveTask): Uint8Array | undefined {
  return sameBytes(topic, active.links.topic) ? undefined : topic
}
