// Whether peers are still there: one ping at a time for each, however many want to know.
import { DragonflyError } from '../../core/errors.ts'
import type { Host } from '../../net/host.ts'

export class LivenessProbe {
  readonly #host: Host
  readonly #patienceMs: number
  readonly #running = new Map<string, Promise<void>>()

  /** `patienceMs`: how long a connected peer may take to answer. */
  constructor(host: Host, patienceMs: number) {
    this.#host = host
    this.#patienceMs = patienceMs
  }

  /** Resolves when the peer has answered. Rejects with `no-source` when it does not. */
  async beat(peer: string): Promise<void> {
    const running = this.#running.get(peer) ?? this.#ping(peer)
    this.#running.set(peer, running)
    await running
  }

  async #ping(peer: string): Promise<void> {
    try {
      await this.#host.ping(peer, AbortSignal.timeout(this.#patienceMs))
    } catch (cause) {
      throw new DragonflyError('no-source', 'it does not answer any more', { cause })
    } finally {
      this.#running.delete(peer)
    }
  }
}
