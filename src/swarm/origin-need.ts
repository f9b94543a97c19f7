// Whether this node has to read the origin by range itself: nothing comes, or the origin is much faster than the swarm.
import type { SwarmPolicy } from './events.ts'
import type { Neighbour } from './neighbour.ts'
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
 * The origin is asked for single pieces only when nothing moves, and by few when it is much faster than the swarm; once the
 * swarm moves again it is left alone.
 */
export class OriginNeed {
  readonly #policy: SwarmPolicy
  readonly #picker: Picker
  readonly #neighbours: ReadonlyMap<string, Neighbour>
  readonly #pace = new Pace()
  readonly #turns: Turns
  /** When bytes last came from anybody; before that, when we began. */
  #lastProgress: number | undefined
  #isOpen = false
  /** Bytes per millisecond that a seed gets from the origin, as it last said, and how many peers would share it. */
  #originRate = 0
  #peers = 0

  constructor({ self, policy, picker, neighbours }: OriginNeedOptions) {
    this.#policy = policy
    this.#picker = picker
    this.#neighbours = neighbours
    this.#turns = new Turns(self, policy.turnMs)
  }

  /** Whether the origin may be asked, as of the last `look`. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Told before anything else: the first moment counts as progress. */
  begin(now: number): void {
    this.#lastProgress ??= now
  }

  /** Something came: from a neighbour, the origin, or the disk. */
  moved(now: number): void {
    this.#lastProgress = now
  }

  /** A peer or a seed gave a whole piece. */
  delivered(bytes: number, now: number): void {
    this.#pace.add(bytes, now)
    this.#isOpen = false
  }

  /** What a seed says of the origin. */
  told(rate: number, peers: number): void {
    this.#originRate = rate
    this.#peers = peers
  }

  /** Decides anew; for a node that knows the origin. */
  look(now: number): void {
    if (this.#picker.missing === 0 || this.#isOpen) return
    this.#isOpen = this.#overdue(now) >= 0 || this.#wouldBeFaster(now)
  }

  /** Which pieces this node may read at the origin now; undefined: any. */
  turn(now: number): ((piece: number) => boolean) | undefined {
    if (this.#wouldBeFaster(now)) return undefined
    const waited = this.#overdue(now)
    return piece => this.#turns.isOurs(piece, this.#neighbours.values(), waited)
  }

  /** For how long the swarm has been silent beyond our patience, milliseconds; negative: it is not yet. */
  #overdue(now: number): number {
    const silence = now - (this.#lastProgress ?? now)
    if (silence < this.#policy.lonelyOriginMs) return -1
    return silence - (this.#isLonely ? this.#policy.lonelyOriginMs : this.#policy.originMs)
  }

  /** Nobody can give what is missing: there is no seed, and no peer that has any of it. */
  get #isLonely(): boolean {
    for (const { kind, have } of this.#neighbours.values()) {
      if (kind === 'seed' || (kind === 'peer' && this.#picker.lacksAnyOf(have))) return false
    }
    return true
  }

  #wouldBeFaster(now: number): boolean {
    const { originGain, originReaders, epochMs } = this.#policy
    const rate = this.#pace.rate(now)
    if (rate === undefined || this.#originRate <= rate * originGain) return false
    return this.#turns.isReader(Math.floor(now / epochMs), originReaders, this.#peers)
  }
}
