// Who of those that we serve falls behind the others although it takes pieces as fast: few give to it, so it gets two at a time.
import type { SwarmPolicy } from './events.ts'
import type { Flows } from './flows.ts'

/** A piece takes some tens of milliseconds on a fast line, and who is behind stays so for many of them. */
const SURVEY_MS = 250

interface Progress {
  /** Pieces that it has, as it last said. */
  has: number
  /** Pieces that it has got from anybody since we know it, and what the others had got by then: whoever comes late is not behind. */
  gained: number
}

export class Backlogs {
  readonly #policy: Pick<SwarmPolicy, 'behindPieces'>
  readonly #flows: Pick<Flows, 'slots' | 'rate'>
  /** Of those who say what they have. */
  readonly #progress = new Map<string, Progress>()
  /** Means of those last surveyed. */
  #usualGain = 0
  #usualRate = Infinity
  #nextSurvey = 0

  constructor(policy: Pick<SwarmPolicy, 'behindPieces'>, flows: Pick<Flows, 'slots' | 'rate'>) {
    this.#policy = policy
    this.#flows = flows
  }

  told(peer: string, has: number): void {
    const known = this.#progress.get(peer)
    if (known === undefined) this.#progress.set(peer, { has, gained: this.#usualGain })
    else {
      known.gained += Math.max(0, has - known.has)
      known.has = has
    }
  }

  left(peer: string): void {
    this.#progress.delete(peer)
  }

  /** Looks at those that are sent something, or wait for it; now and then only. */
  survey(active: ReadonlyMap<string, unknown>, waiting: ReadonlyMap<string, unknown>, now: number): void {
    if (now < this.#nextSurvey) return
    this.#nextSurvey = now + SURVEY_MS
    const gained: number[] = []
    const rates: number[] = []
    const add = (peer: string) => {
      const progress = this.#progress.get(peer)
      const rate = this.#flows.rate(peer)
      if (progress !== undefined) gained.push(progress.gained)
      if (rate !== undefined) rates.push(rate)
    }
    for (const peer of active.keys()) add(peer)
    for (const peer of waiting.keys()) if (!active.has(peer)) add(peer)
    this.#usualGain = mean(gained) ?? this.#usualGain
    this.#usualRate = mean(rates) ?? Infinity
  }

  /** Pieces that may be under way to it; `isAlone`: to nobody else. */
  places(peer: string, isAlone: boolean): number {
    const places = this.#flows.slots(peer, isAlone)
    return this.#isBehind(peer) ? Math.max(2, places) : places
  }

  /**
   * Whether it got clearly less than they did, and not because its own line is full or slow: then it takes a piece more slowly than they
   * do. Whoever has fewer neighbours is given less by all of them together and would be last; it keeps up where each gives it a second
   * piece meanwhile.
   */
  #isBehind(peer: string): boolean {
    const gained = this.#progress.get(peer)?.gained ?? Infinity
    return this.#usualGain - gained >= this.#policy.behindPieces && (this.#flows.rate(peer) ?? 0) >= this.#usualRate
  }
}

/** undefined: of nothing. */
function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length
}
