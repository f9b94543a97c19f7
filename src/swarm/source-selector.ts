// Decides which source a download uses when: cached content, seeds, the DHT, neighbours, the origin. Pure, told the time.
import { Deadlines } from './deadlines.ts'
import { DhtTurns } from './dht-turns.ts'
import { OriginTurns } from './origin-turns.ts'
import { ProvenProgress } from './proven-progress.ts'
import { SeedRounds } from './seed-rounds.ts'
import {
  DEFAULT_SOURCE_POLICY,
  SEED_SOURCE_POLICY,
  type SourceAction,
  type SourceEvent,
  type SourcePolicy,
  type SourceSelectorOptions,
} from './source-events.ts'
import { Strangers } from './strangers.ts'

/** With every seed lost and nothing else missing, the rest is read so long after the manifest last grew, ms: one that is restarted is back by then. */
const SEEDS_LOST_MS = 6000

/**
 * Told facts with the time, it answers with intentions. No state waits without a clock: while the download is not over there is
 * a `nextWake`, or a read of the origin or of the store is under way. The driver says `wake` then, performs each intention, and
 * stops once it has performed `fail`, or told a `content` that is complete.
 */
export class SourceSelector {
  readonly #policy: SourcePolicy
  readonly #options: SourceSelectorOptions
  readonly #deadlines = new Deadlines()
  readonly #seeds: SeedRounds
  readonly #strangers: Strangers
  readonly #dht: DhtTurns
  readonly #origin: OriginTurns
  /** Neighbours, and since when they are. */
  readonly #links = new Map<string, number>()
  #state: 'new' | 'in-store' | 'on' | 'over' = 'new'
  #begunAt = 0
  #content: { count: number; missing: number; sealed: boolean } | undefined
  readonly #progress: ProvenProgress
  /** When the manifest last grew. */
  #manifestAt = 0
  #chance: number
  /** Whether our own read was ended once because a seed answered. */
  #hasYielded = false
  #actions: SourceAction[] = []

  constructor(options: SourceSelectorOptions) {
    const { seeds, isInFleet = false, hasDht, mayRead, chance, asksOrigin = false, policy: wanted } = options
    const policy = { ...DEFAULT_SOURCE_POLICY, ...wanted }
    const deadlines = this.#deadlines
    const intend = (action: SourceAction) => this.#actions.push(action)
    this.#policy = policy
    this.#options = options
    this.#chance = chance
    this.#progress = new ProvenProgress(policy)
    this.#seeds = new SeedRounds({ seeds, isInFleet, mayRead, policy, chance, deadlines, intend })
    this.#strangers = new Strangers({ seeds: this.#seeds, policy, deadlines, asksOrigin })
    this.#dht = new DhtTurns(hasDht, seeds.length > 0, policy, deadlines)
    this.#origin = new OriginTurns({ policy, deadlines, intend })
  }

  get isOver(): boolean {
    return this.#state === 'over'
  }

  /** Whether our own read of the origin, in order, is under way. */
  get isReading(): boolean {
    return this.#origin.isReading
  }

  /** Whether a seed has said a moment ago that it cannot reach the origin: it has waited for it in our place. */
  get isOriginDoubted(): boolean {
    return this.#seeds.reports.isAny
  }

  /** Whether every seed was asked and none is of use now. */
  get haveSeedsFailed(): boolean {
    return this.#seeds.haveFailed
  }

