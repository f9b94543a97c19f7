// Reads one version of a content by several ranges at a time where a single stream is slower than the line. Bytes come in order.
import { abortError, DragonflyError } from '../../core/errors.ts'
import { sameBytes } from '../../core/piece.ts'
import { isResumable } from '../../core/version.ts'
import { AnotherVersionError, NoRoomError } from '../../origin/failures.ts'
import type { OriginRequest } from '../../origin/options.ts'
import type { Origin } from '../../origin/origin.ts'
import type { OriginRead } from '../../origin/read.ts'
import { TAIL_BYTES } from '../../origin/tail.ts'
import { RangeStreams, WORTH_MS, WORTH_TO_MANY_MS } from '../../swarm/range-streams.ts'
import { Changes } from '../context/changes.ts'
import { now } from '../context/node-context.ts'
import { RangesAhead, type Segment } from './ranges-ahead.ts'

/** The first range begins where the plain stream is after so long: by then its trial is decided. Milliseconds. */
const LEAD_MS = 3000
/** A range whose turn it is and that gives nothing for so long is read by a plain stream instead. Milliseconds. */
export const STALL_MS = 10_000
/** Memory of at most so many bytes is kept for the sake of its end. */
const MOST_KEPT = 256 * 1024
/** Failures that do not say that the origin wants no more streams. */
const BREAKS = new Set(['origin-truncated', 'origin-timeout', 'origin-unreachable'])

/**
 * The same bytes as `read`, which must not have been iterated. Ranges are asked for only of a version that is certain, of known
 * length, at an origin that has ranges. A range is given once it agrees with what came before it and with the range after it.
 */
export function inParallel(
  origin: Origin,
  request: OriginRequest,
  read: OriginRead,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const { length, version, rangesSupported } = read
  if (length === undefined || !rangesSupported || !isResumable(version)) return read
  return new ParallelRead({ origin, request, signal, version, length }, read)
}

interface Subject {
  origin: Origin
  request: OriginRequest
  signal: AbortSignal
  version: string
  length: number
}

class ParallelRead implements AsyncIterable<Uint8Array> {
  readonly #subject: Subject
  readonly #streams: RangeStreams
  readonly #changes = new Changes()
  readonly #ahead: RangesAhead
  /** Undefined while all is read by ranges. */
  #plain: AsyncIterator<Uint8Array> | undefined
  #at: number
  /** A range was not what it should have been: no other one is asked for. */
  #hasLied = false
  #busyness = performance.eventLoopUtilization()
  /** The last bytes that were given, at most TAIL_BYTES. */
  #tail: Uint8Array = new Uint8Array()

