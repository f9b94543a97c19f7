// Lists a folder that may change at any moment: what cannot be shared is left out and told, what is gone meanwhile is left out.
import { lstat, opendir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { DragonflyError, fromSystemError } from '../../core/errors.ts'
import { isTreePath, MAX_TREE_DEPTH, MAX_TREE_ENTRIES, staysInside } from '../../core/tree.ts'
import { EXECUTABLE, type FoundFile, type FoundFolder } from './walk-folder.ts'

/** What is not shared of a folder. */
export interface LeftOut {
  /** Below the folder. */
  path: string
  why: string
}

export interface Walked extends FoundFolder {
  /** All folders, below the folder; it is the empty one among them. */
  all: string[]
  leftOut: LeftOut[]
}

/** Sorted by path. Rejects with `bad-option` where the folder itself cannot be read, or has too much. */
export async function walkWatched(root: string, signal: AbortSignal): Promise<Walked> {
  const found: Walked = { files: [], links: [], folders: [], all: [], leftOut: [] }
  await walk(root, '', found, signal).catch(error => {
    throw fromSystemError(error, 'bad-option', `cannot read ${root}`)
  })
  found.files.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
  return found
}

async function walk(root: string, below: string, found: Walked, signal: AbortSignal): Promise<void> {
  found.all.push(below)
  let isEmpty = true
  for await (const { name } of await opendir(join(root, below))) {
    signal.throwIfAborted()
    isEmpty = false
    const path = below === '' ? name : `${below}/${name}`
    if (isTreePath(path)) await add(root, path, found, signal)
    else
      found.leftOut.push({ path, why: `its name cannot be written everywhere, or lies more than ${MAX_TREE_DEPTH} folders deep` })
    if (found.files.length + found.links.length + found.all.length + found.leftOut.length > MAX_TREE_ENTRIES)
      throw new DragonflyError('bad-option', `${root} has more than ${MAX_TREE_ENTRIES} files`, { hint: 'share parts of it' })
  }
  if (isEmpty && below !== '') found.folders.push(below)
}

async function add(root: string, path: string, found: Walked, signal: AbortSignal): Promise<void> {
  try {
    const { ino, size, mtimeNs, mode, ...entry } = await lookAtEntry(join(root, path))
    if (entry.is === 'folder') await walk(root, path, found, signal)
    else if (entry.is === 'file')
      found.files.push({ path, look: { ino, size, mtimeNs }, isExecutable: (mode & EXECUTABLE) !== 0 } satisfies FoundFile)
    else if (entry.is === 'link') {
      const link = { path, target: await readlink(join(root, path)) }
      if (staysInside(link)) found.links.push(link)
      else found.leftOut.push({ path, why: 'the link leads out of the folder' })
    } else found.leftOut.push({ path, why: 'it is neither file, folder nor link' })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (signal.aborted || error instanceof DragonflyError) throw error
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      found.leftOut.push({ path, why: code === 'EACCES' ? 'no permission to read it' : `it cannot be read (${code})` })
  }
}

async function lookAtEntry(path: string) {
  const found = await lstat(path, { bigint: true })
  const { ino, size, mtimeNs } = found
  const is = found.isFile() ? 'file' : found.isDirectory() ? 'folder' : found.isSymbolicLink() ? 'link' : 'other'
  return { ino, size, mtimeNs, mode: Number(found.mode), is }
}
