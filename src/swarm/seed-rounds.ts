// Decides which seed to ask when, and how long to wait for it.
import type { Deadlines } from './deadlines.ts'
import { OriginReports } from './origin-reports.ts'
import { SeedQueue } from './seed-queue.ts'
import { SeedSearch } from './seed-search.ts'
import { SeedSigns } from './seed-signs.ts'
import { givesSigns, isUnheard, lookDueAt, newVisit, type Visit, visitLate, visitResolved, whyLeave } from './seed-visit.ts'
import type { SeedFailure, SourceAction, SourcePolicy } from './source-events.ts'
import { SwarmPatience } from './swarm-patience.ts'

export interface SeedRoundsOptions {
  /** In the order in which they are asked: the first is responsible, the others succeed it. */
  seeds: readonly string[]
  /** Whether it has to be found out first whom to ask: `seeds` are not all, or none of them. */
  isInFleet: boolean
  mayRead: boolean
  policy: SourcePolicy
  /** A number in [0, 1): our place in a crowd. */
  chance: number
  deadlines: Deadlines
  intend(action: SourceAction): void
}

/** Seeds are asked one after the other, in rounds; the one that answers is kept as long as it gives something. */
export class SeedRounds {
  readonly #policy: SourcePolicy
  readonly #deadlines: Deadlines
  readonly #isDue = (at: number): boolean => this.#deadlines.isDue(at)
  readonly #intend: (action: SourceAction) => void
  readonly queue: SeedQueue
  #visit: Visit | undefined
  #haveFailed: boolean
  /** Whether the last one that told a version told another one than the one that is being got. */
  #haveStrayed = false
  /** Last sign that a busy seed gets on. */
  #signAt: number | undefined
  /** When the first one was asked. */
  #askedAt: number | undefined
  /** For how long we could not hear anybody. */
  #absentMs = 0
  readonly #signs: SeedSigns
  readonly #patience: SwarmPatience
  readonly #linked = new Set<string>()
  readonly search: SeedSearch
  readonly reports: OriginReports

  constructor({ seeds, isInFleet, mayRead, policy, chance, deadlines, intend }: SeedRoundsOptions) {
    this.#policy = policy
    this.#deadlines = deadlines
    this.#intend = intend
    this.#signs = new SeedSigns(policy, deadlines)
    this.#patience = new SwarmPatience(policy, chance, deadlines)
    this.reports = new OriginReports(deadlines)
    this.queue = new SeedQueue(seeds, policy, deadlines)
    this.search = new SeedSearch(isInFleet ? policy.seeks : 0, mayRead ? Infinity : policy.retryMs)
    this.#haveFailed = seeds.length === 0 && !isInFleet
  }

  /** Others rely on us: our turn in a crowd is the first. */
  reliedOn(): void {
    this.#patience.turn = 0
  }

  /** It was found out whom to ask. */
  found(seeds: readonly string[], now: number): void {
    if (!this.search.isRunning) return
    const fresh = this.search.ended(seeds, now)
    this.queue.add(fresh)
    if (fresh.length > 0) return
    this.#haveFailed = true
    this.queue.endRound(now)
  }

  /** Whether each of them was asked since one last answered, and none is of use. */
  get haveFailed(): boolean {
    return this.#haveFailed
  }

