// A file of the user's that a new version is going to replace: its bytes are read, never changed.
import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'

/** Bytes that may be like those of a content. Nothing is believed of them. */
export interface OldBytes {
  /** Bytes. */
  readonly size: number
  /** Fills some of `into`; resolves to the bytes read, 0 at the end. */
  read(offset: number, into: Uint8Array): Promise<number>
  close(): Promise<void>
  /** Instead of `close`, when they are needed no more; undefined: they are not ours. */
  discard?(): Promise<void>
}

/** Bytes of a regular file; undefined for anything else, and where nothing can be read. */
export async function sizeOfOldFile(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined)
  return found?.isFile() === true ? found.size : undefined
}

/** Resolves to undefined unless it is a regular file of at least so many bytes that can be read. */
export async function openOldFile(path: string, least: number): Promise<OldBytes | undefined> {
  const size = await sizeOfOldFile(path)
  if (size === undefined || size < least) return undefined
  // a named pipe may have taken its place
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(() => undefined)
  if (file === undefined) return undefined
  const opened = await file.stat().catch(() => undefined)
  if (opened?.isFile() !== true) {
    await file.close()
    return undefined
  }
  return {
    size: opened.size,
    read: async (offset, into) => (await file.read(into, 0, into.byteLength, offset)).bytesRead,
    close: () => file.close(),
  }
}
