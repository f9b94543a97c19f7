// How long the swarm is to leave the origin alone, and each one's turn in a crowd that waits for a seed.
import type { SourceAction, SourcePolicy } from './source-events.ts'

/** The swarm is not told of changes that are smaller than that, milliseconds. */
const STEP_MS = 1000

export class SwarmPatience {
  /** Until when the swarm was told to. */
  #until = -Infinity

  /** What is to be told when it is to wait until then, which may be over; undefined: nothing has changed by much. */
  tell(until: number, now: number): SourceAction | undefined {
    const isOver = until <= now
    if (isOver ? this.#until <= now : Math.abs(until - this.#until) < STEP_MS) return undefined
    this.#until = isOver ? -Infinity : until
    return { type: 'be-patient', ms: isOver ? 0 : until - now }
  }
}

/**
 * Milliseconds until our turn in a crowd: exponentially distributed between 0 and `crowdMs`, the most at the end (Nonnenmacher and
 * Biersack 1998), so that of a crowd of any size few go early. `chance`: a number in [0, 1).
 */
export function crowdTurn({ crowdMs, crowdSteepness }: Pick<SourcePolicy, 'crowdMs' | 'crowdSteepness'>, chance: number): number {
  return (crowdMs * Math.log(1 + chance * Math.expm1(crowdSteepness))) / crowdSteepness
}
