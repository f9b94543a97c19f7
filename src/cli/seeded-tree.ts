// The tree below a URL as a seed lists it: small files come in packs, large ones by their URLs.
import { LRUCache } from 'lru-cache'
import type { FoundTree, ListedFile, PackedFile, Receipt, UrlTree } from '../index.ts'
import { contentOf, type Unpacked } from './content-of.ts'
import type { Command } from './get-one.ts'
import { isOtherScheme } from './source-urls.ts'
import type { TreeFilter } from './tree-filter.ts'

/** Packs in memory at a time, 4 MiB each. */
const MAX_OPEN_PACKS = 6
/** Files of a pack of which so small a part is wanted come by their URLs, unless they are many. */
const WANTED_SHARE = 1 / 16
const FEW_FILES = 16

/** A file of a tree. */
export interface SeededFile {
  url: string
  path: readonly string[]
  listed?: ListedFile
  /** Resolves to its bytes, verified, and where they came from. */
  packed?: () => Promise<Unpacked>
}

/** Undefined: this host has to list it, and to get its files one by one. Rejects with the abort. */
export async function seededTree(
  root: string,
  command: Command,
  filter: TreeFilter,
  signal: AbortSignal,
): Promise<Iterable<SeededFile> | undefined> {
  if (!isForSeed(command)) return undefined
  try {
    const index = isOtherScheme(root) ? await command.node.indexOf(root, signal) : root
    if (index === undefined || !isPlain(index, command)) return undefined
    const found = await command.node.findTree(index, { signal })
    return found && (await treeOf({ root, index }, found, command, filter))
  } catch (error) {
    if (signal.aborted) throw error
    return undefined
  }
}

/** What is to be as it is now in every part, and what is asked of each file, is asked for file by file. */
function isForSeed({ options, flags }: Command): boolean {
  const { filter, tag, scope, range, revalidate, hardLink, byDigest } = options
  if (flags.level !== undefined || flags.head || flags.spider || flags.md5 !== undefined) return false
  return [filter, tag, scope, range, byDigest].every(option => option === undefined) && !revalidate && !hardLink
}

/** Whether nothing about it is the user's own. */
function isPlain(index: string, { headers }: Command): boolean {
  const url = URL.parse(index)
  if (url === null || !/^https?:$/.test(url.protocol)) return false
  return url.username === '' && url.password === '' && headers.of(index).length === 0
}

/** What was asked for, and where it is listed: the same, unless it is a folder of a store. */
interface Place {
  root: string
  index: string
}

async function treeOf(
  place: Place,
  { root: list, length }: FoundTree,
  command: Command,
  filter: TreeFilter,
): Promise<Iterable<SeededFile>> {
  const { decodeUrlTree } = await import('../index.ts')
  const tree = decodeUrlTree((await contentOf(list, length, command)).bytes)
  return await filesOf(tree, place, new Packs(tree, command), filter)
}

async function filesOf(tree: UrlTree, { root, index }: Place, packs: Packs, filter: TreeFilter): Promise<Iterable<SeededFile>> {
  const { DragonflyError } = await import('../index.ts')
  const { origin } = new URL(index)
  // of a store it is a mistake in its URL, for the store to say
  if (tree.files.length === 0 && root !== index) throw new DragonflyError('origin-not-found', 'nothing is there')
  const sparse = sparsePacks(tree, filter)
  // a seed leads where the index itself may lead, and nowhere else
  if (!tree.files.every(({ ref }) => isBelow(origin + ref, index)))
    throw new DragonflyError('protocol', 'the list of the tree leads out of the folder that was listed')
  return (function* () {
    for (const { path, ref, packed, facts } of tree.files) {
      const file = { url: root === index ? origin + ref : `${root.replace(/\/?$/, '/')}${path}`, path: path.split('/') }
      const request = root === index ? {} : { request: () => ({ url: origin + ref, shown: file.url }) }
      const listed = packed === undefined ? factsOf(facts) : listedOf(packed)
      const isListed = packed !== undefined || root !== index
      yield {
        ...file,
        ...(isListed && { listed: { ...file, ...listed, ...request } }),
        ...(packed !== undefined && !sparse.has(packed.pack) && { packed: () => packs.take(file.url, packed) }),
      }
    }
  })()
}