  /** Tells one fact that became known at `now`; answers with what to do, in order. `now` never goes back. */
  handle(event: SourceEvent, now: number): SourceAction[] {
    this.#actions = []
    if (this.#state === 'over') return []
    if (this.#state === 'new') this.#begin(now)
    this.#take(event, now)
    this.#deadlines.begin(now)
    if (this.#state === 'on') this.#decide()
    return this.#actions
  }

  /** When to say `wake` if nothing else happens; Infinity: no need. */
  get nextWake(): number {
    return this.isOver ? Infinity : this.#deadlines.next
  }

  #begin(now: number): void {
    this.#begunAt = now
    this.#progress.begin(now)
    this.#state = 'in-store'
    this.#actions.push({ type: 'look-in-store' })
  }

  #take(event: SourceEvent, now: number): void {
    switch (event.type) {
      case 'store-searched':
        if (this.#state === 'in-store') this.#state = 'on'
        return
      case 'seeds':
        return this.#seeds.found(event.seeds, now)
      case 'relied-on':
        this.#chance = 0
        this.#seeds.reliedOn()
        Object.assign(this.#policy, SEED_SOURCE_POLICY)
        return
      case 'content':
        return this.#learn(event, now)
      case 'progress':
        return this.#progress.came(event.bytes, event.pieceLength, now)
      case 'held':
        return this.#progress.proven(now)
      case 'linked':
        if (!this.#links.has(event.peer)) this.#links.set(event.peer, now)
        return this.#seeds.linked(event.peer)
      case 'unlinked':
        if (this.#links.delete(event.peer) && this.#links.size === 0) this.#dht.lonely(now)
        return this.#seeds.unlinked(event.peer, now)
      case 'seed-heard':
        return this.#seeds.heard(event.seed, event.replies === true, now)
      case 'seed-alive':
        return this.#seeds.lives(event.seed, event.at)
      case 'absent':
        return this.#seeds.absent(event.ms)
      case 'seed-listening':
        return this.#seeds.listens(event.seed, now)
      case 'seed-looked':
        return this.#seeds.looked(event.seed, event.lives, now)
      case 'seed-resolved':
        if (this.#content !== undefined && !event.same) return this.#seeds.strayed(event.seed, now)
        this.#seeds.resolved(event.seed, now)
        return this.#yieldTo(event.seed, event.same)
      case 'seed-dialled':
        return this.#seeds.dialled(event.seed, now)
      case 'seed-failed':
        if (this.#seeds.failed(event.seed, event.why, now)) this.#fail('seed')
        return
      case 'dht-ended':
        return this.#dht.ended(now)
      case 'ranges':
        return this.#origin.ranges(event.active)
      case 'ranges-refused':
        return this.#origin.refusedRanges()
      case 'range-failed':
        return this.#origin.failedRange()
      case 'read-shared':
        return this.#origin.shared(event.isOver)
      case 'origin-progress':
        this.#progress.proven(now)
        return this.#origin.moved(now)
      case 'origin-ended':
        return this.#origin.ended(this.#content?.count)
      case 'origin-failed':
        if (this.#origin.failed(event.why, this.#content !== undefined, now)) this.#fail(this.#origin.why)
        return
      case 'late':
        return this.#late(event.ms, now)
    }
  }

  #late(ms: number, now: number): void {
    this.#manifestAt = Math.min(now, this.#manifestAt + ms)
    this.#progress.late(ms, now)
    this.#seeds.late(ms, now)
  }

  #learn({ count, missing, sealed }: { count: number; missing: number; sealed: boolean }, now: number): void {
    const before = this.#content
    this.#content = { count, missing, sealed }
    this.#progress.holds(count, missing, now)
    const hasGrown = before === undefined || count > before.count || missing < before.missing || sealed !== before.sealed
    if (!hasGrown) return
    this.#progress.proven(now)
    if (before === undefined || count > before.count) this.#manifestAt = now
    this.#origin.grew()
    if (sealed && missing === 0) this.#end()
  }

  /** A read that was begun because a crowd kept the seed from answering ends, once: it has answered, and gives nothing else. */
  #yieldTo(seed: string, same: boolean): void {
    if (this.#hasYielded || (this.#content !== undefined && !same) || !this.#origin.readsAnew || !this.#seeds.isAnswering(seed))
      return
    this.#hasYielded = true
    this.#origin.stop()
  }

  #decide(): void {
    this.#seeds.decide(this.#progress)
    const hears = this.#options.revalidate ? undefined : this.#strangers.decide(this.#begunAt)
    if (hears !== undefined) this.#actions.push({ type: 'hear-anybody', ...hears })
    if (this.#dht.isDue(this.#links.size)) this.#actions.push({ type: 'search-dht' })
    this.#origin.watch(this.#progress.grownAt)
    if (this.#origin.isReading) return
    const { mayRead } = this.#options
    if (mayRead) this.#read()
    const isLost = (!mayRead || this.#origin.isTroubled) && !this.#origin.isReading
    if (isLost && this.#isOut()) this.#fail(this.#isSuperseded ? 'origin-changed' : mayRead ? this.#origin.why : 'no-source')
  }

  #read(): void {
    const content = this.#content
    if (content === undefined) return this.#mayReadFirst() && this.#origin.isFree ? this.#origin.read('new', 0) : undefined
    this.#readOn(content)
    this.#origin.offer()
  }

  /** Nothing is known of the content: seeds and peers had their chance. */
  #mayReadFirst(): boolean {
    const { revalidate, believesOthers } = this.#options
    if (this.#seeds.isSilent(this.#begunAt)) return true
    if (this.#deadlines.isDue(this.#begunAt + this.#policy.unknownMs)) return true
    if (!this.#seeds.haveFailed) return false
    if (this.#seeds.isCrowded(this.#begunAt)) return false
    if (revalidate) return true
    const { dhtMs, responsibleMs } = this.#policy
    if (this.#seeds.search.isResponsible) return this.#dht.hasSearched || this.#deadlines.isDue(this.#begunAt + responsibleMs)
    if (!believesOthers || this.#deadlines.isDue(this.#begunAt + 2 * dhtMs)) return true
    if (this.#links.size > 0) return false
    return this.#dht.hasMet || this.#deadlines.isDue(this.#begunAt + dhtMs)
  }

  #readOn({ count, missing, sealed }: { count: number; missing: number; sealed: boolean }): void {
    if (this.#origin.isWholeDue(sealed) && this.#origin.isFree) return this.#origin.read('whole', 0)
    const { manifestMs, rangesMs, takeoverMs } = this.#policy
    const lostMs = this.#seeds.areLost ? SEEDS_LOST_MS + this.#chance * takeoverMs : Infinity
    const isStalled = missing === 0 && this.#isStalled(this.#takeoverMs)
    const hasStopped = isStalled || this.#hasManifestStopped(missing === 0 ? lostMs : manifestMs, count)
    if (!sealed && (hasStopped || this.#origin.isRestDue) && this.#origin.isFree) {
      return this.#origin.givesRanges || count === 0 ? this.#origin.read('rest', count) : this.#origin.read('whole', 0)
    }
    if (missing === 0) return
    const patience = this.#origin.givesRanges ? rangesMs : this.#takeoverMs
    if (this.#isStalled(patience) && this.#origin.isFree) this.#origin.read('whole', 0)
  }

  /** Nobody has told more of the content for so long, and no seed is expected to. */
  #hasManifestStopped(forMs: number, count: number): boolean {
    if (this.#origin.readTo === count || !this.#deadlines.isDue(this.#manifestAt + forMs)) return false
    return !this.#seeds.isHopeful(this.#progress.grownAt)
  }

  get #takeoverMs(): number {
    const { takeoverMs, stallMs } = this.#policy
    return takeoverMs + this.#chance * (stallMs - takeoverMs)
  }

  /** Nothing has grown for so long, and no seed is expected to change that. */
  #isStalled(forMs: number): boolean {
    // where bytes count only as long as pieces come of them
    const { at } = this.#progress
    return this.#deadlines.isDue(at + forMs) && !this.#seeds.isHopeful(at)
  }

  /** Nobody gives the version that was begun, but a seed would give another one. */
  get #isSuperseded(): boolean {
    return this.#content !== undefined && this.#seeds.haveStrayed
  }

  /** Nobody is left who could give what is missing, our own read not counted. */
  #isOut(): boolean {
    const { stallMs, returnMs, patientMs, readMs, manifestMs } = this.#policy
    if (this.#deadlines.isDue(this.#progress.grownAt + readMs)) return true
    if (this.#seeds.isHopeful(this.#progress.grownAt)) return false
    // one piece that failed says nothing while others come
    if (this.#origin.readsRanges && !(this.#origin.isTroubled && this.#deadlines.isDue(this.#progress.grownAt + stallMs)))
      return false
    if (this.#deadlines.isDue(this.#progress.grownAt + patientMs)) return true
    if (!this.#dht.hasSearched || this.#dht.isSearching) return false
    if (this.#content === undefined && this.#seeds.isCrowded(this.#begunAt)) return false
    if (this.#links.size === 0 && this.#origin.isTroubled) return true
    // who is asked by others lets those who have waited long go on
    const lostMs = this.isOriginDoubted ? Math.min(stallMs, manifestMs) : stallMs
    if (!this.#deadlines.isDue(this.#progress.grownAt + lostMs)) return false
    const mayReturn = !this.#options.mayRead && (this.#seeds.queue.mayReturn || this.#seeds.search.isLeft)
    if (mayReturn && !this.#isSuperseded && !this.#deadlines.isDue(this.#progress.grownAt + returnMs)) return false
    // who has come just now may have it, unless only the origin can say what is current
    if (this.#content === undefined && this.#options.revalidate) return true
    return [...this.#links].every(([peer, since]) => this.#seeds.reports.isFrom(peer) || this.#deadlines.isDue(since + lostMs))
  }

  #fail(why: Extract<SourceAction, { type: 'fail' }>['why']): void {
    this.#end()
    this.#actions.push({ type: 'fail', why })
  }

  #end(): void {
    this.#origin.stop()
    this.#state = 'over'
  }
}
