// Decides which seed to ask when, and how long to wait for it.
import type { Deadlines } from './deadlines.ts'
import { SeedQueue } from './seed-queue.ts'
import { SeedSearch } from './seed-search.ts'
import { SeedSigns } from './seed-signs.ts'
import { newVisit, signOf, type Visit, visitLate, whyLeave } from './seed-visit.ts'
import type { SeedFailure, SourceAction, SourcePolicy } from './source-events.ts'
import { crowdTurn, SwarmPatience } from './swarm-patience.ts'

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
  /** Milliseconds: our place in a crowd. */
  #turn: number
  readonly #deadlines: Deadlines
  readonly #intend: (action: SourceAction) => void
  readonly queue: SeedQueue
  #visit: Visit | undefined
  #haveFailed: boolean
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
  readonly #signs: SeedSigns
  readonly #patience = new SwarmPatience()
  readonly #linked = new Set<string>()
  readonly search: SeedSearch

  constructor({ seeds, isInFleet, mayRead, policy, chance, deadlines, intend }: SeedRoundsOptions) {
    this.#policy = policy
    this.#turn = crowdTurn(policy, chance)
    this.#deadlines = deadlines
    this.#intend = intend
    this.#signs = new SeedSigns(policy, deadlines)
    this.queue = new SeedQueue(seeds, policy, deadlines)
    this.search = new SeedSearch(isInFleet ? policy.seeks : 0, mayRead ? Infinity : policy.retryMs)
    this.#haveFailed = seeds.length === 0 && !isInFleet
  }

  /** Others rely on us: our turn in a crowd is the first. */
  reliedOn(): void {
    this.#turn = 0
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
    if (visit?.seed !== seed || visit.leftAt !== undefined || visit.heardAt !== undefined || !this.queue.isEmpty) return
    visit.isBusy = this.#haveFailed = true
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
    this.#signs.late(ms)
    if (this.#signAt !== undefined) this.#signAt = Math.min(now, this.#signAt + ms)
    if (this.#visit !== undefined) visitLate(this.#visit, ms, now)
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
      this.queue.putFirst(seed)
    }
    if (why === 'busy') this.#signAt ??= now
    else this.#signs.forget()
    if (why === 'trouble' || why === 'refused') this.#signAt = undefined // it was our turn
    if (why === 'refused') this.queue.remove(seed)
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
    if (this.#visit?.leftAt === undefined) this.#look(grownAt)
    const patience = this.#patience.tell(Math.min(this.#signs.patientUntil, grownAt + this.#policy.awaitMs + this.#turn), now)
    if (patience !== undefined) this.#intend(patience)
    if (this.#visit !== undefined || this.search.isRunning) return
    if (this.queue.isEmpty && this.search.isLeft && this.#deadlines.isDue(this.search.againAt)) {
      this.search.begin()
      return this.#intend({ type: 'seek-seeds' })
    }
    const seed = this.queue.next()
    if (seed === undefined) return
    this.#visit = newVisit(seed, now)
    this.#askedAt ??= now
    this.#intend({ type: 'ask-seed', seed })
    this.#over(this.#visit, grownAt)
    this.#look(grownAt)
  }

  /** Looks at the one that is asked when it is silent. */
  #look(grownAt: number): void {
    const visit = this.#visit
    if (visit === undefined || visit.strayedAt !== undefined) return
    const { lookAfterMs, lookAgainMs, silentMs } = this.#policy
    const { seed, askedAt, heardAt, resolvedAt } = visit
    const quietAt = heardAt === undefined ? askedAt + lookAfterMs : heardAt + lookAgainMs
    const dueAt = resolvedAt === undefined ? quietAt : Math.max(grownAt, resolvedAt) + silentMs
    if (this.#signs.isLookDue(seed, dueAt)) this.#intend({ type: 'look-at-seed', seed })
  }

  /** Whether the one that is asked takes so long that others may say what the content is. */
  isSlow(): boolean {
    const visit = this.#visit
    const { answerMs, ackMs } = this.#policy
    if (this.#haveFailed || visit === undefined || visit.resolvedAt !== undefined) return this.#haveFailed
    return this.#deadlines.isDue(visit.askedAt + (visit.hasReplied ? answerMs : Math.min(answerMs, ackMs)))
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
    const { patientMs, ackMs, muteMs, awaitMs } = this.#policy
    if (this.#deadlines.isDue(Math.max(grownAt + patientMs, (visit?.askedAt ?? -Infinity) + muteMs))) return false
    if (visit?.strayedAt === undefined && this.#isAlive && !this.#deadlines.isDue(grownAt + awaitMs + this.#turn)) return true
    if (visit?.heardAt !== undefined && visit.leftAt === undefined && visit.strayedAt === undefined) {
      const patience = visit.hasReplied ? muteMs : Math.min(ackMs, muteMs)
      if (!this.#deadlines.isDue(signOf(visit, visit.heardAt, grownAt, this.#policy) + patience)) return true
    }
    return !this.#haveFailed && (visit?.heardAt === undefined || visit.leftAt !== undefined || !this.queue.isEmpty)
  }

  /** Whether a busy one is waited for, so that not all who wait for it read the origin, and not at once. `since`: when we began. */
  isCrowded(since: number): boolean {
    if (this.#signAt === undefined) return false
    const { busyMs, patientMs } = this.#policy
    const until = Math.min(Math.max(this.#signAt + busyMs, this.#signs.aliveUntil), since + patientMs)
    return !this.#deadlines.isDue(until + this.#turn)
  }

  get #isAlive(): boolean {
    return this.#signs.aliveUntil !== -Infinity && !this.#deadlines.isDue(this.#signs.aliveUntil)
  }

  /** What a connection to a busy one may take. */
  get #busyAnswerMs(): number {
    return this.#isAlive ? this.#policy.aliveAnswerMs : this.#policy.busyAnswerMs
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
      isDue: at => this.#deadlines.isDue(at),
      grownAt,
      isUnanswered: this.#signs.isUnanswered(visit.seed, visit.heardAt ?? Infinity, this.#policy.frozenMs),
      absentMs: this.#absentMs,
      isLast: this.queue.isEmpty && !this.search.isLeft,
      isLinked: this.#linked.has(visit.seed),
      busyAnswerMs: this.#busyAnswerMs,
      lookedAt: this.#signs.aliveAt(visit.seed),
    })
  }
}
