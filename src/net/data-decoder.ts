// Decodes a data stream into frames; copies each payload byte once, into the buffer of its piece.
import type { Uint8ArrayList } from 'uint8arraylist'
import { DragonflyError } from '../core/errors.ts'
import { decodeFrameHeader, type FrameHeader } from '../wire/codec-data.ts'
import { PrefixDecoder, partsOf } from '../wire/framing.ts'
import { LIMITS } from '../wire/limits.ts'

export interface FrameHandler {
  /**
   * A frame begins. Returns where the payload goes: exactly `header.length` bytes (none for a refusal), not touched by
   * anyone else until `onFrameEnd`. Throw when the frame was not asked for: nothing of it has been copied.
   */
  onFrame(header: FrameHeader): Uint8Array
  /** The payload is there. */
  onFrameEnd(header: FrameHeader): void
}

export class FrameDecoder {
  #handler: FrameHandler
  #prefix = new PrefixDecoder(LIMITS.frameHeader)
  #headerBytes = new Uint8Array(LIMITS.frameHeader)
  /** Of the header being read; undefined while its prefix is. */
  #headerLength: number | undefined
  /** Set while a payload is being read. */
  #header: FrameHeader | undefined
  #target: Uint8Array = new Uint8Array(0)
  /** Bytes of the header or the payload that have come. */
  #filled = 0

  constructor(handler: FrameHandler) {
    this.#handler = handler
  }

  /** Throws `protocol` for what is no frame, and what the handler throws; then the stream is of no further use. */
  push(chunk: Uint8Array | Uint8ArrayList): void {
    for (const part of partsOf(chunk)) this.pushPart(part)
  }

  /** The same for one piece of memory. */
  pushPart(part: Uint8Array): void {
    for (let at = 0; at < part.byteLength; ) at += this.#step(part, at)
  }

  /** The stream has ended. Throws `protocol` when that was in the middle of a frame. */
  end(): void {
    if (this.#prefix.isInside || this.#headerLength !== undefined || this.#header !== undefined) {
      throw new DragonflyError('protocol', 'the data stream ended inside a frame')
    }
  }

  /** Takes what it can from `part` at `at`; how many bytes that was. */
  #step(part: Uint8Array, at: number): number {
    if (this.#header !== undefined) return this.#readPayload(part, at, this.#header)
    if (this.#headerLength !== undefined) return this.#readHeader(part, at, this.#headerLength)
    this.#headerLength = this.#prefix.push(part[at] as number)
    return 1
  }

  #readHeader(part: Uint8Array, at: number, length: number): number {
    const bytes = part.subarray(at, at + length - this.#filled)
    this.#headerBytes.set(bytes, this.#filled)
    this.#filled += bytes.byteLength
    if (this.#filled === length) this.#begin(decodeFrameHeader(this.#headerBytes.subarray(0, length)))
    return bytes.byteLength
  }

  #begin(header: FrameHeader): void {
    this.#filled = 0
    this.#headerLength = undefined
    const target = this.#handler.onFrame(header)
    if (target.byteLength !== header.length) {
      throw new DragonflyError('internal', `room of ${target.byteLength} bytes for a frame of ${header.length}`)
    }
    if (header.length === 0) return this.#handler.onFrameEnd(header)
    this.#target = target
    this.#header = header
  }

  #readPayload(part: Uint8Array, at: number, header: FrameHeader): number {
    const bytes = part.subarray(at, at + header.length - this.#filled)
    this.#target.set(bytes, this.#filled)
    this.#filled += bytes.byteLength
    if (this.#filled === header.length) this.#finish(header)
    return bytes.byteLength
  }

  /** State first: the handler may throw. */
  #finish(header: FrameHeader): void {
    this.#filled = 0
    this.#header = undefined
    this.#target = new Uint8Array(0)
    this.#handler.onFrameEnd(header)
  }
}
