// Rendezvous hashing (highest random weight, Thaler and Ravishankar 1998): every host computes the same order of seeds for a task.
import { sha256 } from './piece.ts'

/** Seeds in the order in which they should be asked for this task; the first is responsible, the others succeed it. */
export function rendezvousOrder<T extends { peer: string }>(task: string, seeds: readonly T[]): T[] {
  const weighed = seeds.map(seed => ({ seed, weight: Buffer.from(sha256(Buffer.from(`${task}\0${seed.peer}`))).toString('hex') }))
  return weighed.toSorted((a, b) => (a.weight < b.weight ? 1 : -1)).map(({ seed }) => seed)
}
