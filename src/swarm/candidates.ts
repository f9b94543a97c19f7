// Peers that could be dialled, with a limit, and a memory of failures.
import type { KnownPeer, NeighbourhoodPolicy } from './neighbourhood-events.ts'
import { Reputation } from './reputation.ts'

export interface Candidate extends KnownPeer {
  /** Who named it. */
  from: string
  failures: number
  /** Not to be dialled before. */
  readyAt: number
}

export class Candidates {
  readonly #policy: NeighbourhoodPolicy
  readonly #random: () => number
  readonly #all = new Map<string, Candidate>()
  readonly #namers = new Reputation()
  readonly #groups = new Reputation()

  constructor(policy: NeighbourhoodPolicy, random: () => number) {
    this.#policy = policy
    this.#random = random
  }

  get size(): number {
    return this.#all.size
  }

  has(peer: string): boolean {
    return this.#all.has(peer)
  }

  /** Takes one up unless known; false when it was. When there are too many, one of whoever named the most has to go. */
  add({ peer, group }: KnownPeer, from: string): boolean {
    const known = this.#all.get(peer)
    if (known !== undefined) {
      known.group ??= group
      return false
    }
    this.#all.set(peer, { peer, group, from, failures: 0, readyAt: -Infinity })
    if (this.#all.size > this.#policy.maxCandidates) this.#forgetOne()
    return true
  }

  /** Removes one, to be dialled or because it is a neighbour now. */
  take(peer: string): Candidate | undefined {
    const candidate = this.#all.get(peer)
    this.#all.delete(peer)
    return candidate
  }

  /** Takes back one whose dial failed; who fails again and again is forgotten. */
  failed(candidate: Candidate, why: 'busy' | 'unreachable', now: number): void {
    if (why === 'busy') this.succeeded(candidate)
    else {
      this.#namers.failed(candidate.from)
      if (candidate.group !== undefined) this.#groups.failed(candidate.group)
    }
    const failures = candidate.failures + 1
    if (failures >= this.#policy.maxFailures) return
    const pause = Math.min(this.#policy.maxRetryMs, this.#policy.retryMs * 2 ** candidate.failures)
    this.#put({ ...candidate, failures, readyAt: now + pause })
  }

  /** Remembers one that was a neighbour, for later. */
  rest({ peer, group }: KnownPeer, readyAt: number): void {
    this.#put({ peer, group, from: peer, failures: 0, readyAt })
  }

  /** Those that may be dialled now. */
  ready(now: number): Candidate[] {
    return [...this.#all.values()].filter(c => c.readyAt <= now)
  }

  /** It is where it was said to be. */
  succeeded({ from, group }: Candidate): void {
    this.#namers.succeeded(from)
    if (group !== undefined) this.#groups.succeeded(group)
  }

  /**
   * Of those that are ready, those whom the namers with the fewest failures name, and of these in the groups with the fewest: who
   * invents peers, or names them where nobody is, is tried after all others, however many they are.
   */
  fairest(now: number): Candidate[] {
    const ready = this.ready(now)
    return best(
      best(ready, ({ from }) => this.#namers.rank(from)),
      ({ group }) => (group === undefined ? 0 : this.#groups.rank(group)),
    )
  }

  /** When one more will be ready; Infinity: never. */
  nextReady(now: number): number {
    let next = Infinity
    for (const { readyAt } of this.#all.values()) if (readyAt > now && readyAt < next) next = readyAt
    return next
  }

  #put(candidate: Candidate): void {
    this.#all.set(candidate.peer, candidate)
    if (this.#all.size > this.#policy.maxCandidates) this.#forgetOne()
  }

  /** So nobody can crowd out what the others told. */
  #forgetOne(): void {
    const told = new Map<string, Candidate[]>()
    for (const candidate of this.#all.values()) {
      const list = told.get(candidate.from)
      if (list === undefined) told.set(candidate.from, [candidate])
      else list.push(candidate)
    }
    const [first, ...others] = [...told.values()]
    const loudest = others.reduce((most, list) => (list.length > most.length ? list : most), first ?? [])
    const one = loudest[Math.floor(this.#random() * loudest.length)]
    if (one !== undefined) this.#all.delete(one.peer)
  }
}

/** Those with the lowest rank. */
function best(all: readonly Candidate[], rankOf: (candidate: Candidate) => number): Candidate[] {
  let [least, some]: [number, Candidate[]] = [Infinity, []]
  for (const candidate of all) {
    const rank = rankOf(candidate)
    if (rank < least) [least, some] = [rank, []]
    if (rank === least) some.push(candidate)
  }
  return some
}
