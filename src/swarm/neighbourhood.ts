// Decides on the links of one node in one swarm: whom to dial, accept, drop and introduce.
import { type Candidate, Candidates } from './candidates.ts'
import { DialPace } from './dial-pace.ts'
import { Introductions } from './introductions.ts'
import { Nearness } from './nearness.ts'
import { NeighbourLink } from './neighbour-link.ts'
import {
  DEFAULT_NEIGHBOURHOOD_POLICY,
  type KnownPeer,
  type LinkUse,
  type NeighbourhoodAction,
  type NeighbourhoodEvent,
  type NeighbourhoodOptions,
  type NeighbourhoodPolicy,
} from './neighbourhood-events.ts'
import { Replacement } from './replacement.ts'
import { Room } from './room.ts'

type Linked = Extract<NeighbourhoodEvent, { type: 'linked' }>

/**
 * Told facts with the time, it answers with intentions. The driver:
 * 1. passes on what it hears (`heard`, `asked`) and what becomes of links (`linked`, `unlinked`), whoever began them;
 * 2. performs each `dial` and answers it with `linked` or `failed`;
 * 3. asks `refuses` before it lets anybody in, and sends `hints` along with a refusal (they are `heard` there);
 * 4. says `wake` at `nextWake`, and, if links are to be replaced, `used` every second or so.
 */
export class Neighbourhood {
  readonly #policy: NeighbourhoodPolicy
  #isSeed: boolean
  readonly #random: () => number
  readonly #links = new Map<string, NeighbourLink>()
  readonly #candidates: Candidates
  readonly #dialling = new Map<string, Candidate>()
  readonly #introductions: Introductions
  readonly #nearness: Nearness
  readonly #replacement: Replacement
  readonly #pace: DialPace
  readonly #room: Room
  /** Links to peers, seeds left out. */
  #degree = 0
  #isComplete = false
  /** Between too few links and enough. */
  #isFilling = true
  #dialAt = -Infinity
  #askAt = -Infinity
  #askPause: number

  constructor({ isSeed, groups = [], random, policy = {} }: NeighbourhoodOptions) {
    this.#policy = { ...DEFAULT_NEIGHBOURHOOD_POLICY, ...policy }
    this.#isSeed = isSeed
    this.#random = random
    this.#candidates = new Candidates(this.#policy, random)
    this.#introductions = new Introductions(this.#policy, random)
    this.#nearness = new Nearness(this.#policy, groups)
    this.#replacement = new Replacement(this.#policy)
    this.#askPause = this.#policy.askMs
    this.#pace = new DialPace(this.#policy)
    this.#room = new Room(this.#policy)
  }

  /** How many links to peers there are: what our hello says. */
  get degree(): number {
    return this.#degree
  }

  /** Whether its address may still be needed. */
  knows(peer: string): boolean {
    return this.#candidates.has(peer) || this.#dialling.has(peer) || this.#links.has(peer) || this.#introductions.has(peer)
  }

  /** Whether somebody is being dialled, or will be in a moment. */
  isAboutToDial(now: number): boolean {
    return this.#dialling.size > 0 || (this.#dialAt > now && this.#isShort && this.#candidates.ready(now).length > 0)
  }

