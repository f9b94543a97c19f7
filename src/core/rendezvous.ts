// Rendezvous hashing (highest random weight, Thaler and Ravishankar 1998): every host computes the same order of seeds for a task.
import { sha256 } from './piece.ts'

/** The others among them that come before `self` in that order. */
export function rankedAbove<T extends { peer: string }>(task: string, self: string, others: readonly T[]): T[] {
  const order = rendezvousOrder<{ peer: string; other?: T }>(task, [
    ...others.map(other => ({ peer: other.peer, other })),
    { peer: self },
  ])
  return order
    .slice(
      0,
      order.findIndex(({ peer }) => peer === self),
    )
    .flatMap(({ other }) => other ?? [])
}

/** Seeds in the order in which they should be asked for this task; the first is responsible, the others succeed it. */
export function rendezvousOrder<T extends { peer: string }>(task: string, seeds: readonly T[]): T[] {
  const weighed = seeds.map(seed => ({ seed, weight: Buffer.from(sha256(Buffer.from(`${task}\0${seed.peer}`))).toString('hex') }))
  return weighed.toSorted((a, b) => (a.weight < b.weight ? 1 : -1)).map(({ seed }) => seed)
}
