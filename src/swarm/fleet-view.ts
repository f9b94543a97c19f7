// Decides what a member of a fleet knows of the others, whom it asks next, and who is responsible for a task. Pure, told the time.
import { MAX_STAMP, type MemberRecord } from '../core/fleet.ts'
import { ViewDigest } from './fleet-digest.ts'
import { DEFAULT_FLEET_POLICY, type FleetAction, type FleetEvent, type FleetPolicy } from './fleet-events.ts'
import { firstRanked, type Ranked, type RankKey, rankKey } from './fleet-ranking.ts'
import { isNewer, shuffle } from './fleet-record.ts'

export interface FleetViewOptions {
  /** This member's own record; undefined: it leaves soon, and is in nobody's list. */
  self: MemberRecord | undefined
  /** Numbers in [0, 1). */
  random: () => number
  policy?: Partial<FleetPolicy>
}

interface Known extends Ranked {
  /** How often it was told since it changed. */
  told: number
  /** When we last heard of a change. */
  changedAt: number
  /** When we last could not reach it; undefined: we could, or never tried. */
  failedAt: number | undefined
  /** When it last contradicted its death. */
  contradictedAt: number
}

export class FleetView {
  readonly #policy: FleetPolicy
  readonly #random: () => number
  readonly #known = new Map<string, Known>()
  readonly #digest = new ViewDigest()
  #self: MemberRecord | undefined
  readonly #key: RankKey
  /** Still to be asked in this round, in an order of chance: each is asked once before one is asked twice. */
  #round: string[] = []
  #probeAt = 0
  #gossipAt = 0
  /** Rounds of gossip in a row, less one for each rest. */
  #gossips = 0
  #syncedAt = -Infinity
  readonly #connected = new Set<string>()
  /** What has not been told often enough. */
  readonly #fresh = new Set<Known>()
  /** To be tried once more, and when. */
  readonly #again = new Map<string, number>()
  #buriedAt = 0
  #metAt = -Infinity

  constructor({ self, random, policy }: FleetViewOptions) {
    this.#self = self
    this.#key = rankKey(self?.peer ?? '')
    this.#random = random
    this.#policy = { ...DEFAULT_FLEET_POLICY, ...policy }
    if (self !== undefined) this.#digest.toggle(self)
  }

  get self(): MemberRecord | undefined {
    return this.#self
  }

  /** Eight bytes that are equal where two know the same. */
  get digest(): Uint8Array {
    return this.#digest.bytes
  }

  /** How many records there are of others. */
  get count(): number {
    return this.#known.size
  }

