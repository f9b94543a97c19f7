// How a seed's answer is judged while it comes: whether it has been silent, or without a link, for too long. Told the time.

/** How long a seed is waited for, milliseconds. */
export interface SeedPatience {
  /** A seed that does not answer for so long is taken for dead or busy: others are listened to, its successor is asked too. */
  answer: number
  /** How long its host may then take to accept a connection. */
  listening: number
  /**
   * A seed whose host takes connections but that has not answered is busy with others like us: if all of them read the
   * origin, nothing is won. Each waits for at least so long, and up to twice that, so that not all go at once.
   */
  busy: number
}

export const SEED_PATIENCE: SeedPatience = { answer: 3000, listening: 1000, busy: 8000 }
/** A seed that has said nothing for so long is frozen: one that waits for an origin says so every few seconds. */
export const MUTE_SEED_MS = 45_000
/** A seed without a link for so long is asked anew. */
export const LOST_SEED_MS = 3000

export class SeedRequest {
  readonly #patienceMs: number
  readonly #begun: number
  #heardAt: number
  /** Undefined until it has told what the content is. */
  #linkedAt: number | undefined

  /** `patienceMs`: how long it may take to answer before it is slow. */
  constructor(now: number, patienceMs: number = SEED_PATIENCE.answer) {
    this.#patienceMs = patienceMs
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
    return this.#linkedAt === undefined && now - this.#begun > this.#patienceMs
  }

  /** Why there is no sense in staying; undefined: there is. */
  over(now: number): string | undefined {
    if (this.#linkedAt === undefined) return now - this.#heardAt > MUTE_SEED_MS ? 'it says nothing' : undefined
    return now - this.#linkedAt > LOST_SEED_MS ? 'its link is lost' : undefined
  }
}
