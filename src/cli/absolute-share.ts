// What --share and the config file name: DIR or NAME=DIR.
import path from 'node:path'
import { UsageError } from './errors.ts'

/** NAME=DIR; without a name it is that of the folder. A path with a slash before its first `=` has none. */
export const NAMED_FOLDER = /^([A-Za-z0-9][A-Za-z0-9._-]{0,63})=(.+)$/

/** Takes `--share` as it is written: the folder's path becomes absolute, from `base`. Throws a UsageError. */
export function absoluteShare(text: string, base: string): string {
  const [, name, folder = text] = NAMED_FOLDER.exec(text) ?? []
  if (folder === '' || text.includes('\0'))
    throw new UsageError('--share names no folder', 'write --share DIR or --share NAME=DIR')
  return `${name === undefined ? '' : `${name}=`}${path.resolve(base, folder)}`
}
