// Writes a small output that is in memory: as `placeFile` does, with the fewest calls of the system.
import { open, rename, writeFile } from 'node:fs/promises'
import { abortError } from '../core/errors.ts'
import { followLinks } from './follow-links.ts'
import { checkTarget, placeFile, tempPath } from './output.ts'
import { removeFile } from './removal.ts'

/** Resolves to false, and nothing has changed, where there is more to it: something is there, or cannot be made. */
export async function placeSmall(target: string, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean> {
  if ((await checkTarget(target).catch(() => undefined)) !== 'nothing') return false
  const path = await followLinks(target)
  const temp = tempPath(path)
  try {
    // with the permissions of a new file, as the umask or an ACL says
    const file = await open(temp, 'wx', 0o666)
    try {
      await file.writeFile(bytes)
    } finally {
      await file.close()
    }
    if (signal?.aborted) throw abortError(signal)
    await rename(temp, path)
    return true
  } catch (error) {
    await removeFile(temp).catch(() => {})
    if (signal?.aborted) throw error
    return false
  }
}

/** Makes a file of bytes that are in memory, as `placeFile` does. */
export async function placeWhole(target: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
  if (await placeSmall(target, bytes, signal)) return
  const read = async (offset: number, into: Uint8Array) => {
    const part = bytes.subarray(offset, offset + into.byteLength)
    into.set(part)
    return part.byteLength
  }
  await placeFile(target, bytes.byteLength, { copyTo: path => writeFile(path, bytes, { flag: 'wx', mode: 0o600 }), read }, signal)
}
