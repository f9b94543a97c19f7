// Parses and formats digests: sha256:HEX.
import { DragonflyError } from './errors.ts'

/** Parses `sha256:` and 64 hex digits (any case) to 32 bytes; rejects everything else with `bad-digest`. */
export function parseDigest(text: string): Uint8Array {
  const match = /^sha256:([0-9a-f]{64})$/i.exec(text)
  if (match?.[1] === undefined) {
    throw new DragonflyError('bad-digest', `not a digest: ${JSON.stringify(text.slice(0, 100))}`, {
      hint: 'write sha256: followed by 64 hexadecimal digits',
    })
  }
  return Uint8Array.from(Buffer.from(match[1], 'hex'))
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
