// Who was there, from when to when, and with what: so that nobody is blamed for what could not be got.

/** Milliseconds of performance.now(). */
interface Stay {
  name: string
  from: number
  to: number
}

export interface Holding extends Stay {
  /** Whether a seed's signature vouches for what it has. */
  isSigned: boolean
}

export class Presence {
  readonly #seeds: Stay[] = []
  readonly #holdings: Holding[] = []

  seedIsUp(name: string): void {
    this.#seeds.push({ name, from: performance.now(), to: Infinity })
  }

  holds(name: string, isSigned: boolean): void {
    this.#holdings.push({ name, from: performance.now(), to: Infinity, isSigned })
  }

  /** Killed, frozen, stopped, or at work on something new. */
  isGone(name: string): void {
    for (const stay of [...this.#seeds, ...this.#holdings]) if (stay.name === name) stay.to = Math.min(stay.to, performance.now())
  }

  /** What everybody has is old news. */
  contentChanged(): void {
    for (const holding of this.#holdings) holding.to = Math.min(holding.to, performance.now())
  }

  /** Whether a seed was there from `begun` until now. */
  hadSeed(begun: number): boolean {
    return this.#seeds.some(stay => stay.from <= begun && stay.to === Infinity)
  }

  /** Who had all of it from `begun` until now, and would be believed. */
  holder(begun: number, isBelieved: (holding: Holding) => boolean): string | undefined {
    return this.#holdings.find(h => h.from <= begun && h.to === Infinity && isBelieved(h))?.name
  }
}
