// Which of our neighbours to ask.
import type { Neighbour } from './neighbour.ts'

/** Place of the neighbour with the lowest load; ties are broken at random. `random`: numbers in [0, 1). */
export function leastLoaded(able: readonly Neighbour[], loadOf: (n: Neighbour) => number, random: () => number): number {
  let best = 0
  let lowest = Infinity
  let ties = 0
  for (const [i, n] of able.entries()) {
    const load = loadOf(n)
    if (load < lowest) {
      best = i
      lowest = load
      ties = 1
    } else if (load === lowest && random() * ++ties < 1) best = i
  }
  return best
}
