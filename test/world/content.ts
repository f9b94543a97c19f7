// Bytes to download: made from a name, so that a test can name what it expects.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'

export const PIECE = 128 * 1024

/** Bytes that are the same for the same name, and otherwise are not. */
export function content(name: string, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0, block = createHash('sha256').update(name).digest(); at < length; at += block.length) {
    block.copy(bytes, at)
    block = createHash('sha256').update(block).digest()
  }
  return bytes
}

export function hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export async function fileHash(path: string): Promise<string> {
  return hex(await readFile(path))
}
