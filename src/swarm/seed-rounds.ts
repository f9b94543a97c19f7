// Decides which seed to ask when, and how long to wait for it.
import type { Deadlines } from './deadlines.ts'
import type { SeedFailure, SourceAction, SourcePolicy } from './source-events.ts'

/** One seed being asked. */
interface Visit {
  seed: string
  askedAt: number
  /** When it last said anything; undefined: it is not connected yet. */
  heardAt: number | undefined
  /** When it was connected, and whether it has said anything since. */
  connectedAt: number | undefined
  hasReplied: boolean
  /** Whether its host accepts connections, and there is no other seed to ask: it is waited for as a busy one. */
  isBusy: boolean
  /** When anything last came from it, if only for another content; undefined: nothing since it is asked. */
  aliveAt: number | undefined
  /** When it told what the content is; from then on a link to it counts. */
  resolvedAt: number | undefined
  /** When it told of another version than the one that is being got: of that it gives nothing. */
  strayedAt: number | undefined
  /** From then on it is to be linked; before, a link that is missing is still on its way, or may come back. */
  linkDueAt: number
  /** When we decided to leave it; it is over once `seed-failed` is told. */
  leftAt: number | undefined
}

export interface SeedRoundsOptions {
  /** In the order in which they are asked: the first is responsible, the others succeed it. */
  seeds: readonly string[]
  policy: SourcePolicy
  /** A number in [0, 1): our place in a crowd. */
  chance: number
  deadlines: Deadlines
  intend(action: SourceAction): void
}

/** Seeds are asked one after the other, in rounds; the one that answers is kept as long as it gives something. */
export class SeedRounds {
  readonly #policy: SourcePolicy
  readonly #chance: number
  readonly #deadlines: Deadlines
  readonly #intend: (action: SourceAction) => void
  /** Those that did not refuse. */
  #usable: readonly string[]
  /** Still to be asked in this round. */
  #queue: string[]
  #visit: Visit | undefined
  #haveFailed: boolean
  #againAt = -Infinity
  /** Whether the last one that told a version told another one than the one that is being got. */
  #haveStrayed = false
  /** Whether a seed's tries at the origin were used up before. */
  #hasSpent = false
  /** Last sign that a busy seed gets on. */
  #signAt: number | undefined
  /** When the first one was asked. */
  #askedAt: number | undefined
  /** For how long we could not hear anybody. */
  #absentMs = 0
  readonly #linked = new Set<string>()

  constructor({ seeds, policy, chance, deadlines, intend }: SeedRoundsOptions) {
    this.#policy = policy
    this.#chance = chance
    this.#deadlines = deadlines
    this.#intend = intend
    this.#usable = seeds
    this.#queue = [...seeds]
    this.#haveFailed = seeds.length === 0
  }

  /** Whether each of them was asked since one last answered, and none is of use. */
  get haveFailed(): boolean {
    return this.#haveFailed
  }

  /** Whether they may be asked again: not all have refused. */
  get mayReturn(): boolean {
    return this.#usable.length > 0
  }

  /** Whether the version that is being got is not the one that a seed would give. */
  get haveStrayed(): boolean {
    return this.#haveStrayed
  }

