// Writes bytes that are in memory to a file, as a download of them would be written.

import { basename, dirname, resolve } from 'node:path'
import { type OutputWish, placeAt, setTime, targetOf } from '../store/output-place.ts'
import { placeWhole } from '../store/small-output.ts'

export interface WriteOptions extends Pick<OutputWish, 'url' | 'replace'> {
  /** HTTP date that the file gets as its time; undefined: the time at which it is written. */
  lastModified?: string | undefined
  signal?: AbortSignal | undefined
}

/** `file`: a path, never a folder; its folder is there. Resolves to the path of the output. Rejects with `output-unwritable`, `no-space` or the abort. */
export async function writeOutput(file: string, bytes: Uint8Array, options: WriteOptions): Promise<string> {
  const { url, replace, lastModified, signal } = options
  const path = resolve(file)
  const name = basename(path)
  const target = await targetOf({ folder: dirname(path), name, fileName: name, nameFile: undefined, url, replace })
  const output = await placeAt(target, to => placeWhole(to, bytes, signal), signal)
  if (!target.isStream) await setTime(output, lastModified)
  return output
}
