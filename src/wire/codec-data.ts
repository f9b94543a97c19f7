// Encodes and decodes messages of the data stream: requests one way, frame headers the other.
import type { Uint8ArrayList } from 'uint8arraylist'
import { type Hello, helloFromWire, helloToWire } from './codec-hello.ts'
import { decoding, encoding, integerField, loadField, malformed, pieceIndexField } from './fields.ts'
import { prefixed } from './framing.ts'
import { Frame, DataRequest as RawRequest } from './generated/messages.js'
import { LIMITS } from './limits.ts'
import { type RefusalReason, reasonFromWire, reasonToWire } from './refusal.ts'

export type DataRequest =
  | Hello
  /** `load`: pieces under way to who asks, from everybody; `has`: those that it has, undefined: not said. */
  | { type: 'ask'; piece: number; load: number; has?: number | undefined }
  | { type: 'cancel'; piece: number }
  /** The last frame of the piece is here. */
  | { type: 'got'; piece: number }

/** `length` bytes of payload follow on the stream. */
export interface FrameHeader {
  piece: number
  /** Bytes from the start of the piece. */
  offset: number
  /** Bytes; 0 if and only if the piece is refused. */
  length: number
  /** The piece will not come, or not to its end. */
  refused?: RefusalReason
}

/** Without length prefix. Throws `internal` for what the other side would refuse. */
export function encodeDataRequest(request: DataRequest): Uint8Array {
  return encoding(LIMITS.message, () => {
    if (request.type === 'hello') return RawRequest.encode({ hello: helloToWire(request), load: 0, has: 0 })
    const piece = pieceIndexField(request.piece)
    if (request.type === 'ask') {
      return RawRequest.encode({ ask: piece, load: loadField(request.load), has: loadField(request.has ?? 0, 'has') })
    }
    return RawRequest.encode({ ...(request.type === 'cancel' ? { cancel: piece } : { got: piece }), load: 0, has: 0 })
  })
}

/** Undefined for a kind of request that is not known here: ignore it. Throws `protocol` when malformed. */
export function decodeDataRequest(bytes: Uint8Array): DataRequest | undefined {
  return decoding(bytes, LIMITS.message, input => {
    const raw = RawRequest.decode(input)
    if (raw.hello !== undefined) return helloFromWire(raw.hello)
    if (raw.ask !== undefined) return ask(raw.ask, raw.load, raw.has)
    if (raw.cancel !== undefined) return { type: 'cancel', piece: pieceIndexField(raw.cancel) }
    if (raw.got !== undefined) return { type: 'got', piece: pieceIndexField(raw.got) }
    return undefined
  })
}

function ask(piece: number, load: number, has: number): DataRequest {
  const said = loadField(has, 'has')
  return { type: 'ask', piece: pieceIndexField(piece), load: loadField(load), ...(said > 0 && { has: said }) }
}

/** A frame as it goes on the stream: header behind its length, then `payload`, which is not copied. Throws `internal`. */
export function encodeFrame(header: FrameHeader, payload?: Uint8Array): Uint8ArrayList {
  return prefixed(encodeFrameHeader(header), payload)
}

/** The header alone, without length prefix. Throws `internal` for what the other side would refuse. */
export function encodeFrameHeader(header: FrameHeader): Uint8Array {
  return encoding(LIMITS.frameHeader, () => {
    const { piece, offset, length, refused } = checkFrame(header)
    return Frame.encode({ piece, offset, length, ...(refused === undefined ? {} : { refused: reasonToWire(refused) }) })
  })
}

/** Throws `protocol`. */
export function decodeFrameHeader(bytes: Uint8Array): FrameHeader {
  return decoding(bytes, LIMITS.frameHeader, input => {
    const { piece, offset, length, refused } = Frame.decode(input)
    return checkFrame({ piece, offset, length, ...(refused === undefined ? {} : { refused: reasonFromWire(refused) }) })
  })
}

function checkFrame(header: FrameHeader): FrameHeader {
  pieceIndexField(header.piece)
  integerField(header.length, 0, LIMITS.framePayload, 'frame length')
  integerField(header.offset, 0, LIMITS.piece - header.length, 'frame offset')
  if ((header.length === 0) !== (header.refused !== undefined)) throw malformed(`frame of ${header.length} bytes`)
  return header
}
