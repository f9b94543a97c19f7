// Records how one download went from the swarm's events. Pure, without a clock, bounded in memory.
import { Bitfield } from '../../core/bitfield.ts'
import type { NeighbourKind, SwarmAction, SwarmEvent } from '../../swarm/events.ts'
import type { Explanation, Giver } from '../api/explanation.ts'
import type { Counts } from '../session/swarm-driver.ts'
import type { SwarmObserver } from '../session/swarm-observer.ts'
import { explain } from './explanation.ts'
import { Points } from './points.ts'
import { RateSeries } from './rate-series.ts'
import { RequestLog } from './request-log.ts'

/** Silence of a line that is worth a word. */
const SILENCE_MS = 1000
/** Givers told apart; the swarm has 16 neighbours at a time, and they may change. */
const MAX_GIVERS = 256

/** What the swarm is not told. */
export interface Beside {
  /** Peers that were tried and are no neighbours. */
  unreachable: number
  /** Share of the time in which the program was busy, 0 to 1. */
  busy: number
}

export class Timeline implements SwarmObserver {
  readonly #begun: number
  readonly #counts: Readonly<Counts>
  /** Bytes that were fetched before this began to look: the active task may be shared. */
  readonly #before: number
  readonly #series = new RateSeries('origin', 'seed', 'peer', 'neighbours')
  readonly #neighbours = new Map<string, NeighbourKind>()
  readonly #givers = new Map<string, Giver>()
  readonly #requests = new RequestLog()
  readonly #have = new Bitfield()
  readonly #points = new Points()
  #line = 0
  #useful = 0
  #lastArrival: number | undefined
  #silence = { total: 0, longest: 0 }
  #manifestAt: number | undefined
  #neighbourAt: number | undefined
  #sealed: { at: number; useful: number } | undefined
  #most = 0
  #neighbourMs = 0
  #countedTo = 0

  /** `begun`: when the download was asked for, on the clock that `told` brings; `counts`: of the active task, as they grow. */
  constructor(begun: number, counts: Readonly<Counts>) {
    this.#begun = begun
    this.#counts = counts
    this.#before = fetched(counts)
  }

  told(event: SwarmEvent, at: number, actions: readonly SwarmAction[]): void {
    const t = at - this.#begun
    this.#manifestAt ??= t
    this.#take(event, t)
    this.#requests.event(event, t)
    for (const action of actions) this.#requests.action(action, event, t, 'piece' in action && this.#have.has(action.piece))
    this.#progress(t)
  }

  /** Bytes came from the origin in a read of our own. */
  read(bytes: number, at: number): void {
    const t = at - this.#begun
    this.#arrived('origin', bytes, t, t)
  }

  readRange(bytes: number, at: number): void {
    this.#manifestAt ??= at - this.#begun
    this.read(bytes, at)
    this.#give('origin', 'origin', bytes)
    this.#progress(at - this.#begun)
  }

  /** The account, at the end of the download. */
  explain(at: number, { unreachable, busy }: Beside): Explanation {
    const end = at - this.#begun
    this.#countNeighbours(end)
    return explain({
      end,
      manifestAt: this.#manifestAt ?? end,
      neighbourAt: this.#neighbourAt,
      askedAt: this.#requests.firstAt,
      sealed: this.#sealed,
      points: this.#points,
      series: this.#series,
      givers: [...this.#givers.values()],
      neighbours: { most: this.#most, unreachable },
      silence: this.#silence,
      busy,
      requests: this.#requests.totals(Math.max(0, this.#line - this.#useful)),
    })
  }

  #take(event: SwarmEvent, t: number): void {
    switch (event.type) {
      case 'manifest':
        if (event.sealed) this.#sealed ??= { at: t, useful: this.#useful }
        return
      case 'joined':
        this.#countNeighbours(t)
        this.#neighbours.set(event.peer, event.kind)
        if (event.kind !== 'origin') this.#neighbourAt ??= t
        this.#most = Math.max(this.#most, this.#neighbourCount)
        return
      case 'left':
        this.#countNeighbours(t)
        this.#neighbours.delete(event.peer)
        return
      case 'progress':
        return this.#arrived(this.#kindOf(event.peer), event.bytes, t, t)
      case 'received':
        return this.#received(event.peer, event.piece, event.bytes, t)
      case 'stored':
        return this.#stored(event.piece)
      default:
    }
  }

  /** What `progress` did not tell of came between the asking and now: of the origin's ranges that is all. */
  #received(peer: string, piece: number, bytes: number, t: number): void {
    const request = this.#requests.get(peer, piece)
    const untold = bytes - (request?.bytes ?? 0)
    if (untold > 0) this.#arrived(this.#kindOf(peer), untold, request?.askedAt ?? t, t)
    if (this.#note(piece)) this.#give(this.#kindOf(peer), peer, bytes)
    else this.#requests.duplicates++
  }

  /** Found on disk, or read by ourselves: the counts tell which. */
  #stored(piece: number): void {
    this.#note(piece)
    const bytes = fetched(this.#counts) - this.#before - this.#useful
    if (bytes > 0) this.#give('origin', 'origin', bytes)
  }

  #give(kind: NeighbourKind, peer: string, bytes: number): void {
    if (!this.#givers.has(peer) && this.#givers.size >= MAX_GIVERS) return
    const giver = this.#givers.get(peer) ?? { kind, peer: kind === 'origin' ? undefined : peer, bytes: 0 }
    giver.bytes += bytes
    this.#givers.set(peer, giver)
  }

  /** True when the piece is new. */
  #note(piece: number): boolean {
    this.#have.grow(piece + 1)
    return this.#have.add(piece)
  }

  #arrived(kind: NeighbourKind, bytes: number, from: number, to: number): void {
    const silent = from - (this.#lastArrival ?? from)
    if (silent > SILENCE_MS) {
      this.#silence.total += silent
      this.#silence.longest = Math.max(this.#silence.longest, silent)
    }
    this.#lastArrival = to
    this.#line += bytes
    this.#series.add(kind, bytes, from, to)
  }

  #progress(t: number): void {
    const useful = fetched(this.#counts) - this.#before
    if (useful === this.#useful) return
    this.#useful = useful
    this.#countNeighbours(t)
    this.#points.add({ at: t, useful, line: this.#line, neighbourMs: this.#neighbourMs })
  }

  get #neighbourCount(): number {
    return this.#neighbours.size - (this.#neighbours.has('origin') ? 1 : 0)
  }

  #countNeighbours(t: number): void {
    const ms = this.#neighbourCount * (t - this.#countedTo)
    this.#neighbourMs += ms
    if (ms > 0) this.#series.add('neighbours', ms, this.#countedTo, t)
    this.#countedTo = t
  }

  #kindOf(peer: string): NeighbourKind {
    return this.#neighbours.get(peer) ?? (peer === 'origin' ? 'origin' : 'peer')
  }
}

function fetched({ fromOrigin, fromPeers, fromSeeds }: Readonly<Counts>): number {
  return fromOrigin + fromPeers + fromSeeds
}
