// When a node that has enough links looks for more again, after it found that others have no room.
import type { NeighbourhoodPolicy } from './neighbourhood-events.ts'

export class DialRest {
  readonly #policy: NeighbourhoodPolicy
  #pause: number
  /** Milliseconds. */
  until = -Infinity

  constructor(policy: NeighbourhoodPolicy) {
    this.#policy = policy
    this.#pause = policy.restMs
  }

  /** Whether a node that has so many links rests now. */
  lasts(degree: number, now: number): boolean {
    return now < this.until && degree >= this.#policy.lowLinks
  }

  /** `isCutOff`: it has no far neighbour, and looks for one; then it soon goes on. */
  begin(now: number, isCutOff: boolean): void {
    const { restMs, maxRestMs } = this.#policy
    this.until = now + this.#pause
    this.#pause = isCutOff ? restMs : Math.min(maxRestMs, this.#pause * 4)
  }
}
