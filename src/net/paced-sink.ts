// Gives a stream's bytes on as fast as the rate of this host allows; what has to wait gets no credit.
import type { PayloadPace } from './payload-pace.ts'
import type { PayloadSink } from './yamux/stream.ts'

export interface PacedSinkInit {
  /** Undefined: nothing is held back. */
  pace: () => PayloadPace | undefined
  /** For so many milliseconds more, what came has waited. */
  onHeld: (ms: number) => void
  /** Takes what may pass. */
  push: (part: Uint8Array) => void
  /** So many bytes that waited have passed. */
  release: (bytes: number) => void
  /** `push` threw for what had waited. */
  failed: (error: Error) => void
}

export class PacedSink implements PayloadSink {
  readonly #init: PacedSinkInit
  #waiting: Uint8Array[] = []
  #run: Promise<void> | undefined
  #isOver = false
  #failure: Error | undefined

  constructor(init: PacedSinkInit) {
    this.#init = init
  }

  push(part: Uint8Array): number {
    if (this.#isOver) return part.byteLength
    const passed = this.#run === undefined ? this.#pass(part) : 0
    if (passed < part.byteLength) this.#waiting.push(new Uint8Array(part.subarray(passed)))
    return passed
  }

  /** Resolves when nothing waits any more; rejects with what `push` threw for something that had waited. */
  async idle(): Promise<void> {
    while (this.#run !== undefined) await this.#run
    if (this.#failure !== undefined) throw this.#failure
  }

  /** What waits is thrown away, and all that comes. */
  stop(): void {
    this.#isOver = true
    this.#waiting = []
  }

  /** Gives on what may pass at once; how many bytes that was. */
  #pass(part: Uint8Array): number {
    const pace = this.#init.pace()
    for (let at = 0; at < part.byteLength; ) {
      const end = Math.min(part.byteLength, at + (pace?.part('down') ?? Infinity))
      const wait = pace?.pass('down', end - at, this.#init.onHeld)
      if (wait !== undefined) {
        this.#run = this.#later(wait, end - at)
        return at
      }
      this.#init.push(at === 0 && end === part.byteLength ? part : part.subarray(at, end))
      at = end
    }
    return part.byteLength
  }

  /** The next `bytes` of what waits may pass after `wait`. */
  async #later(wait: Promise<void>, bytes: number): Promise<void> {
    try {
      await wait
      this.#take(bytes)
      this.#run = undefined
      while (this.#run === undefined && this.#waiting.length > 0) this.#drop(this.#pass(this.#waiting[0] as Uint8Array))
    } catch (error) {
      this.#run = undefined
      this.#failure = error as Error
      this.stop()
      this.#init.failed(this.#failure)
    }
  }

  #take(bytes: number): void {
    if (this.#isOver) return
    this.#init.push((this.#waiting[0] as Uint8Array).subarray(0, bytes))
    this.#drop(bytes)
  }

  #drop(bytes: number): void {
    const first = this.#waiting[0]
    if (first === undefined || bytes === 0) return
    if (bytes < first.byteLength) this.#waiting[0] = first.subarray(bytes)
    else this.#waiting.shift()
    this.#init.release(bytes)
  }
}
