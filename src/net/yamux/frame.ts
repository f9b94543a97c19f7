// The yamux frame header: https://github.com/hashicorp/yamux/blob/master/spec.md

export const FRAME_TYPE = { data: 0, windowUpdate: 1, ping: 2, goAway: 3 } as const
export const FLAG = { syn: 1, ack: 2, fin: 4, rst: 8 } as const
export const GO_AWAY = { normal: 0, protocolError: 1, internalError: 2 } as const

export const VERSION = 0
/** Bytes. */
export const HEADER_LENGTH = 12
/** What each side may send on a new stream, bytes. The specification fixes it. */
export const INITIAL_WINDOW = 256 * 1024

/** Headers are cut from Node's buffer pool: one allocation for hundreds of them. */
export function encodeHeader(type: number, flags: number, stream: number, length: number): Uint8Array {
  const header = Buffer.allocUnsafe(HEADER_LENGTH)
  header[0] = VERSION
  header[1] = type
  header[2] = flags >>> 8
  header[3] = flags
  writeUint32(header, 4, stream)
  writeUint32(header, 8, length)
  return header
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
