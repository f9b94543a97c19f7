// Whom a session links up with: candidates from seeds, the DHT and neighbours; and whom it tells of whom.
import { DragonflyError, isAbort } from '../core/errors.ts'
import type { PeerAddress } from '../wire/codec-peers.ts'
import { LIMITS } from '../wire/limits.ts'
import { type NodeContext, now } from './context.ts'
import type { Session } from './session.ts'

/** Links that a session dials by itself (DESIGN §5: 8–16 neighbours); more may come in. */
const WANTED_LINKS = 8
const DIALS_AT_ONCE = 6
const DIAL_TIMEOUT_MS = 5000
const RETRY_MS = 5000
/** Candidates remembered; what strangers name beyond is forgotten. */
const MAX_CANDIDATES = 256
/** Pause between two rounds of telling neighbours of one another. */
const EXCHANGE_MS = 250
const TOLD_PER_LINK = 16

interface Candidate {
  addresses: string[]
  triedAt: number
}

export class Neighbours {
  readonly #ctx: NodeContext
  readonly #session: Session
  readonly #candidates = new Map<string, Candidate>()
  readonly #told = new Map<string, Set<string>>()
  readonly #stopped = new AbortController()
  #dialling = 0
  #timer: NodeJS.Timeout | undefined

  constructor(ctx: NodeContext, session: Session) {
    this.#ctx = ctx
    this.#session = session
    session.onCandidates = peers => this.offer(peers)
    this.#timer = setTimeout(() => void this.#round(), EXCHANGE_MS)
  }

  get isIdle(): boolean {
    return this.#dialling === 0
  }

  offer(peers: readonly PeerAddress[]): void {
    for (const { id, addresses } of peers) {
      if (id === this.#ctx.network?.host.id || this.#ctx.isBanned(id)) continue
      if (this.#candidates.size >= MAX_CANDIDATES && !this.#candidates.has(id)) continue
      const known = this.#candidates.get(id)
      if (known === undefined) this.#candidates.set(id, { addresses: [...addresses], triedAt: -Infinity })
      else if (addresses.length > 0) known.addresses = [...addresses]
    }
    this.#dialMore()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#stopped.abort()
    this.#session.onCandidates = undefined
  }

  #dialMore(): void {
    const linked = new Set(this.#session.linkedPeers)
    for (const [id, candidate] of shuffled([...this.#candidates])) {
      if (this.#stopped.signal.aborted || this.#dialling >= DIALS_AT_ONCE) return
      if (linked.size + this.#dialling >= WANTED_LINKS) return
      if (linked.has(id) || now() - candidate.triedAt < RETRY_MS) continue
      candidate.triedAt = now()
      this.#dialling++
      void this.#dial(id, candidate.addresses)
    }
  }

  async #dial(peer: string, addresses: readonly string[]): Promise<void> {
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(DIAL_TIMEOUT_MS)])
    try {
      await this.#ctx.network?.host.connectPeer(peer, addresses, signal)
      await this.#session.link(peer, signal)
    } catch (error) {
      if (!isAbort(error) && !isRefusal(error)) this.#ctx.info(`peer ${peer} is no neighbour: ${(error as Error).message}`)
    } finally {
      this.#dialling--
      if (!this.#stopped.signal.aborted) this.#dialMore()
    }
  }

  async #round(): Promise<void> {
    this.#dialMore()
    const { host } = this.#ctx.network ?? {}
    if (host !== undefined) await this.#tellAll(peer => host.addressesOf(peer, LIMITS.addresses)).catch(() => {})
    if (!this.#stopped.signal.aborted) this.#timer = setTimeout(() => void this.#round(), EXCHANGE_MS)
  }

  /** Every neighbour hears of up to 16 random others, each once. */
  async #tellAll(addressesOf: (peer: string) => Promise<string[]>): Promise<void> {
    const linked = this.#session.linkedPeers
    for (const gone of [...this.#told.keys()]) if (!linked.includes(gone)) this.#told.delete(gone)
    for (const peer of linked) {
      const told = this.#told.get(peer) ?? new Set()
      this.#told.set(peer, told)
      if (told.size >= TOLD_PER_LINK) continue
      const peers: PeerAddress[] = []
      for (const other of shuffled(linked)) {
        if (other === peer || told.has(other) || told.size >= TOLD_PER_LINK) continue
        const addresses = await addressesOf(other)
        if (addresses.length === 0) continue
        told.add(other)
        peers.push({ id: other, addresses })
      }
      if (peers.length > 0) this.#session.tellPeers(peer, peers)
    }
  }
}

/** Two peers that dial one another at the same time: one of the two links is refused, and all is well. */
function isRefusal(error: unknown): boolean {
  return error instanceof DragonflyError && error.code === 'peer-refused'
}

function shuffled<T>(items: readonly T[]): T[] {
  const row = [...items]
  for (let i = row.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    ;[row[i], row[j]] = [row[j] as T, row[i] as T]
  }
  return row
}
