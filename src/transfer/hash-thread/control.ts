// What a thread that hashes a file and the thread that writes it share: memory, as messages would wake both for each piece.

/** Of the control words. A wait on `NEWS` ends when any other has changed. */
const NEWS = 0
const STATE = 1
const WORDS = 2
/** Of the positions, bytes. */
const WRITTEN = 0

const GOES_ON = 0
const ENDS = 1
const STOPS = 2

export type ControlMemory = SharedArrayBuffer

/** How far the file is written, and whether there will be more. */
export interface Standing {
  bytes: number
  state: 'goes-on' | 'ends' | 'stops'
}

export function makeControlMemory(): ControlMemory {
  return new SharedArrayBuffer(8 + 4 * WORDS)
}

export class Control {
  readonly #positions: BigInt64Array
  readonly #words: Int32Array

  constructor(memory: ControlMemory) {
    this.#positions = new BigInt64Array(memory, 0, 1)
    this.#words = new Int32Array(memory, 8, WORDS)
  }

  /** The first so many bytes are written. */
  written(bytes: number): void {
    Atomics.store(this.#positions, WRITTEN, BigInt(bytes))
    this.#wake()
  }

  get bytes(): number {
    return Number(Atomics.load(this.#positions, WRITTEN))
  }

  /** What is written is all. */
  end(): void {
    Atomics.compareExchange(this.#words, STATE, GOES_ON, ENDS)
    this.#wake()
  }

  /** Nobody wants the digest any more. */
  stop(): void {
    Atomics.store(this.#words, STATE, STOPS)
    this.#wake()
  }

  #wake(): void {
    Atomics.add(this.#words, NEWS, 1)
    Atomics.notify(this.#words, NEWS)
  }

  /** Blocks until more than `known` bytes are written, or there will be no more. */
  wait(known: number): Standing {
    for (;;) {
      const news = Atomics.load(this.#words, NEWS)
      const state = Atomics.load(this.#words, STATE)
      const { bytes } = this
      if (state === STOPS) return { bytes, state: 'stops' }
      if (bytes > known) return { bytes, state: 'goes-on' }
      if (state === ENDS) return { bytes, state: 'ends' }
      Atomics.wait(this.#words, NEWS, news)
    }
  }
}