  /** Living members, this one not counted. */
  get living(): MemberRecord[] {
    return [...this.#known.values()].map(({ record }) => record).filter(({ state }) => state === 'alive')
  }

  /** Whether somebody is a living member as far as we know. */
  has(peer: string): boolean {
    return this.#known.get(peer)?.record.state === 'alive'
  }

  get(peer: string): MemberRecord | undefined {
    return this.#known.get(peer)?.record
  }

  /** Every record that there is, this member's own first. */
  get all(): MemberRecord[] {
    const others = [...this.#known.values()].map(({ record }) => record)
    return this.#self === undefined ? others : [this.#self, ...others]
  }

  /** When we last heard of somebody who was not known before. */
  get metAt(): number {
    return this.#metAt
  }

  /** When to say `wake` if nothing else happens. */
  get nextWake(): number {
    const gossip = this.#connected.size > 0 && this.#fresh.size > 0 ? this.#gossipAt : Infinity
    return Math.min(this.#probeAt, gossip, ...this.#again.values())
  }

  /** Our own record has changed: its addresses, or that it goes. */
  renew(change: Partial<Pick<MemberRecord, 'addresses' | 'state' | 'role'>>): void {
    if (this.#self === undefined) return
    this.#setSelf({ ...this.#self, ...change, stamp: this.#self.stamp + 1 })
  }

  /**
   * Those who are to read the origin for others, the first of them first: seeds before other members, each kind in the order of
   * rendezvous hashing. Whom we could not reach a moment ago is left out. At most `count`; with `until`, only those before that peer.
   */
  responsible(subject: string, now: number, { count, until }: { count: number; until?: string | undefined }): MemberRecord[] {
    const self = this.#self && { record: this.#self, key: this.#key }
    const end = until === this.#self?.peer ? self : this.#known.get(until ?? '')
    return firstRanked(subject, this.#usable(now), { count, self, until: end })
  }

  /** The first `count` in the same order for somebody who keeps no list: this member is one of them. */
  named(subject: string, now: number, count: number): MemberRecord[] {
    const self = this.#self?.state === 'alive' ? [{ record: this.#self, key: this.#key }] : []
    return firstRanked(subject, [...self, ...this.#usable(now)], { count, self: undefined, until: undefined })
  }

  /** What is to be told next to `peer`: the least told first. Counts as told. */
  news(): MemberRecord[] {
    const chosen = [...this.#fresh].toSorted((a, b) => a.told - b.told).slice(0, this.#policy.newsSize)
    for (const known of chosen) this.#countAsTold(known, 1)
    return [...(this.#self === undefined ? [] : [this.#self]), ...chosen.map(({ record }) => record)]
  }

  handle(event: FleetEvent, now: number): FleetAction[] {
    switch (event.type) {
      case 'heard':
        for (const record of event.records) this.#hear(record, event.from, now)
        return []
      case 'answered':
        return this.#answered(event, now)
      case 'unreachable':
        this.#failed(event.peer, now)
        return []
      case 'connected':
        this.#connected.add(event.peer)
        return []
      case 'disconnected':
        this.#connected.delete(event.peer)
        return []
      case 'wake':
        return this.#onWake(now)
    }
  }

  // ---- what is heard

  #hear(record: MemberRecord, from: string, now: number): void {
    if (record.peer === this.#self?.peer) return this.#contradict(record)
    const known = this.#known.get(record.peer)
    if (known === undefined) return this.#meet(record, now)
    if (!isNewer(record, known.record)) return
    if (known.record.state === 'dead' && record.state === 'alive') known.contradictedAt = now
    // what it says itself, it can be reached for
    if (record.peer === from) known.failedAt = undefined
    this.#set(known, record, now)
  }

  /** Of one that had gone before we heard of it there is nothing to know. */
  #meet(record: MemberRecord, now: number): void {
    if (record.state !== 'alive' || this.#known.size >= this.#policy.maxMembers) return
    const key = rankKey(record.peer)
    const known: Known = { record, key, told: 0, changedAt: now, failedAt: undefined, contradictedAt: -Infinity }
    this.#known.set(record.peer, known)
    this.#metAt = now
    this.#fresh.add(known)
    this.#digest.toggle(record)
    // newcomers take part in this round, somewhere
    this.#round.splice(Math.floor(this.#random() * (this.#round.length + 1)), 0, record.peer)
  }

  /** Somebody says of us what is not so, or speaks of a former life. */
  #contradict({ stamp, state }: MemberRecord): void {
    const self = this.#self as MemberRecord
    if (stamp < self.stamp || (stamp === self.stamp && state === self.state)) return
    this.#setSelf({ ...self, stamp: Math.min(stamp + 1, MAX_STAMP) })
  }

  #setSelf(record: MemberRecord): void {
    if (this.#self !== undefined) this.#digest.toggle(this.#self)
    this.#self = record
    this.#digest.toggle(record)
  }

  #set(known: Known, record: MemberRecord, now: number): void {
    this.#digest.toggle(known.record)
    this.#digest.toggle(record)
    known.record = record
    known.told = 0
    this.#fresh.add(known)
    known.changedAt = now
  }

  // ---- who is there

  #answered({ peer, differs }: { peer: string; differs: boolean | undefined }, now: number): FleetAction[] {
    this.#again.delete(peer)
    const known = this.#known.get(peer)
    if (known === undefined) return []
    known.failedAt = undefined
    if (differs === false) this.#calm()
    // the longer the list, the rarer: what differs is mostly news on its way, unless there is none
    const { syncMs, quietSyncMs, newsSize } = this.#policy
    const pause = (this.#fresh.size > 0 ? syncMs : quietSyncMs) * Math.max(1, this.#known.size / newsSize)
    if (differs !== true || now < this.#syncedAt + pause) return []
    this.#syncedAt = now
    return [{ type: 'ask', peer, all: true }]
  }

  /** Somebody knew all of it before: it has spread far. */
  #calm(): void {
    for (const known of this.#fresh) this.#countAsTold(known, this.#policy.spread)
  }

  #countAsTold(known: Known, times: number): void {
    known.told += times
    if (known.told >= this.#policy.spread * Math.ceil(Math.log2(this.#known.size + 2))) this.#fresh.delete(known)
  }

  #failed(peer: string, now: number): void {
    const known = this.#known.get(peer)
    if (known === undefined || known.record.state !== 'alive') return
    const { againMs, mercyMs } = this.#policy
    const isSecond = known.failedAt !== undefined && now - known.failedAt >= againMs / 2
    if (!isSecond) {
      known.failedAt ??= now
      this.#again.set(peer, now + againMs)
      return
    }
    known.failedAt = now
    this.#again.delete(peer)
    if (now >= known.contradictedAt + mercyMs) this.#set(known, { ...known.record, state: 'dead' }, now)
  }

  *#usable(now: number): Iterable<Ranked> {
    const { avoidMs } = this.#policy
    for (const known of this.#known.values()) {
      const { record, failedAt } = known
      if (record.state === 'alive' && (failedAt === undefined || now >= failedAt + avoidMs)) yield known
    }
  }

  // ---- whom we ask

  #onWake(now: number): FleetAction[] {
    const due = [...this.#again].filter(([, at]) => at <= now).map(([peer]) => peer)
    for (const peer of due) this.#again.delete(peer)
    const actions: FleetAction[] = due.map(peer => ({ type: 'ask', peer, all: false }))
    if (now >= this.#gossipAt && this.#fresh.size > 0) actions.push(...this.#gossip(now))
    if (now < this.#probeAt) return actions
    const { probeMs } = this.#policy
    this.#probeAt = now + probeMs * (0.75 + this.#random() / 2)
    this.#bury(now)
    const next = this.#nextInRound()
    return next === undefined ? actions : [...actions, { type: 'ask', peer: next, all: false }]
  }

  #gossip(now: number): FleetAction[] {
    const { gossipMs, gossipBurst, gossipRestMs } = this.#policy
    this.#gossips = Math.max(0, this.#gossips - (now - this.#gossipAt) / gossipRestMs) + 1
    this.#gossipAt = now + (this.#gossips < gossipBurst ? gossipMs : gossipRestMs)
    const chosen: string[] = []
    // who was told goes to the end of the row
    for (const peer of [...this.#connected]) {
      if (chosen.length >= this.#policy.fanOut) break
      this.#connected.delete(peer)
      this.#connected.add(peer)
      if (this.has(peer)) chosen.push(peer)
    }
    return chosen.map(peer => ({ type: 'ask', peer, all: false }))
  }

  #nextInRound(): string | undefined {
    for (let rounds = 0; rounds < 2; rounds++) {
      for (let peer = this.#round.pop(); peer !== undefined; peer = this.#round.pop()) if (this.has(peer)) return peer
      this.#round = this.living.map(({ peer }) => peer)
      shuffle(this.#round, this.#random)
    }
    return undefined
  }

  #bury(now: number): void {
    const { graveMs } = this.#policy
    if (now < this.#buriedAt + graveMs / 10) return
    this.#buriedAt = now
    for (const [peer, { record, changedAt }] of this.#known) {
      if (record.state === 'alive' || now < changedAt + graveMs) continue
      const known = this.#known.get(peer) as Known
      this.#known.delete(peer)
      this.#fresh.delete(known)
      this.#digest.toggle(record)
    }
  }
}
