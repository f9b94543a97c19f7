// Keeps when a download last got on, and decides for how long what comes counts as progress: verified pieces do, bytes of others for a while.
import type { SourcePolicy } from './source-events.ts'

export class ProvenProgress {
  readonly #policy: Pick<SourcePolicy, 'leastRate' | 'unproven'>
  /** When something was verified last, or when we began. */
  #provenAt = 0
  /** Milliseconds after that which unverified bytes count for. */
  #credit = 0
  /** When bytes came last. */
  #cameAt = 0
  /** Pieces that are here. */
  #pieces = 0
  #gotAt = 0

  constructor(policy: Pick<SourcePolicy, 'leastRate' | 'unproven'>) {
    this.#policy = policy
  }

  /** When there was progress last, milliseconds. */
  get at(): number {
    return Math.max(this.#provenAt, Math.min(this.#cameAt, this.#provenAt + this.#credit))
  }

  /** When what we have last grew, or bytes came, milliseconds. */
  get grownAt(): number {
    return Math.max(this.#provenAt, this.#cameAt)
  }

  /** When a piece last came, or nothing was missing; before that, when we began. */
  get gotAt(): number {
    return this.#gotAt
  }

  begin(now: number): void {
    this.proven(now)
    this.#gotAt = now
  }

  /** So many pieces are known, and so many of them are not here. */
  holds(count: number, missing: number, now: number): void {
    if (missing === 0 || count - missing > this.#pieces) this.#gotAt = now
    this.#pieces = count - missing
  }

  /** A piece was verified, the manifest grew, the origin gave bytes, or it is our own limit that keeps them waiting. */
  proven(now: number): void {
    this.#provenAt = now
    this.#credit = 0
  }

  /** Our own event loop stood still for so long. */
  late(ms: number, now: number): void {
    this.#provenAt = Math.min(now, this.#provenAt + ms)
    this.#cameAt = Math.min(now, this.#cameAt + ms)
    this.#gotAt = Math.min(now, this.#gotAt + ms)
  }

  /** Bytes of pieces of this length came that may never be a piece. */
  came(bytes: number, pieceLength: number, now: number): void {
    const { leastRate, unproven } = this.#policy
    this.#credit = Math.min(this.#credit + bytes / leastRate, (unproven * pieceLength) / leastRate)
    this.#cameAt = now
  }
}
