// When a swarm counts as silent: nothing of the content arrives, or for too long nothing of what is waited for: a late part has to wait for those
// before it, but the object may be large.
import type { Progress } from '../../node/api/get-options.ts'
import type { Stop } from '../registry/stop.ts'

export interface Patience {
  /** While nothing of the content arrives, ms. */
  silence: number
  /** For the next bytes, whatever else arrives, ms. */
  turn: number
}

export class Silence {
  readonly #stop: Stop
  readonly #patience: Patience
  #received = 0
  #isWaiting = false
  #since = 0

  /** `stop` is called when somebody has waited so long. */
  constructor(stop: Stop, patience: Patience) {
    this.#stop = stop
    this.#patience = patience
  }

  waits(): void {
    this.#isWaiting = true
    this.#since = performance.now()
    this.#wait()
  }

  waitsNoMore(): void {
    this.#isWaiting = false
    this.#stop.hold()
  }

  /** For `onProgress`. */
  readonly hear = ({ received }: Pick<Progress, 'received'>): void => {
    if (!this.#isWaiting || received <= this.#received) return
    this.#received = received
    this.#wait()
  }

  #wait(): void {
    const { silence, turn } = this.#patience
    this.#stop.within(Math.max(0, Math.min(silence, this.#since + turn - performance.now())))
  }
}
