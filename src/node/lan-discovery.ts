// Connects a node to peers of its local network: they are ways into the DHT, and may have what is being downloaded.
import { Lan, type LanSetup } from '../discovery/lan.ts'
import type { Host } from '../net/host.ts'
import { LanPeers } from '../swarm/lan-peers.ts'
import { causeOf, type EventFacts } from './api/events.ts'
import { now } from './context/node-context.ts'

const CONNECT_TIMEOUT_MS = 5000

export interface LanOwner {
  isBanned(peer: string): boolean
  emit(facts: EventFacts): void
}

export class LanDiscovery {
  readonly #host: Host
  readonly #owner: LanOwner
  readonly #peers = new LanPeers()
  readonly #stopping = new AbortController()
  readonly #lan: Lan
  readonly #unlisten: () => void
  readonly #dials = new Set<Promise<void>>()
  #asking: NodeJS.Timeout | undefined
  #wake: NodeJS.Timeout | undefined

  /** Begins at once. `setup`: which networks; default those of this host. */
  constructor(host: Host, owner: LanOwner, setup: Pick<LanSetup, 'networks' | 'port'> = {}) {
    this.#host = host
    this.#owner = owner
    this.#lan = new Lan({
      addresses: () => host.addresses,
      found: (peer, addresses) => this.#heard(peer, addresses),
      trouble: error => owner.emit({ code: 'lan-unavailable', ...causeOf(error) }),
      ...setup,
    })
    this.#unlisten = host.onDisconnect(peer => this.#peers.gone(peer))
    this.#ask()
  }

  /** Those that are connected. Strangers. */
  get peers(): string[] {
    return this.#peers.connected.filter(peer => !this.#owner.isBanned(peer))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    clearTimeout(this.#asking)
    clearTimeout(this.#wake)
    this.#unlisten()
    await this.#lan.stop()
    await Promise.all(this.#dials)
  }

  #ask(): void {
    const { isAsked, pauseMs } = this.#peers.nextQuestion()
    if (isAsked) this.#lan.ask()
    // hosts that start together do not ask together for ever
    this.#asking = setTimeout(() => this.#ask(), pauseMs * (0.75 + Math.random() / 2)).unref()
  }

  #heard(peer: string, addresses: readonly string[]): void {
    if (this.#stopping.signal.aborted || this.#owner.isBanned(peer)) return
    this.#peers.heard(peer, addresses, now())
    this.#dialAll()
  }

  #dialAll(): void {
    if (this.#stopping.signal.aborted) return
    for (let next = this.#peers.nextDial(now()); next !== undefined; next = this.#peers.nextDial(now())) {
      const dial = this.#dial(next.peer, next.addresses).finally(() => this.#dials.delete(dial))
      this.#dials.add(dial)
    }
    clearTimeout(this.#wake)
    const at = this.#peers.nextDialAt(now())
    if (at !== Infinity) this.#wake = setTimeout(() => this.#dialAll(), Math.max(1, at - now())).unref()
  }

  async #dial(peer: string, addresses: readonly string[]): Promise<void> {
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)])
    const isConnected = await this.#host.connectStranger(peer, addresses, signal).catch(() => false)
    this.#peers.ended(peer, isConnected, now())
    this.#dialAll()
  }
}
