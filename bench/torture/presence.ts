// Who was there, from when to when, and with what: so that nobody is blamed for what could not be got.

/** Milliseconds of performance.now(). */
interface Stay {
  name: string
  from: number
  to: number
}

export interface Holding extends Stay {
  file: number
  /** Whether a seed's signature vouches for what it has. */
  isSigned: boolean
}

/** Somebody who is cut off from the origin, or from others. */
export interface CutStay extends Stay {
  origin: boolean
  others: boolean
}

export class Presence {
  readonly #cuts: CutStay[] = []
  readonly #seeds: Stay[] = []
  readonly #holdings: Holding[] = []

  /** A seed, or a member of the fleet that reads for others. */
  seedIsUp(name: string): void {
    this.#seeds.push({ name, from: performance.now(), to: Infinity })
  }

  holds(name: string, file: number, isSigned: boolean): void {
    this.#holdings.push({ name, file, from: performance.now(), to: Infinity, isSigned })
  }

  /** It asks for a file again: what it had gives way. */
  asksFor(name: string, file: number): void {
    for (const held of this.#holdings)
      if (held.name === name && held.file === file) held.to = Math.min(held.to, performance.now())
  }

  /** Killed, frozen or stopped. */
  isGone(name: string): void {
    for (const stay of [...this.#seeds, ...this.#holdings]) if (stay.name === name) stay.to = Math.min(stay.to, performance.now())
  }

  isCut(name: string, { origin, others }: { origin: boolean; others: boolean }): void {
    this.#cuts.push({ name, from: performance.now(), to: Infinity, origin, others })
  }

  isHealed(name: string): void {
    for (const cut of this.#cuts) if (cut.name === name) cut.to = Math.min(cut.to, performance.now())
  }

  /** From what somebody was cut off at some time since `begun`. */
  wasCut(name: string, begun: number): { origin: boolean; others: boolean } {
    const cuts = this.#cuts.filter(cut => cut.name === name && cut.to >= begun)
    return { origin: cuts.some(cut => cut.origin), others: cuts.some(cut => cut.others) }
  }

  /** Whether a seed was there from `begun` until now, of those that are known, and was cut off from nobody. */
  hadSeed(begun: number, isKnown: (name: string) => boolean): boolean {
    return this.#seeds.some(
      ({ name, from, to }) => isKnown(name) && from <= begun && to === Infinity && !this.wasCut(name, begun).others,
    )
  }

  /** Who had all of a file from `begun` until now, and would be believed. */
  holder(file: number, begun: number, isBelieved: (holding: Holding) => boolean): string | undefined {
    return this.#holdings.find(h => h.file === file && h.from <= begun && h.to === Infinity && isBelieved(h))?.name
  }
}
