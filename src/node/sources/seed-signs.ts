// Tells a download which of its seeds live, and when nobody could be heard: a seed that is busy with other contents of this node is not
// silent, and no seed is while this node has no processor.
import type { SwarmEvent } from '../../swarm/events.ts'
import { isSign } from '../../swarm/seed-visit.ts'
import type { SourceEvent } from '../../swarm/source-events.ts'
import { now } from '../context/node-context.ts'
import type { SilentSeeds } from '../context/silent-seeds.ts'

/** Signs of a seed are told of at most so often, milliseconds. */
const SIGN_MS = 100

export class SeedSigns {
  readonly #seeds: SilentSeeds
  /** What was told of absences. */
  #absentMs: number
  /** What was told of time in which this process was starved. */
  #lostMs: number
  readonly #begunAt = now()
  /** When the last sign that was told of came, by peer id. */
  readonly #told: Map<string, number>

  constructor(seeds: SilentSeeds, peers: readonly string[]) {
    this.#seeds = seeds
    this.#absentMs = seeds.absences.total
    this.#lostMs = seeds.ownPace.lostMs
    this.#told = new Map(peers.map(peer => [peer, -Infinity]))
  }

  /** These may be asked, too. */
  watch(peers: readonly string[]): void {
    for (const peer of peers) if (!this.#told.has(peer)) this.#told.set(peer, -Infinity)
  }

  /** What a swarm was told: some of it only the peer itself can have caused just now. */
  observe(event: SwarmEvent): void {
    if ('peer' in event && isSign(event) && this.#told.has(event.peer)) this.#seeds.heard(event.peer)
  }

  /** The origin is read as nobody knows the content: seeds that gave no sign meanwhile are not waited for at the next one. */
  silent(): void {
    for (const peer of this.#told.keys()) this.#seeds.silent(peer, this.#begunAt)
  }

  /** What there is to tell. `timerMs`: how late the timer is that asks; a starved process has missed the same time, which is told once. */
  news(timerMs = 0): SourceEvent[] {
    const events: SourceEvent[] = []
    const ms = this.#seeds.absences.total - this.#absentMs
    if (ms > 0) events.push({ type: 'absent', ms })
    this.#absentMs += ms
    const lostMs = this.#seeds.ownPace.lostMs - this.#lostMs
    const lateMs = Math.max(lostMs, timerMs)
    if (lateMs > 0) events.push({ type: 'late', ms: lateMs })
    this.#lostMs += lostMs
    for (const [seed, told] of this.#told) {
      const at = this.#seeds.heardAt(seed)
      if (at === undefined || at < told + SIGN_MS) continue
      this.#told.set(seed, at)
      events.push({ type: 'seed-alive', seed, at })
    }
    return events
  }
}
