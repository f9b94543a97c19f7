// Encodes and decodes the part of DER (ITU-T X.690) that libp2p certificates use.

export const INTEGER = 0x02
export const BIT_STRING = 0x03
export const OCTET_STRING = 0x04
export const OBJECT_ID = 0x06
export const GENERALIZED_TIME = 0x18
export const BOOLEAN = 0x01
export const SEQUENCE = 0x30
/** Context tags, constructed: [0] and [3] of a certificate. */
export const CONTEXT_0 = 0xa0
export const CONTEXT_3 = 0xa3

export interface DerValue {
  tag: number
  content: Buffer
  /** Tag and length included. */
  whole: Buffer
}

/** A value that holds others, or bytes, one after the other. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(content.length)]), content])
}

/** The values in a row. Throws RangeError where bytes are missing, or a length is not as DER writes it. */
export function readDer(bytes: Uint8Array): DerValue[] {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const values: DerValue[] = []
  for (let at = 0; at < input.length; ) {
    const { start, length } = readLength(input, at + 1)
    if (start + length > input.length) throw new RangeError('DER value beyond its end')
    values.push({
      tag: input.readUInt8(at),
      content: input.subarray(start, start + length),
      whole: input.subarray(at, start + length),
    })
    at = start + length
  }
  return values
}

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length]
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
}

function readLength(input: Buffer, at: number): { start: number; length: number } {
  const first = input.readUInt8(at)
  if (first < 0x80) return { start: at + 1, length: first }
  const size = first - 0x80
  if (size < 1 || size > 3) throw new RangeError('DER length of more than 3 bytes')
  const length = input.readUIntBE(at + 1, size)
  if (length < 0x80 || length < 2 ** (8 * (size - 1))) throw new RangeError('DER length with leading zeros')
  return { start: at + 1 + size, length }
}
