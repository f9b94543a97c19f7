// Content-defined chunks: where a content is cut by what is in it, so that the same bytes are the same chunks wherever they lie.
import { sha256 } from './piece.ts'

const KiB = 1024

/** Average length of a chunk, bytes: a power of two; a chunk has a quarter of it at least (the last one excepted), and four times as much at most. */
export const MIN_CHUNK_AVERAGE = 64 * KiB
export const MAX_CHUNK_AVERAGE = 1024 * KiB
/** Chunks that we aim at, at most: 2.5 MiB of list. */
const WANTED_CHUNKS = 128 * KiB
/** A longer list is neither made nor taken, chunks (10 MiB): no content that has chunks of the largest average up to 128 GiB needs more. */
export const MAX_CHUNKS = 512 * KiB
/** The first bytes of sha2-256 of a chunk. What is built is verified by the digests of pieces, so a collision wastes a read and no more. */
export const CHUNK_DIGEST_LENGTH = 16

/** A power of two within the bounds above that makes about WANTED_CHUNKS of them, or fewer. */
export function chooseChunkAverage(length: number): number {
  const wanted = 2 ** Math.ceil(Math.log2(Math.max(1, length / WANTED_CHUNKS)))
  return Math.min(MAX_CHUNK_AVERAGE, Math.max(MIN_CHUNK_AVERAGE, wanted))
}

export function isChunkAverage(n: number): boolean {
  return Number.isInteger(n) && n >= MIN_CHUNK_AVERAGE && n <= MAX_CHUNK_AVERAGE && (n & (n - 1)) === 0
}

export function shortestChunk(average: number): number {
  return average / 4
}

export function longestChunk(average: number): number {
  return average * 4
}

/** A random number for each byte: what both sides have to agree on. Most processes never need it. */
let gear: Uint32Array | undefined

function makeGear(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    const digest = sha256(Buffer.concat([Buffer.from('dragonfly/chunks/1\0'), Uint8Array.of(byte)]))
    return Buffer.from(digest.buffer, digest.byteOffset).readUInt32BE(0)
  })
}

/** Bits by which a cut is less likely before the average, and more likely behind it ("normalized chunking", level 2). */
const LEVEL = 2

/**
 * FastCDC (Xia et al., 2016) with a hash of 32 bits, which sees 32 bytes: the length of the chunk that begins at `start`. What lies
 * between `start` and `end` has to be the longest chunk at least, or all that is left of the content.
 */
export function cutAt(bytes: Uint8Array, start: number, end: number, average: number): number {
  const last = Math.min(end, start + longestChunk(average))
  const normal = Math.min(last, start + average)
  const bits = Math.log2(average)
  // as many of the highest bits have to be 0: those depend on most bytes
  const early = 32 - (bits + LEVEL)
  const late = 32 - (bits - LEVEL)
  gear ??= makeGear()
  const table = gear
  let hash = 0
  let at = start + shortestChunk(average)
  for (; at < normal; at++) {
    hash = ((hash << 1) + (table[bytes[at] as number] as number)) | 0
    if (hash >>> early === 0) return at + 1 - start
  }
  for (; at < last; at++) {
    hash = ((hash << 1) + (table[bytes[at] as number] as number)) | 0
    if (hash >>> late === 0) return at + 1 - start
  }
  return last - start
}

export function chunkDigest(chunk: Uint8Array): Uint8Array {
  return sha256(chunk).subarray(0, CHUNK_DIGEST_LENGTH)
}
