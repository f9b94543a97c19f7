// df get of trees: folders of stores, and below the indexes of HTTP servers. All go into one folder by one way.
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ListedFile } from '../index.ts'
import { UsageError } from './errors.ts'
import type { GetFlags } from './get-flags.ts'
import { getMany, ofList } from './get-many.ts'
import type { Command, Target } from './get-one.ts'
import type { Summary } from './report.ts'
import { isMetalink, isOtherScheme } from './source-urls.ts'
import { type TreeFilter, treeFilter } from './tree-filter.ts'
import { TreeNames } from './tree-names.ts'
import { TreePlace } from './tree-place.ts'

/** Of a tree that is mirrored, wanted or not: they are in memory until the end, some 100 bytes each. */
const MAX_NAMES = 1_000_000

/** What a command was given. */
export interface Named {
  urls: readonly string[]
  /** Those that are trees. */
  trees: ReadonlySet<string>
}

/** A file of a tree, or what went wrong with a part of it. */
interface Entry {
  url: string
  path: readonly string[]
  listed?: ListedFile
  packed?: Target['packed']
  /** Where it is, too. */
  mirrors?: readonly string[]
  mayRead?: (url: string) => Promise<void>
  error?: unknown
}

/** Resolves to the exit code. */
export async function getTrees({ urls, trees }: Named, command: Command, signal: AbortSignal): Promise<number> {
  const { flags } = command
  const filter = await treeFilter(flags)
  const place = await TreePlace.at(command.place ?? '.')
  if (flags.mirror) await (await import('./tree-mirror.ts')).refuseToSweep(place.real)
  const tree = new Tree(command, place, filter)
  const files = new Map(
    ofList(
      urls.filter(url => !trees.has(url)),
      command,
    ).map(target => [target.url, target]),
  )
  const targets = async function* (): AsyncGenerator<Target> {
    for (const url of urls) {
      const file = files.get(url)
      if (file === undefined) yield* tree.targets(url, signal)
      else yield file
    }
  }
  const finish = flags.mirror ? () => tree.removeStrays(signal) : undefined
  // of an index nobody knows how long its files are, and it may be without an end
  const isSized = [...trees].every(url => isOtherScheme(url) || isMetalink(url, flags))
  const several = { targets: targets(), count: undefined, parallel: flags.parallel, isSized, ...(finish && { finish }) }
  return await getMany(several, command, signal)
}

/** Throws a UsageError for flags that trees cannot have, and for flags that only trees have. */
export function refuseForTrees(urls: readonly string[], trees: ReadonlySet<string>, flags: GetFlags): void {
  const { output, include, exclude, mirror, dryRun, directoryPrefix, range, level } = flags
  const isTree = trees.size > 0
  for (const [flag, value] of Object.entries({
    '--include': include,
    '--exclude': exclude,
    '--mirror': mirror,
    '--dry-run': dryRun,
  })) {
    if (value === undefined || isTree) continue
    throw new UsageError(`${flag} is for trees`, 'give a folder, such as hf://ORG/REPO or s3://BUCKET/PREFIX/, or --recursive')
  }
  if (!isTree) return
  if (output === '-') throw new UsageError('a tree becomes files', 'write it to a folder with -P DIR')
  if (output !== undefined) throw new UsageError('-o is for one file', 'write a tree to a folder with -P DIR')
  if (!mirror) return
  // what is named by chance is not swept
  if (directoryPrefix === undefined)
    throw new UsageError('--mirror removes files: it needs -P DIR', 'name the folder of the tree')
  if (range !== undefined) throw new UsageError('--mirror is for whole files', 'leave out -r')
  if (level !== undefined) throw new UsageError('--mirror is for whole trees', 'leave out --level')
  if (trees.size < urls.length) throw new UsageError('--mirror is for trees alone', 'download single files by another command')
}

/** What is in one folder by one command. */
class Tree {
  readonly #command: Command
  readonly #place: TreePlace
  readonly #filter: TreeFilter
  readonly #names: TreeNames
  /** What is wanted, and for --mirror all that the trees have: paths below the folder. */
  readonly #files = new Set<string>()
  #wanted = 0
  /** Whether one of the trees has no file at all. */
  #isOneEmpty = false

  constructor(command: Command, place: TreePlace, filter: TreeFilter) {
    this.#command = command
    this.#place = place
    this.#filter = filter
    this.#names = new TreeNames(() => place.ignoresCase())
  }

