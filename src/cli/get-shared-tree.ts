// df get of a shared folder: its list, then what of it is not here yet.
import path from 'node:path'
import PQueue from 'p-queue'
import { abortError } from '../client/index.ts'
import type { GetOptions, Tree, TreeFile, TreePack } from '../index.ts'
import { contentOf } from './content-of.ts'
import { describe, OutputError } from './errors.ts'
import { OK } from './exit-codes.ts'
import type { Command } from './get-one.ts'
import { makeFolder } from './output-place.ts'
import type { Summary, Transfer } from './report.ts'
import { TreeFolder } from './shared-tree-folder.ts'
import { treeFilter } from './tree-filter.ts'

/** Files that are read or written at the same time: the system calls of one take longer than they work. */
const FILES_AT_ONCE = 16

/** One content to fetch, and the files that come of it. */
interface Part {
  root: string
  /** Bytes of the content. */
  size: number
  /** One that lies in no pack is a file by itself. */
  isPack: boolean
  files: TreeFile[]
}

interface Ground {
  command: Command
  folder: TreeFolder
  summary: Summary
  signal: AbortSignal
}

/** What there is of a folder, and where it goes unless the flags say so. */
export interface SharedTree {
  tree: Tree
  name: string
}

/** Resolves to the exit code of the first part that failed. Rejects with what ends the whole command. */
export async function getTree(url: string, command: Command, signal: AbortSignal): Promise<number> {
  const { parseSharedUrl } = await import('../index.ts')
  const { root, name = root } = parseSharedUrl(url)
  return await getTreeFiles({ tree: await listOf(root, command), name }, command, signal)
}

/** The same for a tree that is known. */
export async function getTreeFiles({ tree, name }: SharedTree, command: Command, signal: AbortSignal): Promise<number> {
  const { report, flags } = command
  const begun = performance.now()
  const place = path.resolve(flags.directoryPrefix ?? name)
  const filter = await treeFilter(flags)
  const mirror = flags.mirror
    ? await (await import('./shared-tree-mirror.ts')).SharedTreeMirror.of(tree, place, filter)
    : undefined
  const wanted: Tree = {
    ...tree,
    files: tree.files.filter(({ path }) => filter(path)),
    links: tree.links.filter(({ path }) => filter(path)),
  }
  const folder = new TreeFolder(place)
  const summary: Summary = { files: 0, kept: 0, failed: 0, bytes: 0, seconds: 0 }
  const ground: Ground = { command, folder, summary, signal }
  const exitCode = flags.dryRun ? await plan(wanted, place, ground) : await fetchTree(wanted, place, ground)
  if (exitCode === OK && mirror !== undefined) summary.removed = await mirror.removeStrays(command, signal)
  report.summary({ ...summary, seconds: Math.round(performance.now() - begun) / 1000 })
  return exitCode
}

async function fetchTree(tree: Tree, place: string, ground: Ground): Promise<number> {
  await makeFolder(place)
  const { folder, command } = ground
  for (const below of tree.folders) await folder.folder(below)
  const parts = await missing(tree, ground)
  command.report.expect(
    parts.reduce((sum, { files }) => sum + files.length, 0),
    true,
    parts.reduce((sum, { size }) => sum + size, 0),
  )
  const exitCode = await fetchAll(parts, ground)
  if (exitCode === OK) for (const link of tree.links) await folder.link(link)
  return exitCode
}

/** Says what would be fetched. */
async function plan(tree: Tree, place: string, ground: Ground): Promise<number> {
  for (const { files } of await missing(tree, ground))
    for (const { path: below, size } of files)
      ground.command.report.planned({ url: below, output: path.join(place, below), length: size })
  return OK
}

export async function listOf(root: string, command: Command): Promise<Tree> {
  const { decodeTree, MAX_TREE_BYTES } = await import('../index.ts')
  return decodeTree((await contentOf(root, MAX_TREE_BYTES, command)).bytes)
}

