// Writes content to standard output with back-pressure, and ends quietly when the reader goes away.
import { createWriteStream, fstatSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { OutputError } from './errors.ts'

/** Whoever read standard output is gone (`df get … -o - | head`). */
export class PipeClosed extends Error {
  override readonly name = 'PipeClosed'
}

/** Standard output; a file is written without blocking the event loop, which process.stdout would. */
export function openStdout(): Writable {
  return fstatSync(1).isFile() ? createWriteStream('', { fd: 1, autoClose: false }) : process.stdout
}

/**
 * Writes every chunk after the one before it was taken. Rejects with PipeClosed when nobody reads any more, with an
 * OutputError when the output takes no more, and with the error of the chunks. Does not end `out`.
 */
export async function writeAll(chunks: AsyncIterable<Uint8Array>, out: Writable): Promise<void> {
  // The callback of write has the error already; without a listener the stream would throw it once more.
  const ignore = (): void => {}
  out.on('error', ignore)
  try {
    for await (const chunk of chunks) await write(out, chunk)
  } finally {
    out.off('error', ignore)
  }
}

/** What a failed write to standard output means: nobody reads it any more, or it takes no more. */
export function stdoutError(error: Error): PipeClosed | OutputError {
  // a socket whose reader left bytes unread is reset; one that was seen to be closed takes no write
  return ['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED'].includes(String((error as NodeJS.ErrnoException).code))
    ? new PipeClosed('standard output closed')
    : new OutputError(error)
}

/** Resolves when everything that was written to `out` has been taken, or the output has failed. */
export async function flushed(out: Writable): Promise<void> {
  while (out.writableLength > 0 && !out.destroyed) {
    await new Promise<void>(resolve =>
      out
        .once('drain', resolve)
        .once('close', resolve)
        .once('error', () => resolve()),
    )
  }
  // an error of a synchronous write is told after it
  await nextTurn()
}

function write(out: Writable, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    out.write(chunk, error => {
      if (error === null || error === undefined) resolve()
      else reject(stdoutError(error))
    })
  })
}