/** Whether it names a file of the folder, as `walkIndex` finds them: no login, no query. */
function isBelow(text: string, index: string): boolean {
  const [url, root] = [URL.parse(text), new URL(index)]
  const folder = root.pathname.replace(/\/?$/, '/')
  return url !== null && url.href === `${root.origin}${url.pathname}` && url.pathname.startsWith(folder)
}

function factsOf({
  length,
  modified,
  md5,
}: UrlTree['files'][number]['facts']): Pick<ListedFile, 'length' | 'modified' | 'checksum'> {
  return {
    ...(length !== undefined && { length }),
    ...(modified !== undefined && { modified }),
    ...(md5 !== undefined && { checksum: { algorithm: 'md5', hex: md5 } }),
  }
}

function listedOf({ size, sha256, modified }: PackedFile): Pick<ListedFile, 'length' | 'digest' | 'modified'> {
  const digest = `sha256:${Buffer.from(sha256).toString('hex')}`
  return { length: size, digest, ...(modified !== undefined && { modified }) }
}

function sparsePacks({ files, packs }: UrlTree, filter: TreeFilter): Set<number> {
  const wanted = packs.map(() => ({ bytes: 0, files: 0 }))
  for (const { path, packed } of files) {
    const of = packed && wanted[packed.pack]
    if (of === undefined || !filter(path)) continue
    of.bytes += packed?.size ?? 0
    of.files++
  }
  const isSparse = (size: number, at: number) =>
    (wanted[at]?.files ?? 0) <= FEW_FILES && (wanted[at]?.bytes ?? 0) < size * WANTED_SHARE
  return new Set(packs.flatMap(({ size }, at) => (isSparse(size, at) ? [at] : [])))
}

/** Each is fetched once, when the first file of it is needed, and the one behind it with it where the one before was needed too. */
class Packs {
  readonly #tree: UrlTree
  readonly #command: Command
  readonly #open = new LRUCache<number, ReturnType<typeof contentOf>>({ max: MAX_OPEN_PACKS })

  constructor(tree: UrlTree, command: Command) {
    this.#tree = tree
    this.#command = command
  }

  /** Rejects with `digest-mismatch`, or with why the pack cannot be had. */
  async take(url: string, packed: PackedFile): Promise<Unpacked> {
    const { unpack, rawCid } = await import('../index.ts')
    const at = packed.pack
    const isNext = !this.#open.has(at) && this.#open.has(at - 1)
    const fetching = this.#fetch(at)
    if (isNext && at + 1 < this.#tree.packs.length) this.#fetch(at + 1)
    const pack = await fetching
    const bytes = unpack(pack.bytes, packed)
    return { bytes, receipt: receiptOf(url, packed, pack.receipt, rawCid(packed.sha256).toString()) }
  }

  #fetch(at: number): ReturnType<typeof contentOf> {
    const known = this.#open.get(at)
    if (known !== undefined) return known
    const { root, size } = this.#tree.packs[at] as UrlTree['packs'][number]
    const pack = contentOf(root, size, this.#command)
    pack.catch(() => {})
    this.#open.set(at, pack)
    return pack
  }
}

/** Bytes count for where most of their pack came from. */
export function receiptOf(url: string, { size, sha256, modified }: PackedFile, pack: Receipt, cid: string): Unpacked['receipt'] {
  const from = (['fromSeeds', 'fromPeers', 'resumed'] as const).reduce((a, b) => (pack[b] > pack[a] ? b : a))
  return {
    url,
    bytes: size,
    sha256: Buffer.from(sha256).toString('hex'),
    cid,
    ...{ fromOrigin: 0, fromPeers: 0, fromSeeds: 0, resumed: 0, [from]: size },
    seconds: pack.seconds,
    peers: pack.peers,
    ...(modified !== undefined && { lastModified: new Date(modified).toUTCString() }),
    trust: 'seed',
  }
}
