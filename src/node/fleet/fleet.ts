// A host's part in its fleet: proves its membership, keeps the list of members, and says who is responsible for a task.
import { raceSignal } from 'race-signal'
import { DragonflyError } from '../../core/errors.ts'
import { FleetKeys, type FleetSecret, type MemberRecord, type MemberRole } from '../../core/fleet.ts'
import type { DialablePeer } from '../../core/peer.ts'
import { sameBytes } from '../../core/piece.ts'
import { askFleet, serveFleet, unserveFleet } from '../../net/fleet-stream.ts'
import type { Host } from '../../net/host.ts'
import type { Wall } from '../../net/wall.ts'
import type { FleetEvent } from '../../swarm/fleet-events.ts'
import { FleetView } from '../../swarm/fleet-view.ts'
import type { FleetReply, FleetRequest } from '../../wire/codec-fleet.ts'
import { LIMITS } from '../../wire/limits.ts'
import { causeOf, type EventFacts } from '../api/events.ts'
import { now } from '../context/node-context.ts'
import { Arrival } from './arrival.ts'
import { dialable, withPeer } from './member-addresses.ts'
import { MemberProofs } from './member-proofs.ts'
import { Partners } from './partners.ts'
import { Strangers } from './strangers.ts'

export interface FleetParts {
  secrets: readonly FleetSecret[]
  /** Undefined: this host leaves soon; it is in nobody's list, and reads for nobody. */
  role: MemberRole | undefined
  /** Tells of other secrets that count from now on, until the returned function is called. */
  watch(use: (secrets: readonly FleetSecret[]) => void): () => void
  /** Whether there is anybody to find the others by. */
  hasWays: boolean
  /** Peers that need not be members: the user has named them. */
  isNamed(peer: string): boolean
  emit(facts: EventFacts): void
}

