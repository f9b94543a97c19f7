// Lists a folder that is to be shared.
import { lstat, opendir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { DragonflyError, fromSystemError } from '../../core/errors.ts'
import { MAX_TREE_DEPTH, MAX_TREE_ENTRIES, type TreeLink } from '../../core/tree.ts'
import { type Look, lookAt } from './look.ts'

export const EXECUTABLE = 0o100

export interface FoundFile {
  /** Below the folder, with slashes. */
  path: string
  look: Look
  isExecutable: boolean
}

export interface FoundFolder {
  files: FoundFile[]
  links: TreeLink[]
  /** Those that are empty. */
  folders: string[]
}

/** Rejects with `bad-option` for what cannot be read, or is neither file, folder nor link. */
export async function walkFolder(root: string, signal?: AbortSignal): Promise<FoundFolder> {
  const found: FoundFolder = { files: [], links: [], folders: [] }
  const walk = async (below: string, depth: number): Promise<void> => {
    signal?.throwIfAborted()
    if (depth > MAX_TREE_DEPTH) throw tooMuch(root, `folders more than ${MAX_TREE_DEPTH} deep`)
    let isEmpty = true
    for await (const entry of await opendir(join(root, below))) {
      isEmpty = false
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (entry.isDirectory()) await walk(path, depth + 1)
      else if (entry.isSymbolicLink()) found.links.push({ path, target: await readlink(join(root, path)) })
      else if (entry.isFile()) found.files.push(await fileAt(root, path))
      else throw tooMuch(root, `${JSON.stringify(path)}, which is neither file, folder nor link`)
      if (found.files.length + found.links.length > MAX_TREE_ENTRIES) throw tooMuch(root, `more than ${MAX_TREE_ENTRIES} files`)
    }
    if (isEmpty && below !== '') found.folders.push(below)
  }
  await walk('', 0).catch(error => {
    throw fromSystemError(error, 'bad-option', `cannot read ${root}`)
  })
  // neighbours in the tree lie in one pack, and the same folder makes the same packs
  found.files.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
  return found
}

async function fileAt(root: string, path: string): Promise<FoundFile> {
  const [look, { mode }] = await Promise.all([lookAt(join(root, path)), lstat(join(root, path))])
  return { path, look, isExecutable: (mode & EXECUTABLE) !== 0 }
}

function tooMuch(root: string, what: string): DragonflyError {
  return new DragonflyError('bad-option', `${root} has ${what}`, { hint: 'share an archive of it' })
}
