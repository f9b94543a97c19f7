// Frames on their way to the connection: those of one event-loop turn go out in one write.
import { encodeHeader, HEADER_LENGTH } from './frame.ts'

/** Where frames go. */
export interface FrameOutput {
  /** Whether the connection takes anything at all. */
  readonly isOpen: boolean
  /** What is written now waits in memory until the connection takes more. */
  readonly isFull: boolean
  /** Gives all parts on, in one write. */
  write(parts: Uint8Array[]): void
}

/** With so much waiting the frames are written at once, bytes: large writes cost less per byte, but others wait behind them. */
const MIN_BATCH = 64 * 1024
const MAX_BATCH = 256 * 1024
/** Batches grow while the connection takes one within so many milliseconds, and shrink when it takes longer than the other: messages wait for as long. */
const FAST_MS = 4
const SLOW_MS = 10

export class FrameWriter {
  readonly #output: FrameOutput
  #parts: Uint8Array[] = []
  #bytes = 0
  #isScheduled = false
  #batch = MIN_BATCH
  /** When the batch was written that filled the connection; milliseconds. */
  #fullSince: number | undefined

  constructor(output: FrameOutput) {
    this.#output = output
  }

  /** The connection takes no more for now; what is written is kept in memory until it does. */
  get isFull(): boolean {
    return this.#output.isFull
  }

  /** What is written at once where there is as much, bytes: 64 KiB, and up to 256 KiB on a connection that takes it fast. */
  get batch(): number {
    return this.#batch
  }

  /** The connection, which was full, takes more. `now`: milliseconds. */
  drained(now = performance.now()): void {
    if (this.#fullSince === undefined) return
    const took = now - this.#fullSince
    if (took <= FAST_MS) this.#batch = Math.min(2 * this.#batch, MAX_BATCH)
    else if (took > SLOW_MS) this.#batch = Math.max(this.#batch / 2, MIN_BATCH)
    this.#fullSince = undefined
  }

  /** A frame without payload, in this turn's write. */
  control(type: number, flags: number, stream: number, length: number): void {
    this.#parts.push(encodeHeader(type, flags, stream, length))
    this.#bytes += HEADER_LENGTH
    this.#flushSoon()
  }

  /** A frame with payload, which is not copied: do not change it afterwards. False when the connection is full. */
  data(type: number, flags: number, stream: number, parts: Iterable<Uint8Array>, length: number): boolean {
    this.#parts.push(encodeHeader(type, flags, stream, length))
    for (const part of parts) this.#parts.push(part)
    this.#bytes += HEADER_LENGTH + length
    if (this.#bytes >= this.#batch) this.flush()
    else this.#flushSoon()
    return !this.#output.isFull
  }

  /** Writes what waits. */
  flush(): void {
    const parts = this.#parts
    if (parts.length === 0) return
    this.#parts = []
    this.#bytes = 0
    if (!this.#output.isOpen) return
    try {
      this.#output.write(parts)
      if (this.#output.isFull) this.#fullSince ??= performance.now()
    } catch {
      // the connection is closing below: it has aborted itself, and the muxer hears of that
    }
  }

  #flushSoon(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(this.#onTurn)
  }

  readonly #onTurn = (): void => {
    this.#isScheduled = false
    this.flush()
  }
}