  /** The same, where there were any. */
  get areLost(): boolean {
    return this.#haveFailed && this.#askedAt !== undefined
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
    if (this.#visit !== undefined) this.#visit.absentMs += ms
  }

  /** It gave a sign at `at`, if only for another content. */
  lives(seed: string, at: number): void {
    if (this.#visit?.seed === seed) this.#visit.aliveAt = at
  }

  /** It is busy, or it hangs: that counts as a failure, but our place among those who wait for it is kept. */
  listens(seed: string, now: number): void {
    const visit = this.#visit
    if (visit?.seed !== seed || visit.leftAt !== undefined || visit.heardAt !== undefined || !this.queue.isEmpty) return
    visit.isBusy = this.#haveFailed = true
    this.#signs.listens(seed)
    this.#signAt ??= now
  }

  /** A seed was looked at: whether its process lives. */
  looked(seed: string, lives: boolean, now: number): void {
    this.#signs.looked(seed, lives, now)
    const visit = this.#visit
    if (!lives || visit?.seed !== seed || visit.leftAt !== undefined) return
    if (this.#signAt !== undefined) this.#signAt = now
    if (visit.heardAt !== undefined && visit.resolvedAt === undefined) visit.heardAt = now
  }

  /** Our own event loop stood still for so long. */
  late(ms: number, now: number): void {
    this.#signs.late(ms, now)
    this.#patience.late(now)
    if (this.#signAt !== undefined) this.#signAt = Math.min(now, this.#signAt + ms)
    if (this.#visit !== undefined) visitLate(this.#visit, ms, now)
  }

  resolved(seed: string, now: number): void {
    if (this.#visit?.seed !== seed || this.#visit.leftAt !== undefined) return
    visitResolved(this.#visit, this.#policy, now)
    this.#haveFailed &&= this.reports.isFrom(seed) // nobody waits for its next tries
    this.#haveStrayed = false
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
    return isUnheard(this.#visit, { since, askedAt: this.#askedAt, absentMs: this.#absentMs }, this.#policy, this.#isDue)
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
    if (why === 'final' || (why === 'spent' && this.reports.hasSpent)) return true
    if (this.#visit?.seed !== seed) return false
    if (why === 'spent') {
      this.reports.hasSpent = true
      this.queue.putFirst(seed)
    }
    if (why === 'busy') this.#signs.listens(seed)
    else this.#signs.forget()
    if (why === 'busy') this.#signAt ??= now
    if (why === 'trouble' || why === 'out-of-reach' || why === 'refused') this.#signAt = undefined // it was our turn
    if (why === 'out-of-reach') this.reports.told(seed, now)
    if (why === 'refused') this.queue.remove(seed)
    this.#end(now)
    return false
  }

  /** Asks and leaves. `grownAt`: when what we have last grew; `gotAt`: when a piece last came. */
  decide({ grownAt, gotAt }: { grownAt: number; gotAt: number }): void {
    this.#leave(grownAt, this.#deadlines.now)
    if (this.#visit === undefined && !this.search.isRunning) this.#ask(grownAt, this.#deadlines.now)
    if (this.#visit?.leftAt === undefined) this.#look(grownAt)
    this.#tellPatience({ grownAt, gotAt }, this.#deadlines.now)
  }

  #leave(grownAt: number, now: number): void {
    const visit = this.#visit
    if (visit === undefined) return
    const why = visit.leftAt === undefined ? this.#over(visit, grownAt) : undefined
    if (why !== undefined) this.#intend({ type: 'leave-seed', seed: visit.seed, why })
    if (why !== undefined) visit.leftAt = now
    if (visit.leftAt !== undefined && this.#deadlines.isDue(visit.leftAt + this.#policy.leaveMs)) this.#end(now)
  }

  #ask(grownAt: number, now: number): void {
    if (this.queue.isEmpty && this.search.isLeft && this.#deadlines.isDue(this.search.againAt)) {
      this.search.begin()
      return this.#intend({ type: 'seek-seeds' })
    }
    const seed = this.queue.next()
    if (seed === undefined) return
    const isBusy = this.queue.isEmpty && this.#signs.isListening(seed)
    this.#visit = newVisit(seed, { isNext: this.#askedAt !== undefined && !this.#haveFailed, isBusy }, now)
    this.#askedAt ??= now
    this.#intend({ type: 'ask-seed', seed })
    this.#over(this.#visit, grownAt)
  }

  #tellPatience(progress: { grownAt: number; gotAt: number }, now: number): void {
    const areOthersLeft = !this.#haveFailed && !this.queue.isEmpty
    const facts = { visit: this.#visit, signs: this.#signs, areOthersLeft, areLost: this.areLost, ...progress }
    for (const patience of this.#patience.tell(facts, now)) this.#intend(patience)
  }

  /** Looks at the one that is asked when it is silent. */
  #look(grownAt: number): void {
    const visit = this.#visit
    if (visit === undefined || visit.strayedAt !== undefined) return
    const dueAt = lookDueAt(visit, grownAt, this.#policy)
    if (this.#signs.isLookDue(visit.seed, dueAt)) this.#intend({ type: 'look-at-seed', seed: visit.seed })
  }

  /** Whether the one that is asked takes so long that others may say what the content is. */
  isSlow(): boolean {
    const visit = this.#visit
    if (this.#haveFailed || visit === undefined || visit.resolvedAt !== undefined) return this.#haveFailed
    const { answerMs, ackMs } = this.#policy
    return this.#isDue(visit.askedAt + (visit.hasReplied ? answerMs : Math.min(answerMs, ackMs)))
  }

  /** Whether one has told what the content is, and is still there. */
  get hasResolved(): boolean {
    return !this.#haveFailed && this.#visit?.resolvedAt !== undefined
  }

  /** Whether one did not answer, whose host accepts connections. */
  get isBusy(): boolean {
    return this.#signAt !== undefined
  }

  /** Whether one that was asked is connected, or its host accepts connections. */
  get showLife(): boolean {
    return this.isBusy || (this.#visit?.heardAt !== undefined && this.#visit.leftAt === undefined)
  }

  /** Whether a seed may still give more: one says that it is there, or some have not been asked yet. */
  isHopeful(grownAt: number): boolean {
    const visit = this.#visit
    const { patientMs, muteMs, awaitMs } = this.#policy
    if (this.#isDue(Math.max(grownAt + patientMs, (visit?.askedAt ?? -Infinity) + muteMs))) return false
    // that it tries the origin once more is no reason to wait once more
    if (!this.reports.isFrom(visit?.seed)) {
      if (visit?.strayedAt === undefined && this.#signs.isAlive && !this.#isDue(grownAt + awaitMs + this.#patience.turn))
        return true
      if (visit !== undefined && givesSigns(visit, grownAt, this.#policy, this.#isDue)) return true
      if (!this.#haveFailed && (visit?.heardAt === undefined || visit.leftAt !== undefined)) return true
    }
    return !this.#haveFailed && this.queue.some(seed => !this.reports.isFrom(seed))
  }

  /** Whether a busy one is waited for, so that not all who wait for it read the origin, and not at once. `since`: when we began. */
  isCrowded(since: number): boolean {
    if (this.#signAt === undefined) return false
    const until = Math.min(Math.max(this.#signAt + this.#policy.busyMs, this.#signs.aliveUntil), since + this.#policy.patientMs)
    return !this.#deadlines.isDue(until + this.#patience.turn)
  }

  #end(now: number): void {
    if (this.#visit !== undefined) this.search.asked(this.#visit.seed)
    this.#visit = undefined
    if (!this.queue.isEmpty || this.search.isLeft) return
    this.#haveFailed = true
    this.queue.endRound(now)
  }

  /** Why there is no sense in staying; undefined: there is. */
  #over(visit: Visit, grownAt: number): string | undefined {
    return whyLeave(visit, this.#policy, {
      isDue: this.#isDue,
      grownAt,
      isUnanswered: this.#signs.isUnanswered(visit.seed, visit.heardAt ?? Infinity, this.#policy.frozenMs),
      isLast: this.queue.isEmpty && !this.search.isLeft,
      isLinked: this.#linked.has(visit.seed),
      busyAnswerMs: this.#policy[this.#signs.isAlive ? 'aliveAnswerMs' : 'busyAnswerMs'],
      lookedAt: this.#signs.aliveAt(visit.seed),
    })
  }
}
