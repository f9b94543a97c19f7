// Keeps one gate per origin host, as long as there is something to remember about it.
import { type GateSettings, HostGate } from './host-gate.ts'

/** Hosts that are remembered; redirects can name any number of them. */
export const MAX_HOSTS = 1024

export class Gates {
  readonly #settings: GateSettings
  /** By scheme, name and port; those that were asked for last at the end. */
  readonly #gates = new Map<string, HostGate>()

  constructor(settings: GateSettings) {
    this.#settings = settings
  }

  /** `place`: scheme, name and port. */
  at(place: string): HostGate {
    const gate = this.#gates.get(place) ?? new HostGate(this.#settings)
    this.#gates.delete(place)
    this.#gates.set(place, gate)
    if (this.#gates.size > MAX_HOSTS) this.#forget(gate)
    return gate
  }

  get size(): number {
    return this.#gates.size
  }

  /** Those that nobody would notice; when there is none, the one that was not used for the longest time. */
  #forget(except: HostGate): void {
    for (const [place, gate] of this.#gates) if (gate !== except && gate.isAtRest) this.#gates.delete(place)
    if (this.#gates.size <= MAX_HOSTS) return
    const [oldest] = [...this.#gates].find(([, gate]) => gate !== except && !gate.isInUse) ?? []
    if (oldest !== undefined) this.#gates.delete(oldest)
  }
}
