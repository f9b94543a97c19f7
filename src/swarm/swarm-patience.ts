// How long the swarm is to leave the origin alone, and each one's turn in a crowd that waits for a seed.
import type { Deadlines } from './deadlines.ts'
import type { SeedSigns } from './seed-signs.ts'
import { lookDueAt, type Visit } from './seed-visit.ts'
import type { SourceAction, SourcePolicy } from './source-events.ts'

/** The swarm is not told of changes that are smaller than that, milliseconds. */
const STEP_MS = 1000
/** Our clocks count as slow for so long after they last stood still, milliseconds. */
const SLOW_MS = 2000

interface Patience {
  /** A seed that lives, or is being looked at, is waited for until then. */
  until: number
  /** Another seed takes over, and is waited for until then whatever the one before it has. */
  handoverUntil: number
}

export class SwarmPatience {
  readonly #policy: SourcePolicy
  readonly #deadlines: Deadlines
  /** Our place in a crowd, milliseconds. */
  turn: number
  /** What the swarm was told. */
  #told: Patience = { until: -Infinity, handoverUntil: -Infinity }
  #toldLost = false
  /** When our clocks last stood still. */
  #lateAt = -Infinity

  /** `chance`: a number in [0, 1). */
  constructor(policy: SourcePolicy, chance: number, deadlines: Deadlines) {
    this.#policy = policy
    this.#deadlines = deadlines
    this.turn = crowdTurn(policy, chance)
  }

  /** Our clocks stood still, and the swarm's ran on: it is told what ours say. */
  late(now: number): void {
    this.#lateAt = now
  }

  /** What is to be told: nothing where nothing has changed by much. */
  tell(facts: PatienceFacts, now: number): SourceAction[] {
    const isSlow = now - this.#lateAt < SLOW_MS
    const atMost = facts.grownAt + this.#policy.awaitMs + this.turn
    const { until, handoverUntil } = patienceWith({ ...facts, atMost, isSlow, busyUntil: this.#busyUntil(facts) }, this.#policy)
    const { until: told, handoverUntil: toldHandover } = this.#told
    const { areLost } = facts
    if (isSame(until, told, now) && isSame(handoverUntil, toldHandover, now) && areLost === this.#toldLost) return []
    this.#told = { until, handoverUntil }
    this.#toldLost = areLost
    const [ms, handoverMs] = [Math.max(0, until - now), Math.max(0, handoverUntil - now)]
    return [{ type: 'be-patient', ms, handoverMs, ...(areLost && { areLost }) }]
  }

  /**
   * Until when the seed is waited for because it gives other contents of this host, or tells more of this one, while no piece of this one
   * comes. One that never gives a piece of it is waited for `awaitMs` only, whatever else it gives.
   */
  #busyUntil({ visit, gotAt }: PatienceFacts): number {
    const { silentMs, lookAnswerMs, awaitMs } = this.#policy
    const aliveAt = visit?.aliveAt ?? -Infinity
    if (aliveAt <= gotAt || visit?.leftAt !== undefined || visit?.strayedAt !== undefined) return -Infinity
    if (!this.#deadlines.isDue(gotAt + silentMs) || this.#deadlines.isDue(gotAt + awaitMs)) return -Infinity
    // signs of it at other contents are heard of only when it is looked for them
    this.#deadlines.isDue(this.#deadlines.now + STEP_MS)
    return Math.min(gotAt + awaitMs, aliveAt + lookAnswerMs)
  }
}

function isSame(until: number, told: number, now: number): boolean {
  return until <= now ? told <= now : Math.abs(until - told) < STEP_MS
}

export interface PatienceFacts {
  visit: Visit | undefined
  signs: SeedSigns
  /** Whether others can be asked in this round. */
  areOthersLeft: boolean
  /** Whether every seed was asked, and none is of use. */
  areLost: boolean
  /** When what we have last grew. */
  grownAt: number
  /** When a piece last came, or nothing was missing. */
  gotAt: number
}

interface Limits {
  /** Nobody is waited for any longer. */
  atMost: number
  /** Our clocks are slow: the one that has answered is not silent before they say so. */
  isSlow: boolean
  /** The one that is busy with other contents is waited for until then. */
  busyUntil: number
}

/** How long seeds are waited for: the one that is asked, and the one that takes over from it. */
function patienceWith(facts: PatienceFacts & Limits, policy: SourcePolicy): Patience {
  const { visit, signs, areOthersLeft, grownAt, atMost, isSlow, busyUntil } = facts
  const next = visit?.isNext ? visit.askedAt + policy.handoverMs : -Infinity
  const hasAnswered = visit?.resolvedAt !== undefined && visit.strayedAt === undefined
  const silentAt = isSlow && hasAnswered ? lookDueAt(visit, grownAt, policy) + policy.lookAnswerMs : -Infinity
  return {
    until: Math.max(busyUntil, Math.min(atMost, Math.max(signs.answerDueAt, signs.aliveUntil, silentAt))),
    handoverUntil: Math.min(atMost, Math.max(next, areOthersLeft ? signs.answerDueAt : -Infinity)),
  }
}

/**
 * Milliseconds until our turn in a crowd: exponentially distributed between 0 and `crowdMs`, the most at the end (Nonnenmacher and
 * Biersack 1998), so that of a crowd of any size few go early. `chance`: a number in [0, 1).
 */
export function crowdTurn({ crowdMs, crowdSteepness }: Pick<SourcePolicy, 'crowdMs' | 'crowdSteepness'>, chance: number): number {
  return (crowdMs * Math.log(1 + chance * Math.expm1(crowdSteepness))) / crowdSteepness
}