  constructor(subject: Subject, read: OriginRead) {
    this.#subject = subject
    this.#streams = new RangeStreams(now(), subject.origin.isForOthers ? WORTH_TO_MANY_MS : WORTH_MS)
    this.#at = read.start
    this.#plain = read[Symbol.asyncIterator]()
    const { origin, version, length } = subject
    const request = { ...subject.request, isExtra: true }
    this.#ahead = new RangesAhead({
      length,
      now,
      fetch: async (range, onBytes, stop) => {
        const signal = AbortSignal.any([stop, subject.signal])
        return await origin.range(request, version, range, length, { signal, onBytes })
      },
      came: bytes => {
        this.#streams.came(bytes, 0, now())
        this.#fill()
      },
      ended: error => this.#rangeEnded(error),
    })
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (;;) {
        if (this.#plain !== undefined) {
          if (yield* this.#givePlain(this.#plain)) return
        } else if (this.#at === this.#subject.length) return
        else if (this.#ahead.first !== undefined) yield* this.#giveRange(this.#ahead.first)
        else await this.#goOn()
      }
    } finally {
      this.#ahead.drop()
      await this.#plain?.return?.()
    }
  }

  /** Until its end (then true), or until ranges have taken over. */
  async *#givePlain(plain: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, boolean, undefined> {
    let readyAt = now()
    for (;;) {
      const held = now() - readyAt
      const { done, value } = await plain.next()
      if (done) return true
      readyAt = now()
      this.#streams.came(value.length, held, readyAt)
      this.#streams.busy(this.#busyMs(), readyAt)
      this.#fill()
      const before = value.subarray(0, (this.#ahead.first?.start ?? Infinity) - this.#at)
      if (before.length > 0) yield this.#given(before)
      if (this.#at === this.#ahead.first?.start) {
        if (await this.#hasTakenOver(plain)) return false
        this.#ahead.drop()
      }
      if (before.length < value.length) yield this.#given(value.subarray(before.length))
    }
  }

  /** Since the last call. */
  #busyMs(): number {
    const { active } = performance.eventLoopUtilization(this.#busyness)
    this.#busyness = performance.eventLoopUtilization()
    return active
  }

  /** The plain stream has reached the first range: whether that one goes on where it is. */
  async #hasTakenOver(plain: AsyncIterator<Uint8Array>): Promise<boolean> {
    for (;;) {
      const { first } = this.#ahead
      if (first === undefined || this.#streams.kept === 1) {
        if (first !== undefined) this.#streams.broke(now())
        return false
      }
      if (first.bytes === undefined) {
        await this.#wait(first)
        continue
      }
      if (!this.#follows(first.bytes)) {
        this.#lied()
        return false
      }
      this.#plain = undefined
      await plain.return?.()
      return true
    }
  }

  /** The next range, once it is here and agrees with those before and after it. */
  async *#giveRange(first: Segment): AsyncGenerator<Uint8Array, void, undefined> {
    const { second } = this.#ahead
    if (first.bytes === undefined) return await this.#wait(first)
    if (second !== undefined && second.bytes === undefined) return await this.#wait(second)
    const { bytes } = first
    const isConfirmed =
      second?.bytes === undefined || sameBytes(bytes.subarray(-TAIL_BYTES), second.bytes.subarray(0, TAIL_BYTES))
    if (!isConfirmed || !this.#follows(bytes)) {
      // which one is wrong nobody can tell: neither is given
      this.#lied()
      return this.#ahead.drop()
    }
    this.#ahead.shift()
    yield this.#given(bytes.subarray(TAIL_BYTES))
    this.#fill()
  }

  #follows(bytes: Uint8Array): boolean {
    return sameBytes(bytes.subarray(TAIL_BYTES - this.#tail.length, TAIL_BYTES), this.#tail)
  }

  async #wait(range: Segment): Promise<void> {
    const { signal } = this.#subject
    const left = range.cameAt + STALL_MS - now()
    if (left <= 0) {
      this.#streams.broke(now())
      return this.#ahead.drop(range)
    }
    await this.#changes.next(AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(left))])).catch(() => {})
    if (signal.aborted) throw abortError(signal)
  }

  /** Neither a plain stream nor a range is under way. */
  async #goOn(): Promise<void> {
    this.#fill()
    if (this.#ahead.first !== undefined) return
    const { origin, request, signal, version } = this.#subject
    const where = this.#hasLied ? {} : { version, from: this.#at, tail: this.#tail }
    const read = await origin.open(request, { ...where, signal })
    if (read.version !== version || read.start > this.#at) {
      await read.cancel()
      throw new AnotherVersionError(request.url)
    }
    this.#plain = this.#after(read)
  }

  /** Where the origin gives the whole again, what is here is skipped, and its end compared. */
  async *#after(read: OriginRead): AsyncGenerator<Uint8Array, void, undefined> {
    const tail = this.#tail
    const to = this.#at
    let at = read.start
    for await (const chunk of read) {
      const old = chunk.subarray(0, Math.max(0, to - at))
      const known = old.subarray(Math.max(0, to - tail.length - at))
      const knownAt = tail.length - (to - (at + old.length - known.length))
      if (!sameBytes(known, tail.subarray(knownAt, knownAt + known.length)))
        throw new AnotherVersionError(this.#subject.request.url)
      at += chunk.length
      if (old.length < chunk.length) yield chunk.subarray(old.length)
    }
  }

  #given(bytes: Uint8Array): Uint8Array {
    this.#at += bytes.length
    if (bytes.length < TAIL_BYTES) this.#tail = Buffer.concat([this.#tail.subarray(bytes.length - TAIL_BYTES), bytes])
    else this.#tail = keptEnd(bytes.subarray(-TAIL_BYTES))
    return bytes
  }

  #fill(): void {
    const wanted = this.#streams.wanted(this.#subject.length - (this.#ahead.end ?? this.#at), now())
    const plain = this.#plain === undefined ? 0 : 1
    if (wanted === 1) {
      if (plain === 1) this.#ahead.drop()
      return
    }
    const { kept, rate } = this.#streams
    const lead = plain * Math.ceil((rate * LEAD_MS) / 1000)
    this.#ahead.fill(wanted - plain, this.#at + lead, rate / kept)
  }

  #lied(): void {
    this.#hasLied = true
    this.#streams.lied(now())
  }

  #rangeEnded(error: unknown): void {
    if (error instanceof DragonflyError && (error instanceof NoRoomError || BREAKS.has(error.code))) this.#streams.broke(now())
    else if (error instanceof DragonflyError && error.code === 'origin-lies') this.#lied()
    else if (error !== undefined) this.#streams.refused(now())
    else this.#fill()
    this.#changes.notify()
  }
}

/** Copying the end of each chunk took 80 ms of a read of 1 GiB; that of a range spares megabytes. */
function keptEnd(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength > MOST_KEPT ? new Uint8Array(bytes) : bytes
}
