// The bytes of a round: the same for the same round and version.
import { createHash } from 'node:crypto'

/** `key`: what makes them these bytes. */
export function contentOf(key: string, length: number): Buffer {
  if (length === 0) return Buffer.alloc(0)
  return createHash('shake256', { outputLength: length }).update(key).digest()
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