  /** Of one URL: what is wanted of it, and what is wrong with it. */
  async *targets(root: string, signal: AbortSignal): AsyncGenerator<Target> {
    const { maxFiles, mirror: isMirror } = this.#command.flags
    let isEmpty = true
    try {
      for await (const entry of this.#entries(root, signal)) {
        isEmpty = false
        const { url, path, error } = entry
        if (error !== undefined) yield { url, error }
        else if (this.#filter(path.join('/'))) {
          if (this.#wanted++ >= maxFiles) {
            yield { url: root, error: tooMany(maxFiles) }
            return
          }
          yield await this.#target(entry, root)
        } else if (isMirror) {
          this.#files.add(path.join('/'))
          if (this.#files.size > MAX_NAMES) throw new UsageError(`more than ${MAX_NAMES} names`, 'mirror it in parts')
        }
      }
      this.#isOneEmpty ||= isEmpty
    } catch (error) {
      if (signal.aborted) throw error
      yield { url: root, error }
    }
  }

  /** What the trees do not have goes. With filters only what they want. */
  async removeStrays(signal: AbortSignal): Promise<Pick<Summary, 'removed'>> {
    const { flags, report } = this.#command
    const { folder } = this.#place
    const [{ strays, removeStray }, { abortError }] = await Promise.all([
      import('./tree-mirror.ts'),
      import('../client/index.ts'),
    ])
    const kept = { files: this.#files, filter: this.#filter, ignoresCase: () => this.#place.ignoresCase() }
    const isPlan = flags.dryRun === true
    let removed = 0
    // a server that lost its files is no reason to lose them here
    if (this.#files.size === 0 || this.#isOneEmpty) {
      report.note('the tree is empty: nothing is removed')
      return { removed }
    }
    for await (const name of strays(folder, kept)) {
      if (signal.aborted) throw abortError(signal)
      const file = await this.#place.fileOf(name)
      if (!isPlan) await removeStray(folder, name)
      report.removed(resolve(file), isPlan)
      removed++
    }
    return { removed }
  }

  async *#entries(root: string, signal: AbortSignal): AsyncGenerator<Entry> {
    if (isMetalink(root, this.#command.flags)) yield* await this.#metalink(root)
    else yield* await this.#listed(root, signal)
  }

  /** As a seed lists it; else as this host does. */
  async #listed(root: string, signal: AbortSignal): Promise<Iterable<Entry> | AsyncIterable<Entry>> {
    const { seededTree } = await import('./seeded-tree.ts')
    const seeded = await seededTree(root, this.#command, this.#filter, signal)
    if (seeded !== undefined) return seeded
    if (!isOtherScheme(root)) return (await import('./index-below.ts')).below(root, this.#command)
    return stored(this.#command.node.list(root, signal))
  }

  async #metalink(root: string): Promise<Entry[]> {
    const { parseMetalink, readMetalink } = await import('./metalink.ts')
    const { pageOf } = await import('./index-below.ts')
    const inward = new (await import('./inward.ts')).Inward(root)
    const mayRead = (url: string) => inward.check(url)
    const isLocal = root.startsWith('file:')
    const text = await (isLocal ? readMetalink(fileURLToPath(root)) : pageOf(this.#command)(root))
    return parseMetalink(text).map(({ path, urls: [url = '', ...mirrors], ...facts }) => ({
      url,
      path,
      mirrors,
      mayRead,
      listed: { path, url, ...facts },
    }))
  }

  async #target({ url, path, listed, packed, mirrors, mayRead }: Entry, root: string): Promise<Target> {
    try {
      const name = await this.#names.add(path)
      this.#files.add(name)
      const file = await this.#place.fileOf(name)
      const target = {
        url,
        file,
        ...(listed && { listed }),
        ...(packed && { packed }),
        ...(listed?.length !== undefined && { length: listed.length }),
      }
      // headers are for the host that the user named
      return mirrors === undefined ? target : { ...target, mirrors, homeOrigin: originOf(root), ...(mayRead && { mayRead }) }
    } catch (error) {
      return { url, error }
    }
  }
}

async function* stored(list: AsyncIterable<ListedFile>): AsyncGenerator<Entry> {
  for await (const listed of list) yield { url: listed.url, path: listed.path, listed }
}

function originOf(url: string): string {
  return URL.parse(url)?.origin ?? ''
}

function tooMany(most: number): UsageError {
  return new UsageError(`more than ${most} files; the rest was left out`, 'raise it with --max-files')
}
