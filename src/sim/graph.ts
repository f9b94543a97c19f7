// A random graph of fixed neighbours with nearly equal degree.
import { shuffled } from './draw.ts'
import type { SimPeer } from './peer.ts'

/** Both know one another from now on. */
export function connect(a: SimPeer, b: SimPeer): void {
  a.join(b)
  b.join(a)
}

/**
 * Gives those who come their neighbours: the first get random rings laid over each other, so that all are connected and nobody
 * has more than `degree`; who comes later gets half of that among those who are there, and the rest from who comes after.
 */
export class GivenGraph {
  readonly #degree: number
  readonly #random: () => number

  constructor(degree: number, random: () => number) {
    this.#degree = degree
    this.#random = random
  }

  /** `there`: the peers that came before and are still there. */
  welcome(comers: readonly SimPeer[], there: readonly SimPeer[]): void {
    if (there.length === 0) return this.#layRings(comers)
    const all = [...there]
    for (const comer of comers) {
      this.#choose(comer, all)
      all.push(comer)
    }
  }

  #layRings(peers: readonly SimPeer[]): void {
    for (let ring = 0; ring < this.#degree / 2; ring++) {
      const order = shuffled(peers, this.#random)
      for (const [i, a] of order.entries()) {
        const b = order[(i + 1) % order.length] as SimPeer
        if (a !== b && !a.hears(b)) connect(a, b)
      }
    }
  }

  /** Of two drawn by lot, who has fewer neighbours: that keeps their numbers nearly equal. */
  #choose(comer: SimPeer, all: readonly SimPeer[]): void {
    const wanted = Math.min(Math.ceil(this.#degree / 2), all.length)
    for (let found = 0, tries = 0; found < wanted && tries < 20 * wanted; tries++) {
      const [a, b] = [this.#draw(all), this.#draw(all)]
      const other = b.neighbours.length < a.neighbours.length ? b : a
      if (other.hears(comer)) continue
      connect(comer, other)
      found++
    }
  }

  #draw(all: readonly SimPeer[]): SimPeer {
    return all[Math.floor(this.#random() * all.length)] as SimPeer
  }
}
