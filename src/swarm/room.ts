// Whom a node has room for among its neighbours.
import type { NeighbourhoodPolicy } from './neighbourhood-events.ts'

export class Room {
  readonly #policy: NeighbourhoodPolicy
  /** Since when there are as many links as good, or more. Milliseconds. */
  #enoughSince = Infinity

  constructor(policy: NeighbourhoodPolicy) {
    this.#policy = policy
  }

  /** There are so many links now. */
  changed(degree: number, now: number): void {
    if (degree < this.#policy.lowLinks) this.#enoughSince = Infinity
    else if (degree >= this.#policy.surplusLinks) this.#enoughSince = Math.min(this.#enoughSince, now)
  }

  /** `dialling`: links that may come besides. `theirs`: how many links the one has who asks. */
  isFull(degree: number, dialling: number, theirs: number, now: number): boolean {
    const { surplusLinks, maxLinks, lowLinks, settledMs } = this.#policy
    if (degree < surplusLinks) return degree + dialling > surplusLinks
    return now - this.#enoughSince < settledMs || degree >= maxLinks || theirs >= lowLinks
  }
}
