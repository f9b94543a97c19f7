// Decides whether this node reads pieces from the origin itself: nothing comes, or the origin is much faster.
import type { SwarmEvent, SwarmPolicy } from './events.ts'
import type { Neighbour } from './neighbour.ts'
import { OriginTrial } from './origin-trial.ts'
import { Pace } from './pace.ts'
import type { Picker } from './picker.ts'
import { Turns } from './turns.ts'

export interface OriginNeedOptions {
  /** This node's name among its neighbours. */
  self: string
  policy: SwarmPolicy
  picker: Picker
  /** Read only; filled by its owner. */
  neighbours: ReadonlyMap<string, Neighbour>
}

/**
 * The origin is asked for single pieces when nothing moves; once the swarm moves again it is left alone. It is also read by few
 * when it is much faster than the swarm.
 */
export class OriginNeed {
  readonly #policy: SwarmPolicy
  readonly #picker: Picker
  readonly #neighbours: ReadonlyMap<string, Neighbour>
  readonly #pace = new Pace()
  /** Of the other contents of this host, over the same line. */
  readonly #paceElsewhere = new Pace()
  readonly #turns: Turns
  /** When bytes last came from anybody; before that, when we began. */
  #lastProgress: number | undefined
  readonly #trial: OriginTrial
  /** When our own rate limit last kept something waiting. */
  #heldAt = -Infinity
  /** Until when a seed that lives is waited for. */
  #patientUntil = -Infinity
  /** Until when a seed that takes over is waited for, whatever those who are linked have. */
  #handoverUntil = -Infinity
  /** The swarm was silent for too long, and has not given anything since. */
  #isSilent = false
  /** The origin is so much faster that we, one of few, read it. */
  #isHasty = false
  /** Every seed was asked, and none is of use. */
  #areSeedsLost = false
  /** Since when the peers have had nothing for us that we did not ask for, while the seeds are lost. */
  #starvedSince: number | undefined
  /** They have had nothing for so long that what nobody has is read at the origin. */
  #isOrphaned = false

  constructor({ self, policy, picker, neighbours }: OriginNeedOptions) {
    this.#policy = policy
    this.#picker = picker
    this.#neighbours = neighbours
    this.#turns = new Turns(self, policy.turnMs)
    this.#trial = new OriginTrial(policy, this.#turns)
  }

