// Frames messages on a stream by an unsigned varint length.
import { Uint8ArrayList } from 'uint8arraylist'
import { malformed } from './fields.ts'

/** Enough for any length that we allow (2²⁸ − 1). */
const MAX_PREFIX_BYTES = 4
/** First room for a message; a stranger who announces much and sends little costs little. */
const FIRST_ROOM = 4096

/** `message` behind its length; `payload` follows uncounted (frames). Copies neither: do not change them afterwards. */
export function prefixed(message: Uint8Array, payload?: Uint8Array): Uint8ArrayList {
  const prefix: number[] = []
  let rest = message.byteLength
  for (; rest > 0x7f; rest >>>= 7) prefix.push((rest & 0x7f) | 0x80)
  prefix.push(rest)
  const list = new Uint8ArrayList(Uint8Array.from(prefix), message)
  if (payload !== undefined) list.append(payload)
  return list
}

/** The pieces of memory that a chunk from a stream consists of. */
export function partsOf(chunk: Uint8Array | Uint8ArrayList): Iterable<Uint8Array> {
  return chunk instanceof Uint8Array ? [chunk] : chunk
}

/** Reads a length byte by byte. Once it threw it goes on throwing. */
export class PrefixDecoder {
  #max: number
  #value = 0
  #bytes = 0

  constructor(max: number) {
    this.#max = max
  }

  /** From the next length on. */
  allow(max: number): void {
    this.#max = max
  }

  /** Whether a length has begun and is not whole. */
  get isInside(): boolean {
    return this.#bytes > 0
  }

  /** The length when `byte` was its last; undefined while there is more. Throws `protocol`: no message is empty, none longer than `max`. */
  push(byte: number): number | undefined {
    this.#value += (byte & 0x7f) * 2 ** (7 * this.#bytes)
    this.#bytes++
    const isLast = byte < 0x80
    const isPadded = isLast && byte === 0
    if (isPadded || this.#value > this.#max || (!isLast && this.#bytes === MAX_PREFIX_BYTES)) {
      const value = this.#value
      this.#value = Number.POSITIVE_INFINITY
      throw malformed(isPadded ? 'empty, or a padded length' : `at least ${value} bytes, ${this.#max} allowed`)
    }
    if (!isLast) return undefined
    const length = this.#value
    this.#value = 0
    this.#bytes = 0
    return length
  }
}

/** Chunks in, messages out. It holds at most one message of `max` bytes. */
export class MessageDecoder {
  #prefix: PrefixDecoder
  #length: number | undefined
  #message = new Uint8Array(0)
  #filled = 0

  /** @param max - longest message, in bytes */
  constructor(max: number) {
    this.#prefix = new PrefixDecoder(max)
  }

  /** Bytes of memory that an unfinished message takes. */
  get held(): number {
    return this.#message.byteLength
  }

  /** The longest message from the next one on, in bytes; 0: there is to be none. */
  allow(max: number): void {
    this.#prefix.allow(max)
  }

  /** The messages that `chunk` completes, each in its own memory. Take them all. Throws `protocol`. */
  *push(chunk: Uint8Array | Uint8ArrayList): Generator<Uint8Array> {
    for (const part of partsOf(chunk)) {
      let at = 0
      while (at < part.byteLength) {
        if (this.#length === undefined) {
          this.#length = this.#prefix.push(part[at++] as number)
          continue
        }
        const bytes = part.subarray(at, at + this.#length - this.#filled)
        at += bytes.byteLength
        this.#append(bytes, this.#length)
        if (this.#filled === this.#length) yield this.#finish()
      }
    }
  }

  /** The stream has ended. Throws `protocol` when that was in the middle of a message. */
  end(): void {
    if (this.#prefix.isInside || this.#length !== undefined) throw malformed('the stream ended inside a message')
  }

  #append(bytes: Uint8Array, length: number): void {
    const needed = this.#filled + bytes.byteLength
    if (needed > this.#message.byteLength) {
      const room = new Uint8Array(Math.min(length, Math.max(needed, 2 * this.#message.byteLength, FIRST_ROOM)))
      room.set(this.#message.subarray(0, this.#filled))
      this.#message = room
    }
    this.#message.set(bytes, this.#filled)
    this.#filled = needed
  }

  #finish(): Uint8Array {
    const message = this.#message
    this.#message = new Uint8Array(0)
    this.#length = undefined
    this.#filled = 0
    return message
  }
}
