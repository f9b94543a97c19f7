// Turns marks of written pieces back into verified pieces after a restart.
import { abortError, DragonflyError } from '../core/errors.ts'
import { type VerifiedPiece, verifyPiece } from '../core/piece.ts'
import type { Backing } from './backing.ts'
import type { PieceTable } from './store.ts'

/** Pieces in hand at once: reading and hashing overlap, at most 4 × 4 MiB of memory. */
const WINDOW = 4

/** What somebody wrote, and which pieces of it. */
type Hinted = Pick<Backing, 'hints' | 'read'>

/**
 * Yields in index order each hinted piece of the table that is good. A hint is used up when its turn has come, whether good
 * or not; those behind an abort, and those beyond the table (it may grow), stay.
 */
export async function* reverify(
  backing: Hinted,
  table: PieceTable,
  isKnown: (index: number) => boolean,
  signal?: AbortSignal,
  window = WINDOW,
): AsyncGenerator<VerifiedPiece> {
  const { hints } = backing
  const inTable = [...hints].filter(index => index < table.count).sort((a, b) => a - b)
  const ahead: { index: number; piece: Promise<VerifiedPiece | undefined> }[] = []
  try {
    for (let next = 0; next < inTable.length || ahead.length > 0; ) {
      if (signal?.aborted) throw abortError(signal)
      for (; next < inTable.length && ahead.length < window; next++) {
        const index = inTable[next] as number
        ahead.push({ index, piece: cachedHeaders(isKnown(index) ? nothing : reread(backing, table, index)) })
      }
      const turn = ahead.shift()
      if (turn === undefined) break
      const piece = await turn.piece
      hints.delete(turn.index)
      if (piece !== undefined) yield piece
    }
  } finally {
    await Promise.allSettled(ahead.map(({ piece }) => piece))
  }
}

const nothing = Promise.resolve(undefined)

/** The rejection is seen when its turn comes; until then it is no unhandled one. */
function cachedHeaders<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

async function reread(backing: Hinted, table: PieceTable, index: number): Promise<VerifiedPiece | undefined> {
  const size = table.pieceSize(index)
  const digest = table.digest(index)
  if (digest === undefined || !(size > 0 && size <= table.pieceLength)) return undefined
  const bytes = new Uint8Array(Buffer.allocUnsafeSlow(size).buffer)
  try {
    const got = await backing.read(index * table.pieceLength, bytes, table.pieceLength)
    return got === size ? verifyPiece(index, bytes, digest) : undefined
  } catch (error) {
    if (isLost(error)) return undefined
    throw error
  }
}

/** Wrong bytes, or a bad spot on the disk: one piece lost. Everything else is a fault of the whole store. */
function isLost(error: unknown): boolean {
  if (!(error instanceof DragonflyError)) return false
  return error.code === 'corrupt-piece' || (error.cause as NodeJS.ErrnoException | undefined)?.code === 'EIO'
}
