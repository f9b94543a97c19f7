// Where the file of a URL goes, and whether it has to be downloaded at all: -o, -P, --create-dirs, --no-clobber, -N.
import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { ContentHead } from '../index.ts'
import { OutputError } from './errors.ts'
import type { GetFlags } from './get-flags.ts'

/** The output as `node.download` takes it, `-` for standard output; its folder is made when that was asked for. */
export async function placeOf({ output, directoryPrefix, createDirs, dryRun }: GetFlags): Promise<string | undefined> {
  if (output === '-') return output
  const place = directoryPrefix === undefined ? output : under(directoryPrefix, output)
  if (directoryPrefix !== undefined && !dryRun) await makeFolder(directoryPrefix)
  if (createDirs && place !== undefined) await makeFolder(place.endsWith(path.sep) ? place : path.dirname(place))
  return place
}

function under(folder: string, output: string | undefined): string {
  if (output === undefined) return `${folder}${path.sep}`
  return path.isAbsolute(output) ? output : `${folder}${path.sep}${output}`
}

export async function makeFolder(folder: string): Promise<void> {
  try {
    const { makePath } = await import('../client/index.ts')
    await makePath(path.resolve(folder), 0o777)
  } catch (error) {
    throw new OutputError(error as NodeJS.ErrnoException, `the folder ${folder}`)
  }
}

/** A file that stays as it is. */
export interface Kept {
  output: string
  reason: 'exists' | 'not-newer' | 'equal'
}

/** What is to be downloaded, and where to. */
export interface Wanted {
  url: string
  place: string | undefined
  /** See GetOptions. */
  nameFile: ((fileName: string) => string) | undefined
}

/** What tells whether a file is current. */
export type ContentTime = Pick<ContentHead, 'fileName' | 'lastModified' | 'length'>

/** Undefined: it has to be downloaded. `head` asks the origin, which is done only when nothing else can tell. */
export async function keptFile(
  { url, place, nameFile = name => name }: Wanted,
  flags: Pick<GetFlags, 'clobber' | 'timestamping'>,
  head: () => Promise<ContentTime>,
): Promise<Kept | undefined> {
  if (place === '-' || (flags.clobber && flags.timestamping !== true)) return undefined
  const folder = place === undefined ? '.' : (await isFolder(place)) ? place : undefined
  if (!flags.clobber) {
    const early = path.resolve(folder === undefined ? (place as string) : path.join(folder, nameFile(nameInUrl(url))))
    if (await isFile(early)) return { output: early, reason: 'exists' }
    if (folder === undefined) return undefined
  }
  if (folder === undefined && !existsSync(place as string)) return undefined
  const found = await head()
  const output = path.resolve(folder === undefined ? (place as string) : path.join(folder, nameFile(found.fileName)))
  if (!(await isFile(output))) return undefined
  if (!flags.clobber) return { output, reason: 'exists' }
  return (await isCurrent(output, found)) ? { output, reason: 'not-newer' } : undefined
}

/** As wget decides it: not older than the content, and of its length. */
async function isCurrent(file: string, { lastModified, length }: ContentTime): Promise<boolean> {
  const at = lastModified === undefined ? Number.NaN : Date.parse(lastModified)
  const { mtimeMs, size } = await stat(file)
  return mtimeMs >= at && (length === undefined || length === size)
}

async function isFolder(place: string): Promise<boolean> {
  if (place.endsWith(path.sep)) return true
  return await stat(place).then(
    found => found.isDirectory(),
    () => false,
  )
}

async function isFile(file: string): Promise<boolean> {
  return await stat(file).then(
    found => found.isFile(),
    () => false,
  )
}

/** The last part of its path; empty when that is a folder. */
export function nameInUrl(url: string): string {
  const parsed = URL.parse(url)
  const isShared = parsed?.protocol === 'dragonfly:'
  const name = (isShared ? parsed.searchParams.get('name') : undefined) ?? parsed?.pathname.split('/').at(-1) ?? ''
  try {
    return path.basename(decodeURIComponent(name))
  } catch {
    return name
  }
}
