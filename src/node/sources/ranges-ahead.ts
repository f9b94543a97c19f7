// The ranges of one read that are under way or wait for their turn: one after the other, without gaps.
import type { ByteRange } from '../../core/range.ts'
import { TAIL_BYTES } from '../../origin/tail.ts'

/** A range is so much of a stream's time: each costs a round trip, and who asks too often is refused. Milliseconds. */
const SEGMENT_MS = 2000
export const MIN_SEGMENT_BYTES = 256 * 1024
export const MAX_SEGMENT_BYTES = 4 * 1024 * 1024
/** Memory for what comes before its turn: a range for each stream, and two that wait. */
export const MAX_AHEAD_BYTES = 6 * MAX_SEGMENT_BYTES

/** Bytes `start` to `end` of the content. */
export interface Segment {
  readonly start: number
  readonly end: number
  /** With the `TAIL_BYTES` before `start`; undefined while they are on their way. */
  bytes: Uint8Array | undefined
  /** When something of it came last, or when it was asked for. Milliseconds. */
  cameAt: number
}

export interface RangesAheadOptions {
  /** Bytes of the whole content. */
  length: number
  now(): number
  /** Exactly these bytes, in one try; tells how many have come. */
  fetch(range: ByteRange, came: (bytes: number) => void, signal: AbortSignal): Promise<Uint8Array>
  came(bytes: number): void
  /** Something has ended; `error` why it failed, if it did: it is gone then, with those after it. */
  ended(error?: unknown): void
}

export class RangesAhead {
  readonly #options: RangesAheadOptions
  #segments: { segment: Segment; stop: AbortController }[] = []

  constructor(options: RangesAheadOptions) {
    this.#options = options
  }

  get first(): Segment | undefined {
    return this.#segments[0]?.segment
  }

  get second(): Segment | undefined {
    return this.#segments[1]?.segment
  }

  /** Where the last one ends. */
  get end(): number | undefined {
    return this.#segments.at(-1)?.segment.end
  }

  /** Asks for more until `streams` are under way. The first one begins at `from`. `rate`: of one stream, bytes a second. */
  fill(streams: number, from: number, rate: number): void {
    const { length } = this.#options
    let underWay = this.#segments.filter(({ segment }) => segment.bytes === undefined).length
    for (; underWay < streams; underWay++) {
      const start = this.end ?? from
      const size = Math.min(Math.max(MIN_SEGMENT_BYTES, Math.ceil((rate * SEGMENT_MS) / 1000)), MAX_SEGMENT_BYTES)
      const end = length - start < size + MIN_SEGMENT_BYTES ? length : start + size
      if (start < TAIL_BYTES || end <= start || end - (this.first?.start ?? start) > MAX_AHEAD_BYTES) return
      this.#begin(start, end)
    }
  }

  shift(): void {
    this.#segments.shift()
  }

  /** Gives up this one and those after it, all by default. */
  drop(from = this.first): void {
    const at = this.#segments.findIndex(({ segment }) => segment === from)
    if (at >= 0) for (const { stop } of this.#segments.splice(at)) stop.abort()
  }

  #begin(start: number, end: number): void {
    const { now, fetch, came, ended } = this.#options
    const segment: Segment = { start, end, bytes: undefined, cameAt: now() }
    const stop = new AbortController()
    this.#segments.push({ segment, stop })
    const arrived = (bytes: number): void => {
      if (stop.signal.aborted) return
      segment.cameAt = now()
      came(bytes)
    }
    fetch({ start: start - TAIL_BYTES, end }, arrived, stop.signal).then(
      bytes => {
        if (stop.signal.aborted) return
        segment.bytes = bytes
        ended()
      },
      error => {
        if (stop.signal.aborted) return
        this.drop(segment)
        ended(error)
      },
    )
  }
}
