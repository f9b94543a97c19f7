// Decides which peers of the local network are dialled when. What is heard of them is a stranger's word, and cheap to forge.

export interface LanPolicy {
  /** Peers that are remembered, connected ones included. */
  peers: number
  /** With so many connected, nobody is asked for more. */
  enough: number
  /** Addresses kept of one peer. */
  addresses: number
  dialsAtOnce: number
  /** Dials that may follow one another at once; after them, one in `dialEveryMs`. */
  burst: number
  dialEveryMs: number
  /** A peer that could not be reached is not dialled again for so long, ms. */
  againMs: number
  /** Pauses between the first questions to the network, ms; the last one stays. */
  askMs: readonly number[]
}

export const LAN_POLICY: LanPolicy = {
  peers: 16,
  enough: 8,
  addresses: 4,
  dialsAtOnce: 2,
  burst: 8,
  dialEveryMs: 2000,
  againMs: 30_000,
  askMs: [1000, 3000, 12_000, 60_000],
}

interface LanPeer {
  addresses: readonly string[]
  state: 'new' | 'dialling' | 'connected' | 'failed'
  /** When it could not be reached. */
  failedAt: number
}

export class LanPeers {
  readonly #policy: LanPolicy
  readonly #peers = new Map<string, LanPeer>()
  #dialling = 0
  /** Dials that are left, as of `#countedAt`. */
  #tokens: number
  #countedAt = 0
  #asked = 0

  constructor(policy: LanPolicy = LAN_POLICY) {
    this.#policy = policy
    this.#tokens = policy.burst
  }

  get connected(): string[] {
    return [...this.#peers].filter(([, { state }]) => state === 'connected').map(([peer]) => peer)
  }

  /** Peers that are remembered. */
  get size(): number {
    return this.#peers.size
  }

  /** Somebody says that this peer is there. When there is no room, it takes the place of one that could not be reached. */
  heard(peer: string, addresses: readonly string[], now: number): void {
    const known = this.#peers.get(peer)
    const kept = addresses.slice(0, this.#policy.addresses)
    if (known !== undefined) {
      if (known.state === 'dialling' || known.state === 'connected') return
      known.addresses = kept
      if (now >= known.failedAt + this.#policy.againMs) known.state = 'new'
      return
    }
    if (this.#peers.size >= this.#policy.peers && !this.#dropFailed()) return
    this.#peers.set(peer, { addresses: kept, state: 'new', failedAt: -Infinity })
  }

  /** The next one to dial; undefined: nobody now. Whoever takes it says how it `ended`. */
  nextDial(now: number): { peer: string; addresses: readonly string[] } | undefined {
    this.#count(now)
    if (this.#tokens < 1 || this.#dialling >= this.#policy.dialsAtOnce) return undefined
    for (const [peer, entry] of this.#peers) {
      if (entry.state !== 'new') continue
      entry.state = 'dialling'
      this.#dialling++
      this.#tokens--
      return { peer, addresses: entry.addresses }
    }
    return undefined
  }

  ended(peer: string, isConnected: boolean, now: number): void {
    const entry = this.#peers.get(peer)
    if (entry?.state !== 'dialling') return
    this.#dialling--
    entry.state = isConnected ? 'connected' : 'failed'
    entry.failedAt = isConnected ? -Infinity : now
  }

  /** Its connection has ended. */
  gone(peer: string): void {
    if (this.#peers.get(peer)?.state === 'connected') this.#peers.delete(peer)
  }

  /** When `nextDial` may have somebody again if nothing else happens; Infinity: then never. */
  nextDialAt(now: number): number {
    this.#count(now)
    const isWaiting = [...this.#peers.values()].some(({ state }) => state === 'new')
    if (!isWaiting || this.#dialling >= this.#policy.dialsAtOnce) return Infinity
    return now + Math.max(0, 1 - this.#tokens) * this.#policy.dialEveryMs
  }

  /** Whether to ask the network who is there, and the pause until this is asked again, ms. */
  nextQuestion(): { isAsked: boolean; pauseMs: number } {
    const { askMs, enough } = this.#policy
    const pauseMs = askMs[Math.min(this.#asked++, askMs.length - 1)] as number
    return { isAsked: this.connected.length < enough, pauseMs }
  }

  #count(now: number): void {
    const { burst, dialEveryMs } = this.#policy
    this.#tokens = Math.min(burst, this.#tokens + (now - this.#countedAt) / dialEveryMs)
    this.#countedAt = now
  }

  #dropFailed(): boolean {
    for (const [peer, { state }] of this.#peers) {
      if (state === 'failed') return this.#peers.delete(peer)
    }
    return false
  }
}