  /** Whether the origin may be asked for one more when it is asked for so many, as of the last look. */
  allows(asked: number): boolean {
    if (this.#isSilent || this.#isOrphaned) return true
    return this.#isHasty && (this.#trial.isProven || asked < this.#policy.minWindow)
  }

  /** Told before anything else: the first moment counts as progress. */
  begin(now: number): void {
    this.#lastProgress ??= now
  }

  /** Something came: from a neighbour, the origin, or the disk. */
  moved(now: number): void {
    this.#lastProgress = now
  }

  /** What came waits for our own rate limit. */
  held(now: number): void {
    this.#lastProgress = now
    this.#heldAt = now
  }

  /** A seed is waited for: silence alone is no reason to read the origin for so long. */
  #waits({ ms, handoverMs, areLost = false }: Extract<SwarmEvent, { type: 'patience' }>, now: number): void {
    this.#areSeedsLost = areLost
    this.#patientUntil = now + ms
    this.#handoverUntil = now + handoverMs
    if (handoverMs > 0 || (ms > 0 && this.#mayWait)) this.#isSilent = false
  }

  /** Whether our own limit kept something waiting in the last so many milliseconds: then it is what makes us slow. */
  isHeld(now: number, ms: number): boolean {
    return now - this.#heldAt < ms
  }

  /** A peer or a seed gave a whole piece. */
  delivered(bytes: number, now: number): void {
    this.#pace.add(bytes, now)
    this.#isSilent = false
  }

  /** The origin gave a whole piece, and is asked for so many others. */
  gave(bytes: number, others: number): void {
    this.#trial.received(bytes, others)
  }

  /** What a seed says of the origin, how long the origin is to be left alone for a seed, or what other contents of this host get. */
  told(event: Extract<SwarmEvent, { type: 'origin-rate' | 'patience' | 'elsewhere' }>, now: number): void {
    if (event.type === 'patience') this.#waits(event, now)
    else if (event.type === 'elsewhere') this.#paceElsewhere.add(event.bytes, now)
    else this.#trial.told(event.rate, event.peers)
  }

  /** Whether nothing moves; for a node that knows the origin, before anybody is asked. */
  look(now: number): void {
    if (this.#picker.missing === 0) {
      // where nothing is missing nobody is silent
      this.#lastProgress = now
      return
    }
    this.#isHasty = false
    this.#isSilent ||= this.#overdue(now) >= 0
  }

  /** Whether it is worth reading although the swarm moves; once all others have been asked for what they can give. */
  isTempting(isStarved: () => boolean, now: number): boolean {
    this.#starve(isStarved, now)
    if (this.#isOrphaned) return true
    // where our own limit is what makes it slow, no other source is faster
    const isHeld = this.isHeld(now, this.#policy.originMs)
    this.#isHasty = this.#trial.isOn(isHeld ? undefined : this.#hostPace(now), isStarved, now)
    return this.#isHasty
  }

  /**
   * What the swarms give to this host, bytes per millisecond: where its contents share a line, what the origin gives to one of them is taken
   * from the others. Undefined: this content has only begun.
   */
  #hostPace(now: number): number | undefined {
    const own = this.#pace.rate(now)
    return own === undefined ? undefined : own + this.#paceElsewhere.recent(now)
  }

  /**
   * What only the seeds had is shared out as soon as the peers have nothing else: pieces of one reader at a time keep the others from being
   * silent, and would be all that comes.
   */
  #starve(isStarved: () => boolean, now: number): void {
    const isOn = this.#areSeedsLost && this.#picker.missing > 0 && isStarved()
    this.#starvedSince = isOn ? (this.#starvedSince ?? now) : undefined
    this.#isOrphaned = this.#starvedSince !== undefined && now - this.#starvedSince >= this.#policy.lonelyOriginMs
  }

  /** Which pieces this node may read at the origin now; undefined: any. */
  turn(now: number): ((piece: number) => boolean) | undefined {
    if (this.#isHasty) return undefined
    const overdue = this.#overdue(now)
    const waited = this.#isOrphaned ? Math.max(0, overdue) : overdue
    return piece => this.#turns.isOurs(piece, this.#neighbours.values(), waited)
  }

  /** For how long the swarm has been silent beyond our patience, milliseconds; negative: it is not yet. */
  #overdue(now: number): number {
    const silence = now - (this.#lastProgress ?? now)
    if (silence < this.#policy.lonelyOriginMs) return -1
    const waited = silence - (this.#isLonely ? this.#policy.lonelyOriginMs : this.#policy.originMs)
    const patientUntil = this.#mayWait ? Math.max(this.#patientUntil, this.#handoverUntil) : this.#handoverUntil
    // the turns begin when the patience ends, or all would be due at once
    return Math.min(waited, now - patientUntil)
  }

  /**
   * Whether a seed that is waited for could give anything: it is not linked yet, or has what is missing here. Where several are linked, one
   * that is mute is none of those that are waited for.
   */
  get #mayWait(): boolean {
    const seeds = [...this.#neighbours.values()].filter(({ kind }) => kind === 'seed')
    const heard = seeds.filter(({ isMute }) => !isMute)
    return seeds.length === 0 || (heard.length === 0 ? seeds : heard).some(({ have }) => this.#picker.lacksAnyOf(have))
  }

  /** Nobody can give what is missing: there is no seed, and no peer that has any of it. */
  get #isLonely(): boolean {
    for (const { kind, have } of this.#neighbours.values()) {
      if (kind === 'seed' || (kind === 'peer' && this.#picker.lacksAnyOf(have))) return false
    }
    return true
  }
}