  heard(seed: string, replies: boolean, now: number): void {
    if (this.#visit?.seed !== seed) return
    this.#visit.heardAt = now
    this.#visit.connectedAt ??= now
    this.#visit.hasReplied ||= replies
    if (this.#signAt !== undefined) this.#signAt = now
  }

  /** We could not hear anybody for so long. */
  absent(ms: number): void {
    this.#absentMs += ms
  }

  /** It gave a sign at `at`, if only for another content. */
  lives(seed: string, at: number): void {
    if (this.#visit?.seed === seed) this.#visit.aliveAt = at
  }

  /** It is busy, or it hangs: that counts as a failure, but our place among those who wait for it is kept. */
  listens(seed: string, now: number): void {
    const visit = this.#visit
    if (visit?.seed !== seed || visit.leftAt !== undefined || visit.heardAt !== undefined || this.#queue.length > 0) return
    visit.isBusy = this.#haveFailed = true
    this.#signAt ??= now
  }

  resolved(seed: string, now: number): void {
    if (this.#visit?.seed !== seed || this.#visit.leftAt !== undefined) return
    this.#visit.heardAt = this.#visit.resolvedAt = now
    this.#visit.hasReplied = true
    this.#visit.linkDueAt = now + this.#policy.dialMs
    this.#visit.strayedAt = undefined
    this.#haveFailed = this.#haveStrayed = false
  }

  /** It has accepted our link. */
  dialled(seed: string, now: number): void {
    if (this.#visit?.seed === seed) this.#visit.linkDueAt = now + this.#policy.lostMs
  }

  /** It told of another version than the one that is being got. */
  strayed(seed: string, now: number): void {
    if (this.#visit?.seed !== seed) return
    this.#visit.heardAt = this.#visit.strayedAt = now
    this.#haveStrayed = true
  }

  /** Whether the one that is asked has said nothing to this request, and given no other sign, for too long. `since`: when we began. */
  isSilent(since: number): boolean {
    const visit = this.#visit?.leftAt === undefined ? this.#visit : undefined
    if (visit?.hasReplied === true) return false
    const { originAfterMs, silenceMs } = this.#policy
    const { aliveAt } = visit ?? {}
    if (aliveAt !== undefined) return this.#deadlines.isDue(Math.max(since, aliveAt) + silenceMs + this.#absentMs)
    return this.#deadlines.isDue((this.#askedAt ?? since) + originAfterMs + this.#absentMs)
  }

  /** Whether this is the seed that answered. */
  isAnswering(seed: string): boolean {
    return this.#visit?.seed === seed && this.#visit.resolvedAt !== undefined
  }

  linked(peer: string): void {
    this.#linked.add(peer)
  }

  unlinked(peer: string, now: number): void {
    this.#linked.delete(peer)
    if (this.#visit?.seed === peer) this.#visit.linkDueAt = now + this.#policy.lostMs
  }

  /** Answers whether what the seed says is final for us, too. */
  failed(seed: string, why: SeedFailure, now: number): boolean {
    if (why === 'final' || (why === 'spent' && this.#hasSpent)) return true
    if (this.#visit?.seed !== seed) return false
    if (why === 'spent') {
      this.#hasSpent = true
      this.#queue.unshift(seed)
    }
    if (why === 'busy') this.#signAt ??= now
    if (why === 'refused') this.#usable = this.#usable.filter(other => other !== seed)
    this.#end(now)
    return false
  }

  /** Asks and leaves. `grownAt`: when what we have last grew. */
  decide(grownAt: number): void {
    const { now } = this.#deadlines
    const visit = this.#visit
    if (visit !== undefined && visit.leftAt === undefined) {
      const why = this.#over(visit, grownAt)
      if (why !== undefined) {
        visit.leftAt = now
        this.#intend({ type: 'leave-seed', seed: visit.seed, why })
      }
    }
    if (visit?.leftAt !== undefined && this.#deadlines.isDue(visit.leftAt + this.#policy.leaveMs)) this.#end(now)
    if (this.#visit !== undefined) return
    if (this.#queue.length === 0 && this.#usable.length > 0 && this.#deadlines.isDue(this.#againAt))
      this.#queue = [...this.#usable]
    const seed = this.#queue.shift()
    if (seed === undefined) return
    this.#visit = {
      seed,
      askedAt: now,
      heardAt: undefined,
      connectedAt: undefined,
      hasReplied: false,
      isBusy: false,
      aliveAt: undefined,
      resolvedAt: undefined,
      strayedAt: undefined,
      linkDueAt: -Infinity,
      leftAt: undefined,
    }
    this.#askedAt ??= now
    this.#intend({ type: 'ask-seed', seed })
    this.#over(this.#visit, grownAt)
  }

  /** Whether the one that is asked takes so long that others may say what the content is. */
  isSlow(): boolean {
    const visit = this.#visit
    if (this.#haveFailed) return true
    return visit !== undefined && visit.resolvedAt === undefined && this.#deadlines.isDue(visit.askedAt + this.#policy.answerMs)
  }

  /** Whether a seed may still give more: one says that it is there, or some have not been asked yet. */
  isHopeful(grownAt: number): boolean {
    const visit = this.#visit
    const { patientMs, muteMs } = this.#policy
    if (this.#deadlines.isDue(Math.max(grownAt + patientMs, (visit?.askedAt ?? -Infinity) + muteMs))) return false
    if (visit?.heardAt !== undefined && visit.leftAt === undefined && visit.strayedAt === undefined) {
      if (!this.#deadlines.isDue(this.#signOf(visit, visit.heardAt, grownAt) + muteMs)) return true
    }
    return !this.#haveFailed && (visit?.heardAt === undefined || visit.leftAt !== undefined || this.#queue.length > 0)
  }

  /** Whether a busy one is waited for, so that not all who wait for it read the origin, and not at once. `since`: when we began. */
  isCrowded(since: number): boolean {
    if (this.#signAt === undefined) return false
    const { busyMs, patientMs } = this.#policy
    return !this.#deadlines.isDue(Math.min(this.#signAt + busyMs + this.#turnMs, since + patientMs))
  }

  /**
   * Exponentially distributed between 0 and `crowdMs`, the most at the end (Nonnenmacher and Biersack 1998): of a crowd of any
   * size few go early.
   */
  get #turnMs(): number {
    const { crowdMs, crowdSteepness } = this.#policy
    return (crowdMs * Math.log(1 + this.#chance * Math.expm1(crowdSteepness))) / crowdSteepness
  }

  /** When it last gave a sign that counts. */
  #signOf({ askedAt, aliveAt = -Infinity }: Visit, heardAt: number, grownAt: number): number {
    return Math.max(heardAt, Math.min(aliveAt, Math.max(grownAt, askedAt) + this.#policy.aliveMs))
  }

  #end(now: number): void {
    this.#visit = undefined
    if (this.#queue.length > 0) return
    this.#haveFailed = true
    this.#againAt = now + this.#policy.retryMs
  }

  /** Why there is no sense in staying; undefined: there is. */
  #over(visit: Visit, grownAt: number): string | undefined {
    const { answerMs, busyAnswerMs, ackMs, muteMs, lostMs, stallMs, patientMs } = this.#policy
    const { askedAt, isBusy, connectedAt, hasReplied, resolvedAt, strayedAt } = visit
    const isDue = (at: number): boolean => this.#deadlines.isDue(at)
    if (visit.heardAt === undefined)
      return isDue(askedAt + (isBusy ? busyAnswerMs : answerMs) + this.#absentMs) ? 'no answer' : undefined
    const heardAt = this.#signOf(visit, visit.heardAt, grownAt)
    const ackFrom = this.#signOf(visit, connectedAt ?? visit.heardAt, grownAt)
    // where there is no other to ask, it may still answer while the origin is read
    if (!hasReplied && this.#queue.length > 0 && isDue(ackFrom + ackMs + this.#absentMs)) return 'it says nothing'
    // while bytes come from elsewhere it does no harm
    if (strayedAt !== undefined) return isDue(Math.max(grownAt, strayedAt) + lostMs) ? 'it has another version' : undefined
    if (isDue(Math.max(grownAt + patientMs, askedAt + muteMs))) return 'it gives nothing'
    if (resolvedAt === undefined) return isDue(heardAt + muteMs) ? 'it says nothing' : undefined
    if (!this.#linked.has(visit.seed)) return isDue(visit.linkDueAt) ? 'its link is lost' : undefined
    return isDue(Math.max(grownAt, resolvedAt) + stallMs) && isDue(heardAt + muteMs) ? 'it gives nothing' : undefined
  }
}
