// A host's part in its fleet: proves its membership, keeps the list of members, and says who is responsible for a task.
import { raceSignal } from 'race-signal'
import { DragonflyError } from '../../core/errors.ts'
import { FleetKeys, type MemberRecord } from '../../core/fleet.ts'
import type { DialablePeer } from '../../core/peer.ts'
import { sameBytes } from '../../core/piece.ts'
import { serveFleet, unserveFleet } from '../../net/fleet-stream.ts'
import type { Host } from '../../net/host.ts'
import type { Wall } from '../../net/wall.ts'
import type { FleetEvent } from '../../swarm/fleet-events.ts'
import { FleetView } from '../../swarm/fleet-view.ts'
import type { FleetReply, FleetRequest } from '../../wire/codec-fleet.ts'
import { LIMITS } from '../../wire/limits.ts'
import { causeOf } from '../api/events.ts'
import { now } from '../context/node-context.ts'
import { Arrival } from './arrival.ts'
import type { FleetParts } from './fleet-parts.ts'
import { dialable } from './member-addresses.ts'
import { MemberProofs } from './member-proofs.ts'
import { repliesOf } from './member-replies.ts'
import { connectTo, type MemberAnswer, type Question, requestOf, SilentMember } from './member-request.ts'
import { Partners } from './partners.ts'
import { Strangers, stranger } from './strangers.ts'

/** Members that one download asks before it reads the origin itself, or, as a member, before it does for others. */
const MAX_RESPONSIBLE = 4
/** Members that are named to whoever leaves soon. */
const NAMED = 8
/** Memberships that have run out are looked for so often, ms; and news that comes at once is told at once. */
const LOOK_MS = 1000
const MIN_LOOK_MS = 20
/** Whose membership ends so soon is asked for a proof by another secret, ms. */
const RENEW_MS = 10_000
/** Members that hear that we go, and how long that may take, ms. */
const FAREWELLS = 3
const FAREWELL_MS = 500

export class Fleet implements Wall {
  readonly #parts: FleetParts
  readonly #view: FleetView
  readonly #proofs: MemberProofs
  readonly #host: Host
  readonly #asking = new Map<string, Promise<readonly MemberRecord[]>>()
  readonly #strangers = new Strangers()
  readonly #stopping = new AbortController()
  readonly #arrival = new Arrival()
  readonly #unlisten: () => void
  readonly #partners: Partners
  #unwatch: (() => void) | undefined
  #wake: NodeJS.Timeout | undefined

