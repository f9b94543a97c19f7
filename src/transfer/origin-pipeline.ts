// Turns the bytes of an origin into hashed pieces: source → timing → cutter → hasher.
import { pipe } from 'it-pipe'
import { hashPiece, type VerifiedPiece } from '../core/piece.ts'

/** Bytes that came from the origin at once. Times are milliseconds. */
export interface Chunk {
  bytes: number
  /** How long we waited for the origin. */
  waited: number
  /** How long we worked on the chunk before, and did not read. */
  worked: number
}

/** A piece whose digest was computed here from our own read. */
export type HashedPiece = VerifiedPiece

export interface PipelineOptions {
  pieceLength: number
  /** Bytes from the first piece to the end, as far as the origin has announced them; undefined: not known. */
  length?: number | undefined
  /** Memory for a piece. */
  take(size: number): Uint8Array
  onChunk(chunk: Chunk): void
}

/** Pieces in order, each as soon as it is hashed. `first`: index of the first one. */
export function hashPieces(
  source: AsyncIterable<Uint8Array>,
  { first, ...options }: PipelineOptions & { first: number },
): AsyncGenerator<HashedPiece> {
  return pipe(cutPieces(source, options), pieces => hashed(pieces, first))
}

/** The bytes of pieces in order, each as soon as it is whole. */
export function cutPieces(source: AsyncIterable<Uint8Array>, options: PipelineOptions): AsyncGenerator<Uint8Array> {
  return pipe(
    source,
    chunks => timed(chunks, options.onChunk),
    chunks => cut(chunks, options),
  )
}

async function* timed(source: AsyncIterable<Uint8Array>, onChunk: (chunk: Chunk) => void): AsyncGenerator<Uint8Array> {
  let [takenAt, askedAt] = [performance.now(), performance.now()]
  for await (const chunk of source) {
    const cameAt = performance.now()
    onChunk({ bytes: chunk.byteLength, waited: cameAt - askedAt, worked: askedAt - takenAt })
    takenAt = cameAt
    yield chunk
    askedAt = performance.now()
  }
}

/** Memory for the beginning of a content of unknown length, bytes: many end there. */
const BEGINNING = 16 * 1024

/**
 * Cuts chunks of any size into pieces; the last one may be shorter. Each piece is memory of its own, from `take`: no more than what is
 * expected of it, as thousands of contents of some bytes may be read at a time.
 */
export async function* cut(
  source: AsyncIterable<Uint8Array>,
  { pieceLength, length, take }: Pick<PipelineOptions, 'pieceLength' | 'length' | 'take'>,
): AsyncGenerator<Uint8Array> {
  let piece: Uint8Array | undefined
  let filled = 0
  // what comes beyond the announced length is for others to judge
  let left = length ?? BEGINNING
  for await (const chunk of source) {
    for (let used = 0; used < chunk.byteLength; ) {
      const part = chunk.subarray(used, used + pieceLength - filled)
      piece ??= take(Math.min(pieceLength, Math.max(left, part.byteLength)))
      if (filled + part.byteLength > piece.byteLength) piece = copied(piece, take(pieceLength))
      piece.set(part, filled)
      filled += part.byteLength
      used += part.byteLength
      if (filled < pieceLength) continue
      yield piece
      piece = undefined
      filled = 0
      left = length === undefined ? pieceLength : Math.max(0, left - pieceLength)
    }
  }
  if (piece !== undefined) yield piece.subarray(0, filled)
}

function copied(from: Uint8Array, to: Uint8Array): Uint8Array {
  to.set(from)
  return to
}

/** In order. When the source fails, what it gave before still comes. */
async function* hashed(source: AsyncIterable<Uint8Array>, first: number): AsyncGenerator<HashedPiece> {
  let index = first
  for await (const bytes of source) yield hashPiece(index++, bytes)
}
