// Whom this node refuses and why, and which of the seeds that it trusts contradict each other: what an operator is shown in the status.
import { Bans } from '../../swarm/bans.ts'
import type { SnubReason } from '../../swarm/events.ts'
import { Snubs } from '../../swarm/snubs.ts'
import type { EventFacts } from '../api/events.ts'
import type { IsolationStatus } from '../api/status.ts'
import { type NodeContext, now } from '../context/node-context.ts'

/** Bans, snubs and contradictions that a status names; the latest. */
const MAX_SHOWN = 100
const HOUR_MS = 3_600_000

type Contradiction = Omit<IsolationStatus['contradictions'][number], 'age'> & { at: number }

export class Isolation {
  readonly #ctx: Pick<NodeContext, 'counters' | 'emit'>
  readonly #bans = new Bans()
  readonly #snubs = new Snubs()
  /** The latest is the last. */
  readonly #contradictions = new Map<string, Contradiction>()

  constructor(ctx: Pick<NodeContext, 'counters' | 'emit'>) {
    this.#ctx = ctx
  }

  isBanned(peer: string): boolean {
    return this.#bans.isBanned(peer, now())
  }

  ban(peer: string, proof: string): void {
    const { since, until } = this.#bans.add(peer, proof, now())
    this.#ctx.counters.count('dragonfly_peers_banned_total')
    this.#ctx.emit({ code: 'peer-banned', peer, proof, hours: (until - since) / HOUR_MS })
  }

  letDown(peer: string, why: SnubReason, at: number): void {
    this.#snubs.letDown(peer, why, at)
    this.#ctx.counters.countAt('dragonfly_snubs_total', { reason: why })
  }

  gave(peer: string): void {
    this.#snubs.gave(peer)
  }

  /** What the operator is told. */
  heard(facts: EventFacts): void {
    if (facts.code !== 'seeds-contradict') return
    const { seed, other, version } = facts
    const key = [...[seed, other].toSorted(), version].join(' ')
    this.#contradictions.delete(key)
    this.#contradictions.set(key, { seed, other, version, at: now() })
    if (this.#contradictions.size > MAX_SHOWN) this.#contradictions.delete(this.#contradictions.keys().next().value as string)
  }

  status(): IsolationStatus {
    const time = now()
    const standing = this.#bans.standing(time)
    const snubs = this.#snubs.standing(time)
    const seconds = (ms: number) => Math.max(0, Math.floor(ms / 1000))
    return {
      banned: standing.length,
      bans: standing.slice(0, MAX_SHOWN).map(({ peer, proof, since, until, times }) => {
        return { peer, proof, age: seconds(time - since), left: seconds(until - time), times }
      }),
      snubbed: snubs.length,
      snubs: snubs.slice(0, MAX_SHOWN).map(({ peer, why, since, last, times }) => {
        return { peer, why, age: seconds(time - since), last: seconds(time - last), times }
      }),
      contradictions: [...this.#contradictions.values()]
        .toReversed()
        .map(({ at, ...named }) => ({ ...named, age: seconds(time - at) })),
    }
  }
}
