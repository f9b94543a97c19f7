// One budget of memory for what strangers make this host hold before any of it is proved.

import { LIMITS } from '../wire/limits.ts'

/** What one stranger makes us hold. */
export interface Holding {
  /** It is so many bytes now. Others, or this one, are dropped when that is more than there is room for. */
  resize(bytes: number): void
  /** It is held no more. Safe to call twice. */
  release(): void
}

interface Held {
  owner: string
  bytes: number
  since: number
  drop: () => void
}

export class MemoryBudget {
  readonly #limit: number
  readonly #clock: () => number
  readonly #all = new Set<Held>()
  #used = 0

  /** `limit`: bytes. `clock`: milliseconds. */
  constructor(limit: number, clock = () => performance.now()) {
    this.#limit = limit
    this.#clock = clock
  }

  /** Bytes. */
  get used(): number {
    return this.#used
  }

  /** `drop` is called at most once, when the room is needed for others; the holding has been released then. `owner`: a peer id. */
  hold(owner: string, drop: () => void): Holding {
    const held = { owner, bytes: 0, since: this.#clock(), drop }
    this.#all.add(held)
    return {
      resize: bytes => this.#resize(held, bytes),
      release: () => this.#release(held),
    }
  }

  #resize(held: Held, bytes: number): void {
    if (!this.#all.has(held)) return
    if (held.bytes === 0) held.since = this.#clock()
    this.#used += bytes - held.bytes
    held.bytes = bytes
    while (this.#used > this.#limit) {
      const costliest = this.#costliest()
      this.#release(costliest)
      costliest.drop()
    }
  }

  #release(held: Held): void {
    if (this.#all.delete(held)) this.#used -= held.bytes
  }

  /**
   * Of the owner with the most bytes × time, the holding with the most: honest ones are proved soon after they began, so that
   * neither many small and old ones nor one large one can push them out.
   */
  #costliest(): Held {
    const now = this.#clock()
    // what has just come counts too, or a flood within a millisecond would cost nothing
    const cost = ({ bytes, since }: Held) => bytes * (now - since + 1)
    const owners = new Map<string, number>()
    for (const held of this.#all) owners.set(held.owner, (owners.get(held.owner) ?? 0) + cost(held))
    return [...this.#all].reduce((most, held) => {
      const apart = (owners.get(held.owner) ?? 0) - (owners.get(most.owner) ?? 0)
      return apart > 0 || (apart === 0 && held.owner === most.owner && cost(held) > cost(most)) ? held : most
    })
  }
}

/** What a host has room for. */
export class StrangersRoom {
  /** For streams on which nothing whole was said yet. */
  readonly unheard = new MemoryBudget(LIMITS.unheard)
  /** For what the peers of links say and have not proved. */
  readonly hearsay = new MemoryBudget(LIMITS.hearsay)
}
