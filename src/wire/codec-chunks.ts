// Encodes and decodes a part of the list of a content's chunks.
import { CHUNK_ENTRY_BYTES } from '../core/chunk-list.ts'
import { isChunkAverage } from '../core/chunks.ts'
import { bytesField, integerField, malformed } from './fields.ts'
import type { Chunks as RawChunks } from './generated/messages.js'
import { LIMITS } from './limits.ts'

/** See core/chunk-list.ts. */
export interface ChunksPart {
  /** Chunks of the whole list; 0: there is none. */
  count: number
  /** Bytes. */
  average: number
  /** Index of the first chunk here. */
  from: number
  /** One behind the other. */
  entries: Uint8Array
}

export function chunkIndexField(index: number): number {
  return integerField(index, 0, LIMITS.chunks - 1, 'index of a chunk')
}

export function chunksToWire({ count, average, from, entries }: ChunksPart): RawChunks {
  return { count, average, from, entries: checked(count, average, from, entries) }
}

export function chunksFromWire({ count, average, from, entries }: RawChunks): ChunksPart {
  return { count, average, from, entries: checked(count, average, from, entries) }
}

function checked(count: number, average: number, from: number, entries: Uint8Array): Uint8Array<ArrayBuffer> {
  integerField(count, 0, LIMITS.chunks, 'number of chunks')
  const here = entries.byteLength / CHUNK_ENTRY_BYTES
  if (count === 0 ? average !== 0 || from !== 0 || here !== 0 : !isChunkAverage(average)) throw malformed('list of chunks')
  integerField(here, 0, LIMITS.chunksPart, 'number of chunks')
  integerField(from, 0, count - here, 'index of the first chunk')
  return bytesField(entries, 0, LIMITS.chunksPart * CHUNK_ENTRY_BYTES, 'chunks')
}
