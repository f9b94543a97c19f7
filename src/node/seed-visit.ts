// How a seed's answer is judged while it comes: whether it has been silent, or without a link, for too long. Told the time.

/** A seed that does not answer for so long is taken for dead or busy, and others are listened to. */
export const SEED_PATIENCE_MS = 3000
/** A seed that has said nothing for so long is frozen: one that waits for an origin says so every few seconds. */
export const MUTE_SEED_MS = 45_000
/** A seed without a link for so long is asked anew. */
export const LOST_SEED_MS = 3000

export class SeedVisit {
  readonly #begun: number
  #heardAt: number
  /** Undefined until it has told what the content is. */
  #linkedAt: number | undefined

  constructor(now: number) {
    this.#begun = this.#heardAt = now
  }

  /** It said something, if only that it is there. */
  heard(now: number): void {
    this.#heardAt = now
  }

  /** It told what the content is: from now on a link to it counts. */
  resolved(now: number): void {
    this.#linkedAt = now
  }

  /** It is a neighbour. */
  linked(now: number): void {
    if (this.#linkedAt !== undefined) this.#linkedAt = now
  }

  /** Whether others should be listened to, while it may still answer. */
  isSlow(now: number): boolean {
    return this.#linkedAt === undefined && now - this.#begun > SEED_PATIENCE_MS
  }

  /** Why there is no sense in staying; undefined: there is. */
  over(now: number): string | undefined {
    if (this.#linkedAt === undefined) return now - this.#heardAt > MUTE_SEED_MS ? 'it says nothing' : undefined
    return now - this.#linkedAt > LOST_SEED_MS ? 'its link is lost' : undefined
  }
}
