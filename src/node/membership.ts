// Keeps a long-lived node connected to its seeds and bootstrap peers.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Host } from '../net/host.ts'
import { parsePeerAddress } from '../net/host.ts'

const FIRST_PAUSE_MS = 500
const MAX_PAUSE_MS = 30_000
const CONNECT_TIMEOUT_MS = 5000

export class Membership {
  readonly #host: Host
  readonly #stopping = new AbortController()
  readonly #works: Promise<void>[]

  /** Begins at once; `addresses` name their peers. */
  constructor(host: Host, addresses: readonly string[]) {
    this.#host = host
    this.#works = addresses.map(address => this.#keep(address))
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

  async #connect(address: string): Promise<boolean> {
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)])
    return await this.#host.connect([address], signal).then(
      () => true,
      () => false,
    )
  }
}
