// Folders of IPFS: plain ones, and those whose entries lie in a hash trie.
import { murmur3128 } from '@multiformats/murmur3'
import type { CID } from 'multiformats/cid'
import { DragonflyError } from '../../core/errors.ts'
import { ipfsUrl, RAW } from '../../core/ipfs-url.ts'
import { type Blocks, type FolderPart, type Link, malformed, type Node } from './blocks.ts'

/** Entries of all folders together, and nodes of tries: a folder that holds itself many times over is no bigger than its few blocks. */
const MAX_ENTRIES = 200_000
const MAX_DEPTH = 64
/** Blocks that are under way or wait to be looked at. */
const AHEAD = 8
/** Of the hash trie, as everybody makes it: a byte of the hash a level, 8 bytes of the hash. */
const FANOUT = 256
const HASH_BYTES = 8
/** How the name of a child begins: its place, in hexadecimal digits. */
const DIGITS = 2

/** Something below a folder. */
export interface Found {
  path: readonly string[]
  cid: CID
  /** Undefined: a file of one raw block, which was not asked for. */
  node: Node | undefined
  /** Bytes that the node above says it has. */
  hint: number
}

type Reader = Pick<Blocks, 'read'>

/** The CID of what a path names. Rejects with `origin-not-found`, or as `Blocks.read`. */
export async function find(root: CID, path: readonly string[], blocks: Reader, signal: AbortSignal): Promise<CID> {
  let cid = root
  for (const [i, name] of path.entries()) {
    const node = await blocks.read(cid, signal)
    const link = node.type === 'folder' ? await linkIn(cid, node, name, blocks, signal) : undefined
    if (link === undefined) {
      throw new DragonflyError('origin-not-found', `nothing at ${ipfsUrl(root, path.slice(0, i + 1))}`, {
        hint: 'check the path',
      })
    }
    cid = link.cid
  }
  return cid
}

async function linkIn(
  cid: CID,
  folder: FolderPart,
  name: string,
  blocks: Reader,
  signal: AbortSignal,
): Promise<Link | undefined> {
  if (folder.fanout === undefined) return folder.links.find(link => link.name === name)
  const hash = (await murmur3128.encode(Buffer.from(name))).subarray(0, HASH_BYTES)
  let part = folder
  let at = cid
  for (const byte of hash) {
    checkTrie(at, part)
    const prefix = byte.toString(16).padStart(DIGITS, '0').toUpperCase()
    const entry = part.links.find(link => link.name === prefix + name)
    if (entry !== undefined) return entry
    const below = part.links.find(link => link.name === prefix)
    if (below === undefined) return undefined
    const node = await blocks.read(below.cid, signal)
    if (node.type !== 'folder') throw malformed(below.cid, 'a part of a folder that is none')
    part = node
    at = below.cid
  }
  return undefined
}

/** All files and links below a folder, at any depth, each folder in its own order. Throws as `Blocks.read`. */
export async function* walk(root: CID, blocks: Reader, signal: AbortSignal): AsyncGenerator<Found, void, undefined> {
  const over = new AbortController()
  try {
    const look = new Look(blocks, AbortSignal.any([signal, over.signal]))
    const node = await blocks.read(root, signal)
    if (node.type !== 'folder') throw new DragonflyError('bad-url', `${ipfsUrl(root)} is a file, not a folder`)
    yield* look.below(root, node, [])
  } finally {
    over.abort()
  }
}

/** One walk. */
class Look {
  readonly #blocks: Reader
  readonly #signal: AbortSignal
  #left = MAX_ENTRIES

  constructor(blocks: Reader, signal: AbortSignal) {
    this.#blocks = blocks
    this.#signal = signal
  }

  async *below(cid: CID, folder: FolderPart, path: readonly string[]): AsyncGenerator<Found, void, undefined> {
    if (path.length > MAX_DEPTH) throw malformed(cid, `folders more than ${MAX_DEPTH} deep`)
    for await (const { link, node } of this.#entries(cid, folder, 0)) {
      const at = [...path, link.name]
      if (node?.type === 'folder') yield* this.below(link.cid, node, at)
      else yield { path: at, cid: link.cid, node, hint: link.hint }
    }
  }

  /** Those of a trie as if they lay in one node. */
  async *#entries(cid: CID, folder: FolderPart, depth: number): AsyncGenerator<{ link: Link; node: Node | undefined }> {
    if (folder.fanout === undefined) return yield* this.#read(cid, folder.links)
    checkTrie(cid, folder)
    if (depth > HASH_BYTES) throw malformed(cid, 'a folder whose parts are too deep')
    for await (const { link, node } of this.#read(cid, folder.links)) {
      if (link.name.length > DIGITS) yield { link: { ...link, name: link.name.slice(DIGITS) }, node }
      else if (node?.type === 'folder') yield* this.#entries(link.cid, node, depth + 1)
      else throw malformed(link.cid, 'a part of a folder that is none')
    }
  }

  /** In order; some are read ahead. */
  async *#read(cid: CID, links: readonly Link[]): AsyncGenerator<{ link: Link; node: Node | undefined }> {
    this.#left -= links.length
    if (this.#left < 0) throw malformed(cid, `a folder with more than ${MAX_ENTRIES} entries`)
    const reading: Promise<Node | undefined>[] = []
    for (const [i, link] of links.entries()) {
      for (const next of links.slice(i + reading.length, i + AHEAD)) reading.push(this.#node(next))
      yield { link, node: await reading.shift() }
    }
  }

  #node({ cid }: Link): Promise<Node | undefined> {
    const node = cid.code === RAW ? Promise.resolve(undefined) : this.#blocks.read(cid, this.#signal)
    // it is heard of when its turn comes, if it does
    node.catch(() => {})
    return node
  }
}

function checkTrie(cid: CID, { fanout, links }: FolderPart): void {
  if (fanout !== FANOUT) throw malformed(cid, `a folder in parts of ${fanout}, where ${FANOUT} are usual`)
  if (links.some(({ name }) => name.length < DIGITS)) throw malformed(cid, 'a part of a folder without its place')
}
