// Remembers which version the origin showed to which reader, with a time limit.
import { LRUCache } from 'lru-cache'

/** More readers than any seed has in a few minutes; the ones longest silent are forgotten, and asked about again. */
export const MAX_PROOFS = 10_000

interface Proof {
  version: string
  at: number
}

/** Readers are named by a digest of all that they send to the origin. Times are milliseconds of one clock. */
export class ProofBook {
  readonly #proofs = new LRUCache<string, Proof>({ max: MAX_PROOFS })
  /** By subject: what anybody was shown last. */
  readonly #seen = new LRUCache<string, Proof>({ max: MAX_PROOFS })

  /** The origin has accepted this reader. */
  note(reader: string, subject: string, version: string, now: number): void {
    this.#proofs.set(reader, { version, at: now })
    this.#seen.set(subject, { version, at: now })
  }

  /** The origin refuses this reader now. */
  forget(reader: string): void {
    this.#proofs.delete(reader)
  }

  /** What the origin showed this reader, not longer ago than `age`. */
  proven(reader: string, age: number, now: number): string | undefined {
    const proof = this.#proofs.get(reader)
    return proof === undefined || now - proof.at >= age ? undefined : proof.version
  }

  /** The same, and somebody was shown this very version not longer ago than `fresh`, so that it is the current one. */
  current(reader: string, subject: string, age: number, fresh: number, now: number): string | undefined {
    const version = this.proven(reader, age, now)
    const seen = this.#seen.get(subject)
    const isCurrent = seen !== undefined && seen.version === version && now - seen.at < fresh
    return isCurrent ? version : this.proven(reader, Math.min(age, fresh), now)
  }
}
