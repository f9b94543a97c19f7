// Reads and writes at a position until everything is done.
import type { FileHandle } from 'node:fs/promises'
import { fromSystemError } from '../core/errors.ts'

/** Writes all bytes at `position`. Errors: `no-space`, `store-error`. */
export async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  try {
    for (let done = 0; done < bytes.byteLength; ) {
      const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done, position + done)
      if (bytesWritten === 0) throw new Error('the system takes no more bytes')
      done += bytesWritten
    }
  } catch (error) {
    throw fromSystemError(error, 'store-error', 'cannot write to the store')
  }
}

/** Fills `into` from `position`; resolves to the bytes read, fewer only when the file ends. Error: `store-error`. */
export async function readAt(file: FileHandle, into: Uint8Array, position: number): Promise<number> {
  let done = 0
  try {
    while (done < into.byteLength) {
      const { bytesRead } = await file.read(into, done, into.byteLength - done, position + done)
      if (bytesRead === 0) break
      done += bytesRead
    }
  } catch (error) {
    throw fromSystemError(error, 'store-error', 'cannot read from the store')
  }
  return done
}
