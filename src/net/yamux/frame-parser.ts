// Cuts what comes from a connection into yamux frames. Payload passes through as it comes, without being collected.
import { DragonflyError } from '../../core/errors.ts'
import { FRAME_TYPE, HEADER_LENGTH, VERSION } from './frame.ts'

export interface FrameHandler {
  /** A frame without payload; `length` means what the type says. */
  onControl(type: number, flags: number, stream: number, length: number): void
  /** A data frame begins: `length` bytes of payload follow, and then `onPayloadEnd`. */
  onDataFrame(flags: number, stream: number, length: number): void
  /** A part of the payload, at least one byte; it lies in the connection's buffer, which is overwritten. */
  onPayload(part: Uint8Array): void
  onPayloadEnd(): void
}

export class FrameParser {
  readonly #handler: FrameHandler
  /** A header that came in parts. */
  readonly #header = new Uint8Array(HEADER_LENGTH)
  #filled = 0
  /** Bytes of payload that are still to come. */
  #left = 0

  constructor(handler: FrameHandler) {
    this.#handler = handler
  }

  /** Throws `protocol` for what is no frame, and what the handler throws; then the connection is of no further use. */
  push(chunk: Uint8Array): void {
    const end = chunk.byteLength
    for (let at = 0; at < end; ) {
      if (this.#left > 0) {
        at += this.#payload(chunk, at)
      } else if (this.#filled === 0 && end - at >= HEADER_LENGTH) {
        this.#frame(chunk, at)
        at += HEADER_LENGTH
      } else {
        this.#header[this.#filled++] = chunk[at++] as number
        if (this.#filled === HEADER_LENGTH) {
          this.#filled = 0
          this.#frame(this.#header, 0)
        }
      }
    }
  }

  /** Gives on what the chunk has of the payload; how many bytes that was. */
  #payload(chunk: Uint8Array, at: number): number {
    const length = Math.min(this.#left, chunk.byteLength - at)
    this.#left -= length
    this.#handler.onPayload(at === 0 && length === chunk.byteLength ? chunk : chunk.subarray(at, at + length))
    if (this.#left === 0) this.#handler.onPayloadEnd()
    return length
  }

  #frame(bytes: Uint8Array, at: number): void {
    if (bytes[at] !== VERSION) throw new DragonflyError('protocol', `yamux: version ${bytes[at]} is not known`)
    const type = bytes[at + 1] as number
    const flags = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)
    const stream = readUint32(bytes, at + 4)
    const length = readUint32(bytes, at + 8)
    if (type > FRAME_TYPE.goAway) throw new DragonflyError('protocol', `yamux: frame type ${type} is not known`)
    if (type !== FRAME_TYPE.data) return this.#handler.onControl(type, flags, stream, length)
    this.#handler.onDataFrame(flags, stream, length)
    this.#left = length
    if (length === 0) this.#handler.onPayloadEnd()
  }
}

function readUint32(bytes: Uint8Array, at: number): number {
  const low = ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)
  return (bytes[at] as number) * 2 ** 24 + low
}
