// Keeps a long-lived node connected to its seeds and bootstrap peers, and to peers that it knows from before when none of them is there.
import { setTimeout as sleep } from 'node:timers/promises'
import { addressesOfName, isName } from '../discovery/ways.ts'
import { type Host, peerOf } from '../net/host.ts'
import type { Acquaintances, Network } from './context/node-context.ts'

const FIRST_PAUSE_MS = 500
const MAX_PAUSE_MS = 30_000
const CONNECT_TIMEOUT_MS = 5000
/** Of the hosts that a name lists, so many are connected: they know the others. */
const MAX_OF_NAME = 4
/** Whoever is alone for so long turns to the peers that it knows: its seeds have had their time to answer. */
const ALONE_MS = 5000

export class Membership {
  readonly #host: Host
  readonly #stopping = new AbortController()
  readonly #works: Promise<void>[]
  /** Peers that an address without a peer id led to. */
  readonly #found = new Map<string, string>()

  /** Begins at once. `ways`: multiaddrs, with or without their peer, and names. */
  constructor({ host, dht, known }: Pick<Network, 'host' | 'dht' | 'known'>, ways: readonly string[]) {
    this.#host = host
    this.#works = ways.map(way => this.#keep(way))
    if (known !== undefined) this.#works.push(this.#rejoin(dht, known))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#works)
  }

  async #keep(way: string): Promise<void> {
    const { signal } = this.#stopping
    for (let pause = FIRST_PAUSE_MS; !signal.aborted; ) {
      const isConnected = isName(way) ? await this.#connectSome(way) : await this.#connect(way)
      if (isConnected === 'self') return
      pause = isConnected ? FIRST_PAUSE_MS : Math.min(MAX_PAUSE_MS, pause * 2)
      await sleep(isConnected ? MAX_PAUSE_MS : pause, undefined, { signal }).catch(() => {})
    }
  }

  /** A node that is in nobody's table cannot be found. */
  async #rejoin(dht: Network['dht'], known: Acquaintances): Promise<void> {
    const { signal } = this.#stopping
    for (let pause = ALONE_MS; !signal.aborted; pause = MAX_PAUSE_MS) {
      await sleep(pause, undefined, { signal }).catch(() => {})
      if (!signal.aborted && dht.isEmpty) await known.meet(() => {})
    }
  }

  /** What a name lists changes: it is asked anew each time. */
  async #connectSome(name: string): Promise<boolean> {
    let connected = 0
    for (const address of await addressesOfName(name)) {
      if ((await this.#connect(address)) === true) connected++
      if (connected >= MAX_OF_NAME) break
    }
    return connected > 0
  }

  /** `self`: it leads to this very host. */
  async #connect(address: string): Promise<boolean | 'self'> {
    const known = peerOf(address) ?? this.#found.get(address)
    if (known === this.#host.id) return 'self'
    if (known !== undefined && this.#host.isConnected(known)) return true
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)])
    try {
      const peer = await this.#host.connect([address], signal)
      this.#found.set(address, peer)
      return peer === this.#host.id ? 'self' : true
    } catch {
      return false
    }
  }
}