  handle(event: NeighbourhoodEvent, now: number): NeighbourhoodAction[] {
    const actions: NeighbourhoodAction[] = []
    switch (event.type) {
      case 'heard':
        this.#heard(event.peers, event.from, now)
        break
      case 'linked':
        this.#linked(event, now)
        break
      case 'unlinked':
        this.#unlinked(event.peer, event.why, now)
        break
      case 'failed':
        this.#failed(event.peer, event.why, now)
        break
      case 'asked':
        this.#asked(event.peer, event.links, now)
        break
      case 'used':
        this.#used(event.links, event.complete, now, actions)
        break
      case 'serves':
        this.#isSeed = true
        break
      case 'busy':
        this.#pace.isBusy = event.busy
        break
    }
    for (const due of this.#introductions.due(this.#links, now)) actions.push({ type: 'tell', ...due })
    this.#dialMore(now, actions)
    return actions
  }

  /** Whether a peer that says hello, and that it has so many links, is to be refused: there is no room. */
  refuses(peer: string, kind: 'peer' | 'seed', links: number, now: number): boolean {
    if (kind === 'seed' || this.#links.has(peer)) return false
    if (this.#isSeed) return this.#links.size >= this.#policy.maxSeedLinks
    return this.#room.isFull(this.#degree, this.#dialling.size, links, now)
  }

  /** Whom a refused peer may try instead. */
  hints(to: KnownPeer, now: number): string[] {
    return this.#introductions.choose(to, this.#links, this.#policy.hintPeers, now)
  }

  /** When to say `wake` at the latest; after `now`, Infinity: never. */
  nextWake(now: number): number {
    const mayDial = this.#dialling.size < this.#policy.dialsAtOnce && !this.#isComplete && this.#isShort
    return Math.max(now + 1, Math.min(this.#introductions.nextAt(), mayDial ? this.#nextDial(now) : Infinity))
  }

  /** Derives every counter anew; throws when one is wrong. For tests. */
  check(): void {
    const peers = this.#linksTo('peer').length
    if (peers !== this.#degree) throw new Error(`degree ${this.#degree}, but ${peers} links`)
    if (this.#dialling.size > this.#policy.dialsAtOnce) throw new Error(`${this.#dialling.size} dials at once`)
    if (this.#candidates.size > this.#policy.maxCandidates) throw new Error(`${this.#candidates.size} candidates`)
    for (const peer of [...this.#dialling.keys(), ...this.#links.keys()]) {
      if (this.#candidates.has(peer)) throw new Error(`${peer} is a candidate and more than that`)
    }
  }

  #heard(peers: readonly KnownPeer[], from: string, now: number): void {
    const hadNone = this.#candidates.ready(now).length === 0
    for (const known of peers) {
      if (!this.#links.has(known.peer) && !this.#dialling.has(known.peer)) this.#candidates.add(known, from)
    }
    if (hadNone && this.#dialAt <= now && this.#candidates.ready(now).length > 0) this.#dialAt = now + this.#policy.gatherMs
  }

  #linked(by: Linked, now: number): void {
    const { peer, kind, links } = by
    this.#candidates.take(peer)
    const dialled = this.#dialling.get(peer)
    if (dialled !== undefined) this.#candidates.succeeded(dialled)
    this.#dialling.delete(peer)
    this.#introductions.unremember(peer)
    if (this.#links.get(peer)?.kind !== kind) this.#forget(peer, now)
    if (!this.#links.has(peer) && kind === 'peer') this.#degree++
    this.#room.changed(this.#degree, now)
    this.#links.set(peer, new NeighbourLink(by, this.#nearness.of(by) === 'far', now))
    this.#introductions.changed()
    if (links < this.#policy.needyLinks) this.#introductions.owe(peer, now)
    if (!this.#isShort) this.#askPause = this.#policy.askMs
    this.#askAt = Math.max(this.#askAt, now + this.#askPause)
  }

  #unlinked(peer: string, why: 'parted' | 'broken' | 'gone', now: number): void {
    const link = this.#forget(peer, now)
    if (link === undefined || link.kind === 'seed' || why === 'gone') return
    // who has everything may have left because it took us for one like it
    const isOfUse = why === 'broken' || (link.isComplete && !this.#isComplete)
    this.#candidates.rest(link, now + (isOfUse ? this.#policy.retryMs : this.#policy.partedMs))
    if (why === 'parted') this.#introductions.remember(link, now)
  }

  #forget(peer: string, now: number): NeighbourLink | undefined {
    const link = this.#links.get(peer)
    if (link === undefined) return undefined
    this.#links.delete(peer)
    this.#introductions.forget(peer)
    if (link.kind === 'peer') this.#degree--
    this.#room.changed(this.#degree, now)
    if (this.#degree < this.#policy.lowLinks) this.#askPause = this.#policy.askMs
    this.#askAt = Math.min(this.#askAt, now + this.#askPause)
    return link
  }

  #failed(peer: string, why: 'busy' | 'unreachable' | 'unwanted', now: number): void {
    const candidate = this.#dialling.get(peer)
    if (candidate === undefined) return
    this.#dialling.delete(peer)
    if (why !== 'unwanted') this.#candidates.failed(candidate, why, now)
    if (why !== 'busy') this.#introductions.unremember(peer)
    if (why !== 'busy' || this.#degree < this.#policy.lowLinks) return
    this.#isFilling = false
    this.#pace.refused(now, this.#lacksFar && this.#farLinks === 0)
  }

  #asked(peer: string, links: number, now: number): void {
    const link = this.#links.get(peer)
    if (link === undefined) return
    link.popularity = links
    this.#introductions.owe(peer, now)
  }

  #used(uses: readonly LinkUse[], complete: boolean, now: number, actions: NeighbourhoodAction[]): void {
    this.#isComplete = complete
    for (const use of uses) {
      const link = this.#links.get(use.peer)
      link?.used(use, now)
      if (link !== undefined) this.#nearness.learn(link)
    }
    if (this.#isSeed) return
    const ready = this.#candidates.ready(now)
    const hasFarCandidate = ready.some(candidate => this.#nearness.isSurelyFar(candidate))
    const we = { complete, hasCandidate: ready.length > 0, hasFarCandidate }
    for (const { peer, why } of this.#replacement.drops(this.#links, we, now)) {
      const link = this.#forget(peer, now) as NeighbourLink
      this.#candidates.rest(link, now + this.#policy.partedMs)
      if (why === 'useless') this.#isFilling = true
      else this.#introductions.remember(link, now)
      actions.push({ type: 'drop', peer, why })
    }
  }

  // ---- dialling

  #dialMore(now: number, actions: NeighbourhoodAction[]): void {
    const { lowLinks, wantedLinks } = this.#policy
    this.#isFilling = this.#degree < lowLinks || (this.#isFilling && this.#degree < wantedLinks)
    if (this.#isComplete || !this.#isShort || now < this.#dialAt || now < this.#nextTurn) return
    while (this.#dialling.size < this.#policy.dialsAtOnce && now >= this.#nextTurn) {
      const candidate = this.#next(now)
      if (candidate === undefined) break
      this.#candidates.take(candidate.peer)
      this.#dialling.set(candidate.peer, candidate)
      this.#pace.dialled(now)
      actions.push({ type: 'dial', peer: candidate.peer, from: candidate.from })
    }
    if (now >= this.#askAt && this.#lacksCandidates(now)) this.#ask(now, actions)
  }

  /** Whether there are too few links, or too few far ones. */
  get #isShort(): boolean {
    return this.#isFilling || this.#lacksFar
  }

  get #farLinks(): number {
    return this.#linksTo('peer').filter(link => link.isFar).length
  }

  /** A seed has everybody, and does not look how far they are. */
  get #lacksFar(): boolean {
    const { maxLinks, farLinks } = this.#policy
    if (this.#isSeed || this.#degree + this.#dialling.size >= maxLinks) return false
    return this.#farLinks + [...this.#dialling.values()].filter(c => this.#nearness.of(c) === 'far').length < farLinks
  }

  /** The candidate to dial next: one of the wanted distance, by chance. */
  #next(now: number): Candidate | undefined {
    const isEnough = !this.#isFilling || this.#degree + this.#dialling.size >= this.#policy.wantedLinks
    if (isEnough && !this.#lacksFar) return undefined
    const ready = this.#candidates.fairest(now)
    if (isEnough) return this.#oneOf(ready.filter(candidate => this.#nearness.isSurelyFar(candidate)))
    const fitting = this.#nearness.fitting(ready, this.#links.values(), this.#dialling.values())
    return fitting.length > 0 ? this.#oneOf(fitting) : undefined
  }

  get #nextTurn(): number {
    return this.#pace.from(this.#degree, this.#dialling.size)
  }

  #nextDial(now: number): number {
    const from = Math.max(this.#dialAt, this.#nextTurn)
    return from > now ? from : Math.min(this.#candidates.nextReady(now), this.#lacksCandidates(now) ? this.#askAt : Infinity)
  }

  // ---- asking for candidates

  /** Nobody is left to dial. That no far one is known is of interest only where there is a difference. */
  #lacksCandidates(now: number): boolean {
    const isLow = this.#degree < this.#policy.lowLinks
    if (this.#links.size === 0 || this.#dialling.size > 0 || !(isLow || this.#nearness.isTelling)) return false
    return isLow ? this.#candidates.ready(now).length === 0 : this.#next(now) === undefined
  }

  /** Asks a seed and one neighbour, or two neighbours, whom they know. */
  #ask(now: number, actions: NeighbourhoodAction[]): void {
    this.#askAt = now + this.#askPause
    this.#askPause = Math.min(this.#policy.maxAskMs, this.#askPause * 2)
    const peers = this.#linksTo('peer')
    const asked = [this.#oneOf(this.#linksTo('seed')) ?? this.#oneOf(peers), this.#oneOf(peers)]
    for (const peer of new Set(asked)) if (peer !== undefined) actions.push({ type: 'tell', peer: peer.peer, peers: [] })
  }

  #linksTo(kind: 'peer' | 'seed'): NeighbourLink[] {
    return [...this.#links.values()].filter(link => link.kind === kind)
  }

  #oneOf<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.#random() * list.length)]
  }
}
