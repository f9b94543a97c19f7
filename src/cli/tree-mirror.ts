// --mirror: which files below a folder its tree does not have, and their removal.
import { opendir, realpath, rmdir, unlink } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { OutputError, UsageError, unreadable } from './errors.ts'
import type { TreeFilter } from './tree-filter.ts'
import { folded } from './tree-names.ts'

/** Folders one in the other; deeper ones stay. */
const MAX_DEPTH = 128

export interface Kept {
  /** Paths below the folder, with slashes. */
  files: ReadonlySet<string>
  /** What it does not want is none of the tree's business, and stays. */
  filter: TreeFilter
  /** Whether names that differ by case alone are one file. */
  ignoresCase: () => Promise<boolean>
}

/** Rejects with a UsageError for a folder that is never a mirror of anything. `real`: its path without links. */
export async function refuseToSweep(real: string): Promise<void> {
  const homes = await Promise.all(
    [os.homedir(), process.env.HOME ?? ''].filter(Boolean).map(home => realpath(home).catch(() => home)),
  )
  const isAbove = (home: string) => !path.relative(real, home).startsWith('..') && !path.isAbsolute(path.relative(real, home))
  if (path.parse(real).root !== real && !homes.some(isAbove)) return
  throw new UsageError(`--mirror would remove everything else in ${real}`, 'mirror into a folder of its own: -P DIR')
}

/** Files that the tree does not have, as paths below the folder. Links stay, and nobody goes through them. */
export async function* strays(folder: string, { files, filter, ignoresCase }: Kept): AsyncGenerator<string> {
  const names = new Set([...files].map(folded))
  for await (const name of filesBelow(folder, '', 0)) {
    if (files.has(name) || !filter(name)) continue
    if (names.has(folded(name)) && (await ignoresCase())) continue
    yield name
  }
}

async function* filesBelow(folder: string, prefix: string, depth: number): AsyncGenerator<string> {
  const found: { name: string; isFolder: boolean }[] = []
  try {
    for await (const entry of await opendir(path.join(folder, prefix))) {
      if (entry.isFile() || entry.isDirectory()) found.push({ name: entry.name, isFolder: entry.isDirectory() })
    }
  } catch (error) {
    // what is not there has nothing below
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unreadable(path.join(folder, prefix), error)
  }
  for (const { name, isFolder } of found) {
    if (!isFolder) yield `${prefix}${name}`
    else if (depth < MAX_DEPTH) yield* filesBelow(folder, `${prefix}${name}/`, depth + 1)
  }
}

/** Removes a file, and the folders that are empty then. Rejects with an OutputError. */
export async function removeStray(folder: string, name: string): Promise<void> {
  try {
    await unlink(path.join(folder, name))
  } catch (error) {
    throw new OutputError(error as NodeJS.ErrnoException, path.join(folder, name))
  }
  for (let at = path.posix.dirname(name); at !== '.'; at = path.posix.dirname(at)) {
    const isGone = await rmdir(path.join(folder, at)).then(
      () => true,
      () => false,
    )
    if (!isGone) return
  }
}
