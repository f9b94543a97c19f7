// df get dragonfly://NAME/: what a seed shares by a name, as it is now.
import path from 'node:path'
import { Readable } from 'node:stream'
import type { Tree, TreeFile } from '../index.ts'
import { contentOf } from './content-of.ts'
import { OK } from './exit-codes.ts'
import { type Command, getOne } from './get-one.ts'
import { getTreeFiles, listOf } from './get-shared-tree.ts'
import { receiptOf } from './seeded-tree.ts'
import { openStdout, writeAll } from './stdout.ts'

/** A folder that changes while it is fetched is asked for again, so often at most. */
const MAX_RUNS = 3

/** Resolves to the exit code. Rejects with `not-found`, `no-source`, and with what ends the whole command. */
export async function getNamedShare(url: string, command: Command, signal: AbortSignal): Promise<number> {
  let root = await newest(url, command, signal)
  for (let runs = 1; ; runs++) {
    const ended = await attempt(url, root, command, signal)
    if (ended.code === OK) return OK
    const now = signal.aborted || runs === MAX_RUNS ? root : await newest(url, command, signal)
    if (now === root) {
      if ('error' in ended) throw ended.error
      return ended.code
    }
    root = now
    command.report.note('the folder has changed while it was fetched: fetching what it is now')
  }
}

/** Resolves to the root of its list. */
async function newest(url: string, { node }: Command, signal: AbortSignal): Promise<string> {
  const found = await node.findTree(url, { signal })
  if (found !== undefined) return found.root
  const { DragonflyError } = await import('../client/index.ts')
  throw new DragonflyError('no-source', 'the daemon of this host is too old to ask for a folder by its name', {
    hint: 'restart it: df daemon stop, df daemon start; or use --no-daemon',
  })
}

type AttemptEnd = { code: number } | { code: undefined; error: unknown }

async function attempt(url: string, root: string, command: Command, signal: AbortSignal): Promise<AttemptEnd> {
  try {
    return { code: await get(url, await listOf(root, command), command, signal) }
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'no-source') throw error
    return { code: undefined, error }
  }
}

async function get(url: string, tree: Tree, command: Command, signal: AbortSignal): Promise<number> {
  const { parseNamedShare } = await import('../index.ts')
  const { name, path: below, isFolder } = parseNamedShare(url)
  if (isFolder)
    return await getTreeFiles({ tree: await partOf(tree, below, url), name: below.split('/').at(-1) || name }, command, signal)
  const file = tree.files.find(file => file.path === below)
  if (file === undefined) throw await missing(url)
  if (command.flags.output === '-') return await toStdout(url, file, tree, command)
  const { folder, name: as } = placeOf(command, path.posix.basename(below))
  const alone: Tree = { files: [{ ...file, path: as }], links: [], folders: [], packs: tree.packs }
  return await getTreeFiles(
    { tree: alone, name: folder },
    { ...command, flags: { ...command.flags, directoryPrefix: folder } },
    signal,
  )
}

/** What lies below one of its folders. A link that leads out of that one is left out. */
async function partOf(tree: Tree, below: string, url: string): Promise<Tree> {
  if (below === '') return tree
  const { staysInside } = await import('../index.ts')
  const start = `${below}/`
  const within = <T extends { path: string }>(all: readonly T[]) =>
    all.filter(({ path }) => path.startsWith(start)).map(one => ({ ...one, path: one.path.slice(start.length) }))
  const isThere = [...tree.files, ...tree.links].some(({ path }) => path.startsWith(start))
  if (!isThere && !tree.folders.some(folder => folder === below || folder.startsWith(start))) throw await missing(url)
  return {
    files: within(tree.files),
    links: within(tree.links).filter(staysInside),
    folders: tree.folders.filter(folder => folder.startsWith(start)).map(folder => folder.slice(start.length)),
    packs: tree.packs,
  }
}

/** Where a single file goes: -o names it, -P its folder. */
function placeOf({ flags: { output, directoryPrefix = '.' } }: Command, name: string): { folder: string; name: string } {
  if (output === undefined) return { folder: directoryPrefix, name }
  const file = path.resolve(directoryPrefix, output)
  return { folder: path.dirname(file), name: path.basename(file) }
}

async function toStdout(url: string, file: TreeFile, { packs }: Tree, command: Command): Promise<number> {
  const { sharedUrl, rawCid, unpack } = await import('../index.ts')
  const { place, sha256, size } = file
  if ('root' in place) {
    await getOne({ url: sharedUrl({ root: place.root, name: undefined, isTree: false }) }, command)
    return OK
  }
  const { root, size: length } = packs[place.pack] as Tree['packs'][number]
  const pack = await contentOf(root, length, command)
  const packed = { pack: place.pack, offset: place.offset, size, sha256, modified: undefined }
  await writeAll(Readable.from([unpack(pack.bytes, packed)]), openStdout())
  command.report.done({ ...receiptOf(url, packed, pack.receipt, rawCid(sha256).toString()), output: '-' })
  return OK
}

async function missing(url: string): Promise<Error> {
  const { DragonflyError } = await import('../client/index.ts')
  return new DragonflyError('not-found', `there is nothing at ${url}`, { hint: 'a folder ends with a slash' })
}
