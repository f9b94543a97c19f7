// Reproducible random draws.
import { seededRandom } from '../swarm/random.ts'

/** A row of random numbers of its own for each purpose: one more purpose does not change the others. */
export function randomFor(seed: number, purpose: number): () => number {
  const first = seededRandom(seed)
  return seededRandom(Math.floor(first() * 0x100000000) + purpose)
}

/** Fisher and Yates. */
export function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const copy = [...list]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[copy[i], copy[j]] = [copy[j] as T, copy[i] as T]
  }
  return copy
}

/** A number of this mean, exponentially distributed. */
export function exponential(mean: number, random: () => number): number {
  return -mean * Math.log(1 - random())
}

/** This share of the list, 0 to 1. */
export function drawn<T>(list: readonly T[], share: number, random: () => number): T[] {
  return shuffled(list, random).slice(0, Math.round(share * list.length))
}
