// Keeps a long-lived node connected to its seeds and bootstrap peers, and to peers that it knows from before when none of them is there.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Host } from '../net/host.ts'
import { parsePeerAddress } from '../net/host.ts'
import type { Acquaintances, Network } from './context/node-context.ts'

const FIRST_PAUSE_MS = 500
const MAX_PAUSE_MS = 30_000
const CONNECT_TIMEOUT_MS = 5000
/** Whoever is alone for so long turns to the peers that it knows: its seeds have had their time to answer. */
const ALONE_MS = 5000

export class Membership {
  readonly #host: Host
  readonly #stopping = new AbortController()
  readonly #works: Promise<void>[]

  /** Begins at once; `addresses` name their peers. */
  constructor({ host, dht, known }: Pick<Network, 'host' | 'dht' | 'known'>, addresses: readonly string[]) {
    this.#host = host
    this.#works = addresses.map(address => this.#keep(address))
    if (known !== undefined) this.#works.push(this.#rejoin(dht, known))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#works)
  }

  async #keep(address: string): Promise<void> {
    const { signal } = this.#stopping
    const { peer } = parsePeerAddress(address)
    for (let pause = FIRST_PAUSE_MS; !signal.aborted && peer !== this.#host.id; ) {
      const isConnected = this.#host.isConnected(peer) || (await this.#connect(address))
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

  async #connect(address: string): Promise<boolean> {
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)])
    return await this.#host.connect([address], signal).then(
      () => true,
      () => false,
    )
  }
}
