// Tells a download which of its seeds live: one that is busy with other contents of this node is not silent.
import type { SwarmEvent } from '../../swarm/events.ts'
import type { SourceEvent } from '../../swarm/source-events.ts'
import type { SilentSeeds } from '../context/silent-seeds.ts'

/** Signs of a seed are told of at most so often, milliseconds. */
const SIGN_MS = 100

export class SeedSigns {
  readonly #seeds: SilentSeeds
  /** When the last sign that was told of came, by peer id. */
  readonly #told: Map<string, number>

  constructor(seeds: SilentSeeds, peers: readonly string[]) {
    this.#seeds = seeds
    this.#told = new Map(peers.map(peer => [peer, -Infinity]))
  }

  /** What a swarm was told: some of it only the peer itself can have caused just now. */
  observe(event: SwarmEvent): void {
    if ('peer' in event && isSign(event) && this.#told.has(event.peer)) this.#seeds.heard(event.peer)
  }

  /** What there is to tell. */
  news(): SourceEvent[] {
    const events: SourceEvent[] = []
    for (const [seed, told] of this.#told) {
      const at = this.#seeds.heardAt(seed)
      if (at === undefined || at < told + SIGN_MS) continue
      this.#told.set(seed, at)
      events.push({ type: 'seed-alive', seed, at })
    }
    return events
  }
}

function isSign({ type }: SwarmEvent): boolean {
  return type === 'progress' || type === 'have' || type === 'bitfield' || type === 'request'
}
