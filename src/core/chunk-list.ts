// The list of a content's chunks as it is sent: nobody vouches for it, and nobody needs to.
import { CHUNK_DIGEST_LENGTH, isChunkAverage, longestChunk, MAX_CHUNKS } from './chunks.ts'
import { DragonflyError } from './errors.ts'

/** A digest, and the length as 32 bits, big-endian. */
export const CHUNK_ENTRY_BYTES = CHUNK_DIGEST_LENGTH + 4

export interface ListedChunk {
  /** Where it begins in the content, bytes. */
  offset: number
  /** Bytes. */
  length: number
  /** See `digestKey`. */
  key: string
}

/** A digest of a chunk as the key of a map. */
export function digestKey(bytes: Uint8Array, at = 0): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, CHUNK_DIGEST_LENGTH).toString('latin1')
}

/** Writes the entry of one chunk. */
export function encodeChunk(digest: Uint8Array, length: number): Uint8Array {
  const entry = Buffer.alloc(CHUNK_ENTRY_BYTES)
  entry.set(digest)
  entry.writeUInt32BE(length, CHUNK_DIGEST_LENGTH)
  return entry
}

/** Reads the list of a content of `length` bytes. Throws `protocol` unless it is one, whatever its digests are. */
export function decodeChunks(entries: Uint8Array, average: number, length: number): ListedChunk[] {
  const count = entries.byteLength / CHUNK_ENTRY_BYTES
  if (!isChunkAverage(average) || !Number.isInteger(count) || count > MAX_CHUNKS) throw malformed()
  const lengths = new DataView(entries.buffer, entries.byteOffset, entries.byteLength)
  const chunks: ListedChunk[] = []
  let offset = 0
  for (let at = 0; at < entries.byteLength; at += CHUNK_ENTRY_BYTES) {
    const size = lengths.getUint32(at + CHUNK_DIGEST_LENGTH)
    if (size === 0 || size > longestChunk(average)) throw malformed()
    chunks.push({ offset, length: size, key: digestKey(entries, at) })
    offset += size
  }
  if (offset !== length) throw malformed()
  return chunks
}

function malformed(): DragonflyError {
  return new DragonflyError('protocol', 'malformed list of chunks')
}
