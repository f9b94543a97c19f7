// How many connections a link worker may accept that the main thread does not know of yet: while that is busy nobody could refuse them, and
// they would take all the files that the process may open.

/** Each worker has so many; a crowd comes to several of them. Whoever finds no room is reset, and tries again. */
export const MAX_UNKNOWN = 1024

export function makeAcceptCount(): SharedArrayBuffer {
  return new SharedArrayBuffer(4)
}

export class AcceptRoom {
  readonly #known: Int32Array
  #accepted = 0

  /** `memory`: shared by the main thread, which counts in it what it has heard of. */
  constructor(memory: SharedArrayBuffer) {
    this.#known = new Int32Array(memory)
  }

  /** Whether one more may be accepted; then it is counted. */
  take(): boolean {
    // modulo 2³²
    if (((this.#accepted - Atomics.load(this.#known, 0)) | 0) >= MAX_UNKNOWN) return false
    this.#accepted = (this.#accepted + 1) | 0
    return true
  }

  /** The main thread knows one more. */
  known(): void {
    Atomics.add(this.#known, 0, 1)
  }
}