  constructor(host: Host, parts: FleetParts) {
    const { role, secrets } = parts
    this.#host = host
    this.#parts = parts
    this.#partners = new Partners(host)
    this.#proofs = new MemberProofs(host.id, new FleetKeys(secrets))
    const self = role && ({ peer: host.id, addresses: [], role, state: 'alive', stamp: Date.now() } as const)
    this.#view = new FleetView({ self, random: Math.random })
    host.onConnected(peer => void this.#greet(peer).catch(() => {}))
    this.#unlisten = host.onDisconnect(peer => {
      this.#proofs.forget(peer)
      this.#tell({ type: 'disconnected', peer })
    })
  }

  /** Answers other members from now on. */
  async start(): Promise<void> {
    await serveFleet(this.#host, {
      admits: (peer, proof) => this.#proofs.take(peer, proof) !== undefined,
      answer: (peer, request) => this.#answer(peer, request),
    })
    this.#unwatch = this.#parts.watch(secrets => this.#proofs.use(new FleetKeys(secrets)))
    this.#look()
  }

  /** Tells some members that we go. */
  async stop(): Promise<void> {
    clearTimeout(this.#wake)
    this.#unwatch?.()
    this.#unlisten()
    if (this.#view.self !== undefined) {
      this.#view.renew({ state: 'left' })
      const near = this.#view.living.filter(({ peer }) => this.#host.isConnected(peer)).slice(0, FAREWELLS)
      const told = Promise.allSettled(near.map(({ peer }) => this.#ask(peer)))
      await raceSignal(told, AbortSignal.timeout(FAREWELL_MS)).catch(() => {})
    }
    this.#stopping.abort()
    await unserveFleet(this.#host)
  }

  /** Dedicated to the others from now on. */
  becomeSeed(): void {
    this.#view.renew({ role: 'seed' })
  }

  /** Whether this host stays, and reads origins for the others. */
  get serves(): boolean {
    return this.#view.self !== undefined
  }

  /** Those that are dedicated to the others. */
  get seeds(): DialablePeer[] {
    return this.#view.living.filter(({ role }) => role === 'seed').flatMap(dialable)
  }

  /** Living members as they are known here, this host not among them. */
  get members(): readonly MemberRecord[] {
    return this.#view.living
  }

  /** What is known of the others, those that were named dead included. */
  get records(): readonly MemberRecord[] {
    return this.#view.all.filter(({ peer, state }) => peer !== this.#host.id && state !== 'left')
  }

  /** Whether a peer has proved on its connection that it is a member. */
  hasProved(peer: string): boolean {
    return this.#proofs.has(peer)
  }

  /** Whether a peer has proved that it is a member, or one that has vouches for it. */
  isMember(peer: string): boolean {
    return this.#proofs.has(peer) || this.#view.has(peer)
  }

  /** `work` with a member that has proved itself; beyond 64 members it stays connected no longer than for that. */
  async whileConnected<T>(peer: string, work: () => Promise<T>): Promise<T> {
    const wasConnected = this.#host.isConnected(peer)
    await connectTo(this.#host, peer, this.#view.get(peer), this.#stopping.signal)
    if (!this.#proofs.has(peer)) await this.#ask(peer)
    return await work().finally(() => (wasConnected ? undefined : this.#partners.met(peer, this.#view.count)))
  }

  // ---- the wall

  async enter(peer: string, signal?: AbortSignal): Promise<void> {
    if (this.#proofs.has(peer) || this.#parts.isNamed(peer)) return
    if (this.#strangers.has(peer)) throw stranger()
    await raceSignal(this.#ask(peer), signal)
  }

  async admit(peer: string): Promise<void> {
    if (this.#parts.isNamed(peer) || (await this.#proofs.comes(peer))) return
    throw stranger()
  }

  // ---- who is responsible

  /**
   * Members that are to be asked for a task, in order; none when this host is to read the origin itself. `mayRead`: whether it may; the
   * others are asked where it is its turn, if not. Who has just started waits for the first member, 3 s at most.
   */
  async responsible(subject: string, mayRead: boolean, signal: AbortSignal): Promise<DialablePeer[]> {
    if (this.#parts.hasWays) await this.#arrival.over(() => (this.serves ? this.#view.metAt : -Infinity), signal)
    if (this.#view.self !== undefined) {
      const until = mayRead ? this.#host.id : undefined
      const before = this.#view.responsible(subject, now(), { count: MAX_RESPONSIBLE, until })
      return before.flatMap(dialable)
    }
    for (const peer of [...this.#proofs.all].filter(other => this.#host.isConnected(other))) {
      const named = await raceSignal(this.#ask(peer, { subject }), signal).catch(() => undefined)
      if (named !== undefined) return named.slice(0, MAX_RESPONSIBLE).flatMap(dialable)
    }
    return []
  }

  /** Whom somebody could not reach: it is left out for a while, and the others may hear of it. */
  unreachable(peer: string): void {
    this.#tell({ type: 'unreachable', peer })
  }

  /** Who knows nobody yet is told of everybody at once. */
  async #greet(peer: string): Promise<void> {
    await this.#ask(peer, { all: this.serves && !this.#arrival.isKnown })
    this.#arrival.known()
  }

  #answer(peer: string, request: FleetRequest): FleetReply[] {
    const proof = this.#proofs.take(peer, request.proof)
    if (proof === undefined) throw stranger()
    this.#hear(request.news, peer)
    const { digest: view } = this.#view
    if (request.view !== undefined && !request.all) {
      this.#tell({ type: 'answered', peer, differs: !sameBytes(request.view, view) })
    }
    return repliesOf({ proof, view, members: this.#wanted(request) })
  }

  #wanted({ subject, all }: FleetRequest): readonly MemberRecord[] {
    this.#refresh()
    if (all) return this.#view.all
    if (subject === undefined) return this.#view.news()
    return this.#view.named(subject, now(), NAMED)
  }

  /** Proves our membership, and resolves to the members that the peer names once it has proved its own. Rejects when it has not. */
  async #ask(peer: string, what: Question = {}): Promise<readonly MemberRecord[]> {
    const key = `${peer} ${what.subject ?? ''} ${what.all ?? false}`
    const running = this.#asking.get(key)
    if (running !== undefined) return await running
    const asking = this.#exchange(peer, what).finally(() => this.#asking.delete(key))
    this.#asking.set(key, asking)
    return await asking
  }

  async #exchange(peer: string, { subject, all = false }: Question): Promise<readonly MemberRecord[]> {
    const wasConnected = this.#host.isConnected(peer)
    try {
      const isFirst = !this.#proofs.has(peer)
      if (isFirst) await this.#introduce(peer, all)
      const named =
        isFirst && !this.serves && subject === undefined ? [] : await this.#question(peer, { subject, all: all && !isFirst })
      if (!wasConnected) await this.#partners.met(peer, this.#view.count)
      return named
    } catch (error) {
      this.#failed(peer, error)
      throw error
    }
  }

  /** Whoever may be a stranger gets our proof and what libp2p tells it of us anyhow, and nothing of others or of tasks. */
  async #introduce(peer: string, all: boolean): Promise<void> {
    this.#refresh()
    const news = this.#view.self === undefined ? [] : [this.#view.self]
    await this.#request(peer, { proof: this.#proofs.ours(peer), news, subject: undefined, all, view: undefined })
  }

  async #question(peer: string, { subject, all = false }: Question): Promise<readonly MemberRecord[]> {
    this.#refresh()
    const view = this.serves ? new Uint8Array(this.#view.digest) : undefined
    const request = { proof: this.#proofs.ours(peer), news: this.#view.news(), subject, all, view }
    const { members, view: theirs } = await this.#request(peer, request)
    const isComparable = this.serves && theirs !== undefined && !all
    this.#tell({ type: 'answered', peer, differs: isComparable ? !sameBytes(theirs, this.#view.digest) : undefined })
    return members
  }

  async #request(peer: string, request: FleetRequest): Promise<MemberAnswer> {
    const ways = { host: this.#host, proofs: this.#proofs, stopping: this.#stopping.signal }
    return await requestOf(ways, { peer, request, hear: members => this.#hear(members, peer) })
  }

  #failed(peer: string, error: unknown): void {
    const isOurFault = error instanceof DragonflyError && error.code === 'bad-fleet'
    if (this.#stopping.signal.aborted || isOurFault) return
    if (!this.#host.isConnected(peer)) return this.unreachable(peer)
    if (this.#parts.isNamed(peer)) return
    const isSilent = error instanceof SilentMember
    // a member that hangs is of no more use than one that is gone; nor is one that has lost its membership
    if (isSilent || !this.#proofs.has(peer)) this.unreachable(peer)
    if (this.#proofs.has(peer) || (isSilent && this.#view.has(peer))) return
    this.#strangers.add(peer)
    this.#parts.emit({ code: 'fleet-stranger', peer, ...causeOf(error) })
    void this.#host.disconnect(peer)
  }

  #hear(records: readonly MemberRecord[], from: string): void {
    this.#strangers.delete(from)
    const own = records.filter(({ peer, addresses }) => peer !== from || addresses.length > 0)
    this.#tell({ type: 'heard', records: own, from })
    this.#tell({ type: 'connected', peer: from })
  }

  #refresh(): void {
    const { self } = this.#view
    const addresses = this.#host.addresses.slice(0, LIMITS.addresses)
    if (self !== undefined && self.addresses.join() !== addresses.join()) this.#view.renew({ addresses })
  }

  #tell(event: FleetEvent): void {
    for (const { peer, all } of this.#view.handle(event, now())) void this.#probe(peer, all)
    this.#schedule()
  }

  /** Never rejects. */
  async #probe(peer: string, all: boolean): Promise<void> {
    try {
      await connectTo(this.#host, peer, this.#view.get(peer), this.#stopping.signal)
      await this.#ask(peer, { all })
    } catch {
      if (!this.#stopping.signal.aborted && !this.#host.isConnected(peer)) this.unreachable(peer)
    }
  }

  #look(): void {
    for (const peer of this.#proofs.runOut()) void this.#host.disconnect(peer)
    for (const peer of this.#proofs.ending(RENEW_MS)) void this.#ask(peer).catch(() => {})
    if (this.#view.self !== undefined) this.#tell({ type: 'wake' })
    this.#schedule()
  }

  #schedule(): void {
    if (this.#stopping.signal.aborted) return
    clearTimeout(this.#wake)
    const wait = Math.min(LOOK_MS, Math.max(MIN_LOOK_MS, this.#view.nextWake - now()))
    this.#wake = setTimeout(() => this.#look(), wait).unref()
  }
}
