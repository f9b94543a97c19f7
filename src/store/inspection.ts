// Looks at one entry without opening it: nobody is kept from working with it meanwhile.
import { open, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fromSystemError } from '../core/errors.ts'
import type { Backing } from './backing.ts'
import { parseMarks } from './marks.ts'
import { readAt } from './positional.ts'
import { parseRecords } from './records.ts'
import { reverify } from './recover.ts'
import { MAX_MARKS_BYTES, MAX_RECORDS_BYTES, type PieceTable } from './store.ts'

/** What an entry says that it has. */
export interface Inspection {
  /** Pieces that were marked as written. */
  readonly marked: ReadonlySet<number>
  /** All good records from the start. */
  records(): Promise<Uint8Array[]>
  /** Reads and hashes each marked piece of the table, in index order; two are in memory at a time. */
  check(table: PieceTable, signal?: AbortSignal): AsyncIterable<CheckedPiece>
}

export interface CheckedPiece {
  index: number
  /** Bytes. */
  size: number
  isGood: boolean
}

/** Pieces in hand at once: others want the disk and the thread pool, too. */
const WINDOW = 2

/** `folder`: of the entry. Undefined when it is gone. Rejects with `store-error`. */
export async function inspect(folder: string): Promise<Inspection | undefined> {
  try {
    // marks first: what is marked has been written
    const marked = parseMarks(await bounded(join(folder, 'marks'), MAX_MARKS_BYTES))
    await stat(join(folder, 'data'))
    return {
      marked,
      records: async () => parseRecords(await bounded(join(folder, 'records'), MAX_RECORDS_BYTES)).records,
      check: (table, signal) => check(join(folder, 'data'), marked, table, signal),
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw fromSystemError(error, 'store-error', `cannot read the store entry ${folder}`)
  }
}

/** A file that is longer than any that we write is garbage. */
async function bounded(path: string, limit: number): Promise<Uint8Array> {
  const { size } = await stat(path)
  return size > limit ? new Uint8Array() : await readFile(path)
}

async function* check(
  path: string,
  marked: ReadonlySet<number>,
  table: PieceTable,
  signal: AbortSignal | undefined,
): AsyncGenerator<CheckedPiece> {
  const file = await open(path, 'r').catch(error => {
    throw fromSystemError(error, 'store-error', 'cannot read from the store')
  })
  try {
    const indices = [...marked].filter(index => index < table.count).sort((a, b) => a - b)
    const told = (index: number, isGood: boolean) => ({ index, size: table.pieceSize(index), isGood })
    let next = 0
    const read: Backing['read'] = (offset, into) => readAt(file, into, offset)
    for await (const { index } of reverify({ hints: new Set(indices), read }, table, () => false, signal, WINDOW)) {
      for (; (indices[next] as number) < index; next++) yield told(indices[next] as number, false)
      yield told(index, true)
      next++
    }
    for (; next < indices.length; next++) yield told(indices[next] as number, false)
  } finally {
    await file.close()
  }
}