/** What has to be fetched for the files that are not here. */
async function missing({ files, packs }: Tree, ground: Ground): Promise<Part[]> {
  const isHere = new Set<TreeFile>()
  await eachOf(files, async file => {
    if (await isKept(file, ground)) isHere.add(file)
  })
  ground.summary.kept += isHere.size
  const parts = new Map<string, Part>()
  for (const file of files.filter(file => !isHere.has(file))) {
    const isPack = !('root' in file.place)
    const { root, size } =
      'root' in file.place ? { root: file.place.root, size: file.size } : (packs[file.place.pack] as TreePack)
    const key = isPack ? root : file.path
    const part = parts.get(key) ?? { root, size, isPack, files: [] }
    part.files.push(file)
    parts.set(key, part)
  }
  return [...parts.values()]
}

async function isKept(file: TreeFile, { folder, command, signal }: Ground): Promise<boolean> {
  if (signal.aborted) throw abortError(signal)
  if (!command.flags.clobber) return await folder.isThere(file)
  if (!(await folder.has(file, signal))) return false
  if (!command.flags.dryRun) await folder.setMode(file)
  return true
}

/** Some at a time; rejects with the first that fails. */
async function eachOf<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const rest = all.values()
  await Promise.all(
    Array.from({ length: FILES_AT_ONCE }, async () => {
      for (const one of rest) await work(one)
    }),
  )
}

/** Resolves to the exit code of the first one that failed. */
async function fetchAll(parts: readonly Part[], ground: Ground): Promise<number> {
  const { command, summary, signal } = ground
  const queue = new PQueue({ concurrency: command.flags.parallel })
  const end = Promise.withResolvers<never>()
  end.promise.catch(() => {})
  let exitCode = OK
  const one = async (part: Part): Promise<void> => {
    const transfer = { url: part.isPack ? `${part.files.length} small files` : (part.files[0]?.path ?? '') }
    try {
      await (part.isPack ? fetchPack(part, transfer, ground) : fetchFile(part, transfer, ground))
      summary.files += part.files.length
      for (const { size } of part.files) summary.bytes += size
    } catch (error) {
      if (signal.aborted || error instanceof OutputError) return end.reject(error)
      const failure = describe(error)
      summary.failed += part.files.length
      if (exitCode === OK) exitCode = failure.exitCode
      command.report.failedOne(transfer, failure)
    }
  }
  const all = Promise.all(parts.map(part => queue.add(() => one(part))))
  try {
    await Promise.race([all, end.promise])
  } finally {
    queue.clear()
    await queue.onIdle()
  }
  return exitCode
}

async function fetchFile({ root, files: [file] }: Part, transfer: Transfer, { command, folder, signal }: Ground): Promise<void> {
  if (file === undefined) return
  const { node, options, report } = command
  const { sharedUrl } = await import('../index.ts')
  const target = await folder.place(file.path)
  const onProgress: GetOptions['onProgress'] = progress => report.progress(progress, transfer)
  const { replace: _replace, ...rest } = options
  const receipt = await node.download(sharedUrl({ root, name: undefined, isTree: false }), target, {
    ...rest,
    signal,
    onProgress,
  })
  await folder.setMode(file)
  report.done(receipt, transfer)
}

/** A pack whose parts are not what the list says is a fault of who shared it: the list and the pack are both as their CIDs have it. */
async function fetchPack({ root, size, files }: Part, transfer: Transfer, { command, folder, signal }: Ground): Promise<void> {
  const { createHash } = await import('node:crypto')
  const { DragonflyError } = await import('../index.ts')
  const onProgress: GetOptions['onProgress'] = progress => command.report.progress(progress, transfer)
  const { bytes: pack } = await contentOf(root, size, command, { signal, onProgress })
  await eachOf(files, async ({ place, ...file }) => {
    if ('root' in place) return
    const bytes = pack.subarray(place.offset, place.offset + file.size)
    if (!createHash('sha256').update(bytes).digest().equals(file.sha256)) {
      throw new DragonflyError('digest-mismatch', `the list of the folder and its pack differ in ${JSON.stringify(file.path)}`, {
        hint: 'ask who shared it to share it again',
      })
    }
    await folder.write(file, bytes)
  })
  command.report.packed?.(transfer, files.length, size)
}
