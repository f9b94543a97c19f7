// What this process has verified of the contents that it closed: whole, and unchanged since, they need not be read again.
import { isUntouched, type Stamp } from './stamp.ts'

/** The most that are remembered; of more, those that were verified first are read again. */
const MAX_REMEMBERED = 10_000

/** A whole content whose every piece was verified. */
export interface Verified {
  /** Bytes of the whole, and of its pieces. */
  length: number
  pieceLength: number
  /** sha2-256 of the whole as it was computed; undefined: it was not, only its pieces were verified. */
  sha256: Uint8Array | undefined
  /** Of the file at that time. */
  stamp: Stamp
}

export class VerifiedContents {
  readonly #byKey = new Map<string, Verified>()

  /** What was verified under a key, if the file is as it was then; `now`: undefined where files tell nothing. */
  recall(key: string, now: Stamp | undefined): Verified | undefined {
    const found = this.#byKey.get(key)
    if (found === undefined || now === undefined || isUntouched(found.stamp, now)) return now && found
    this.#byKey.delete(key)
    return undefined
  }

  remember(key: string, verified: Verified): void {
    this.#byKey.delete(key)
    this.#byKey.set(key, verified)
    const [first] = this.#byKey.keys()
    if (this.#byKey.size > MAX_REMEMBERED && first !== undefined) this.#byKey.delete(first)
  }

  forget(key: string): void {
    this.#byKey.delete(key)
  }
}
