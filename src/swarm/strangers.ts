// Decides from when on anybody who has the content may name its version.
import type { Deadlines } from './deadlines.ts'
import type { SeedRounds } from './seed-rounds.ts'
import type { SourcePolicy } from './source-events.ts'

export interface StrangersOptions {
  seeds: Pick<SeedRounds, 'isSlow' | 'hasResolved' | 'haveFailed' | 'isBusy' | 'showLife'>
  policy: SourcePolicy
  deadlines: Deadlines
  /** Whether the origin is asked first which version is current, when no seed is there. */
  asksOrigin: boolean
}

export class Strangers {
  readonly #options: StrangersOptions
  #areHeard = false
  #wasSlow = false

  constructor(options: StrangersOptions) {
    this.#options = options
  }

  /**
   * Whether to hear them from now on; answers once, with whether to ask the origin first. Who would ask it waits until it is known
   * whether a seed lives: a crowd at a busy one is not to ask. `begunAt`: when the download began.
   */
  decide(begunAt: number): { isAlone: boolean } | undefined {
    const { seeds, policy, deadlines, asksOrigin } = this.#options
    const isSlow = seeds.isSlow()
    this.#wasSlow ||= isSlow
    if (this.#areHeard || !this.#wasSlow || seeds.hasResolved) return undefined
    const isAlone = asksOrigin && !seeds.showLife
    // by then the first seed is known to be dead or busy; who has many dead ones does not wait for all of them
    if (isAlone && !seeds.haveFailed && !deadlines.isDue(begunAt + policy.answerMs + policy.leaveMs)) return undefined
    // the successor of a silent one has just been connected: it will answer in a moment
    if (!isAlone && !isSlow && !seeds.isBusy) return undefined
    this.#areHeard = true
    return { isAlone }
  }
}
