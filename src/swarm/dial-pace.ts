// When a node that has some links dials the next one: not while others have no room, and slowly while it has its hands full.
import type { NeighbourhoodPolicy } from './neighbourhood-events.ts'

export class DialPace {
  readonly #policy: NeighbourhoodPolicy
  /**
   * Whether our event loop has hardly a pause. Each new link takes 20 ms or more of a processor at both ends, and what the links that are there
   * bring waits meanwhile: on busy hosts a swarm is under way sooner when the first pieces come before the last neighbours.
   */
  isBusy = false
  #restMs: number
  #restsUntil = -Infinity
  #busyUntil = -Infinity

  constructor(policy: NeighbourhoodPolicy) {
    this.#policy = policy
    this.#restMs = policy.restMs
  }

  /** From when on a node with so many links, and so many being dialled, dials one more. */
  from(degree: number, dialling: number): number {
    const { lowLinks, busyLinks } = this.#policy
    const rested = degree >= lowLinks ? this.#restsUntil : -Infinity
    return this.isBusy && degree + dialling >= busyLinks ? Math.max(rested, this.#busyUntil) : rested
  }

  dialled(now: number): void {
    this.#busyUntil = now + this.#policy.busyDialMs
  }

  /** Others have no room: who has enough rests. `isCutOff`: it has no far neighbour, and looks for one; then it soon goes on. */
  refused(now: number, isCutOff: boolean): void {
    const { restMs, maxRestMs } = this.#policy
    this.#restsUntil = now + this.#restMs
    this.#restMs = isCutOff ? restMs : Math.min(maxRestMs, this.#restMs * 4)
  }
}