/** Members that one download asks before it reads the origin itself, or, as a member, before it does for others. */
const MAX_RESPONSIBLE = 4
/** Members that are named to whoever leaves soon. */
const NAMED = 8
/** One question to a member, connecting included, ms. */
const ASK_MS = 3000
/** Memberships that have run out are looked for so often, ms; and news that comes at once is told at once. */
const LOOK_MS = 1000
const MIN_LOOK_MS = 20
/** Messages of one answer: the longest list. */
const MAX_REPLIES = 200
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
    const record = { peer: host.id, addresses: [], state: 'alive', stamp: Date.now() } as const
    this.#view = new FleetView({ self: role && { ...record, role }, random: Math.random })
    host.onConnected(peer => void this.#greet(peer).catch(() => {}))
    this.#unlisten = host.onDisconnect(peer => {
      this.#proofs.forget(peer)
      this.#tell({ type: 'disconnected', peer })
    })
  }

  /** Answers other members from now on. */
  async start(): Promise<void> {
    await serveFleet(this.#host, (peer, request) => this.#answer(peer, request))
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
      await raceSignal(Promise.allSettled(near.map(({ peer }) => this.#ask(peer))), AbortSignal.timeout(FAREWELL_MS)).catch(
        () => {},
      )
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

  /** Whether a peer has proved that it is a member, or one that has vouches for it. */
  isMember(peer: string): boolean {
    return this.#proofs.has(peer) || this.#view.has(peer)
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

  // ---- questions and answers

  /** Who knows nobody yet is told of everybody at once. */
  async #greet(peer: string): Promise<void> {
    await this.#ask(peer, { all: this.serves && !this.#arrival.isKnown })
    this.#arrival.known()
  }

  #answer(peer: string, request: FleetRequest): FleetReply[] | undefined {
    const proof = this.#proofs.take(peer, request.proof)
    if (proof === undefined) return undefined
    this.#strangers.delete(peer)
    this.#hear(request.news, peer)
    const { digest: view } = this.#view
    if (request.view !== undefined && !request.all) {
      this.#tell({ type: 'answered', peer, differs: !sameBytes(request.view, view) })
    }
    const members = this.#wanted(request)
    const replies: FleetReply[] = [{ proof, members: members.slice(0, LIMITS.members), view }]
    for (let at = LIMITS.members; at < members.length; at += LIMITS.members) {
      replies.push({ proof: undefined, members: members.slice(at, at + LIMITS.members), view: undefined })
    }
    return replies
  }

  #wanted({ subject, all }: FleetRequest): readonly MemberRecord[] {
    this.#refresh()
    if (all) return this.#view.all
    if (subject === undefined) return this.#view.news()
    return this.#view.responsible(subject, now(), { count: NAMED })
  }

  /** Proves our membership, and resolves to the members that the peer names once it has proved its own. Rejects when it has not. */
  async #ask(peer: string, what: { subject?: string; all?: boolean } = {}): Promise<readonly MemberRecord[]> {
    const key = `${peer} ${what.subject ?? ''} ${what.all ?? false}`
    const running = this.#asking.get(key)
    if (running !== undefined) return await running
    const asking = this.#exchange(peer, what).finally(() => this.#asking.delete(key))
    this.#asking.set(key, asking)
    return await asking
  }

  async #exchange(peer: string, { subject, all = false }: { subject?: string; all?: boolean }): Promise<MemberRecord[]> {
    this.#refresh()
    const isStaying = this.#view.self !== undefined
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(ASK_MS)])
    const news = this.#view.news()
    const view = isStaying ? new Uint8Array(this.#view.digest) : undefined
    const request: FleetRequest = { proof: this.#proofs.ours(peer), news, subject, all, view }
    const wasConnected = this.#host.isConnected(peer)
    const members: MemberRecord[] = []
    let theirs: Uint8Array | undefined
    let isProven = false
    try {
      for await (const reply of askFleet(this.#host, peer, request, { signal, mostReplies: MAX_REPLIES })) {
        if (!isProven && (reply.proof === undefined || this.#proofs.take(peer, reply.proof) === undefined)) throw stranger()
        isProven = true
        theirs ??= reply.view
        members.push(...reply.members)
        this.#hear(reply.members, peer)
      }
      if (!isProven) throw stranger()
    } catch (error) {
      this.#failed(peer, error)
      throw error
    }
    this.#strangers.delete(peer)
    const differs = theirs !== undefined && !sameBytes(theirs, this.#view.digest)
    this.#tell({ type: 'answered', peer, differs: isStaying && differs && !all })
    if (!wasConnected) await this.#partners.met(peer, this.#view.living.length)
    return members
  }

  #failed(peer: string, error: unknown): void {
    if (this.#stopping.signal.aborted) return
    if (!this.#host.isConnected(peer)) return this.unreachable(peer)
    if (this.#parts.isNamed(peer) || this.isMember(peer)) return
    this.#strangers.add(peer)
    this.#parts.emit({ code: 'fleet-stranger', peer, ...causeOf(error) })
    void this.#host.disconnect(peer)
  }

  #hear(records: readonly MemberRecord[], from: string): void {
    const own = records.filter(({ peer, addresses }) => peer !== from || addresses.length > 0)
    this.#tell({ type: 'heard', records: own, from })
    this.#tell({ type: 'connected', peer: from })
  }

  // ---- the list

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
      if (!this.#host.isConnected(peer)) {
        const record = this.#view.get(peer)
        const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(ASK_MS)])
        await this.#host.connect((record === undefined ? [] : [record]).flatMap(withPeer), signal)
      }
      await this.#ask(peer, { all })
    } catch {
      if (!this.#stopping.signal.aborted && !this.#host.isConnected(peer)) this.unreachable(peer)
    }
  }

  #look(): void {
    for (const peer of this.#proofs.runOut()) void this.#host.disconnect(peer)
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

function stranger(): DragonflyError {
  return new DragonflyError('peer-refused', 'it is not a member of our fleet')
}
