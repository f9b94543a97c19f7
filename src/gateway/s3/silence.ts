// When a swarm counts as silent: nothing of the content arrives. A late part of a transfer has to wait for those before it.
import type { Progress } from '../../node/api/get-options.ts'
import type { Stop } from '../registry/stop.ts'

export class Silence {
  readonly #stop: Stop
  readonly #ms: number
  #received = 0
  #isWaiting = false

  /** `stop` is called after so many milliseconds of silence while somebody waits. */
  constructor(stop: Stop, ms: number) {
    this.#stop = stop
    this.#ms = ms
  }

  waits(): void {
    this.#isWaiting = true
    this.#stop.within(this.#ms)
  }

  waitsNoMore(): void {
    this.#isWaiting = false
    this.#stop.hold()
  }

  /** For `onProgress`. */
  readonly hear = ({ received }: Pick<Progress, 'received'>): void => {
    if (!this.#isWaiting || received <= this.#received) return
    this.#received = received
    this.#stop.within(this.#ms)
  }
}
