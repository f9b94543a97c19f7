// Blocks of IPFS with what is in them: UnixFS nodes, each checked against the claims of the one above it.
import { setImmediate as nextTurn } from 'node:timers/promises'
import * as dagPb from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { LRUCache } from 'lru-cache'
import { CID } from 'multiformats/cid'
import { abortError, DragonflyError } from '../../core/errors.ts'
import { RAW, unreadable } from '../../core/ipfs-url.ts'
import type { Gateways } from './gateways.ts'

const IDENTITY = 0x00
/** Of nodes that were verified. Not of leaves: they pass once. */
const MAX_CACHED_BYTES = 16 * 1024 * 1024
/** What is here already is read for so long before everybody else has a turn, ms: a file may consist of nothing else. */
const TURN_MS = 10

export interface Link {
  cid: CID
  name: string
  /** What the node above says of its size, blocks of nodes included. Nothing more than a hint. */
  hint: number
}

/** A part of a file: its bytes, then those of its children. */
export interface FilePart {
  type: 'file'
  /** Bytes of all. */
  size: number
  bytes: Uint8Array
  children: { cid: CID; size: number }[]
}

/** All entries in a node, or a part of them in each of many. */
export interface FolderPart {
  type: 'folder'
  links: Link[]
  /** Children of a full node of the hash trie; undefined: a plain folder. */
  fanout: number | undefined
}

export interface SymbolicLink {
  type: 'link'
}

export type Node = FilePart | FolderPart | SymbolicLink

export class Blocks {
  readonly #gateways: Gateways
  readonly #nodes = new LRUCache<string, Uint8Array>({ maxSize: MAX_CACHED_BYTES, sizeCalculation: bytes => bytes.length + 256 })

  /** When this began to read without waiting for anything. */
  #since = performance.now()

  constructor(gateways: Gateways) {
    this.#gateways = gateways
  }

  /** Rejects with `origin-…`, `bad-url` for what is neither a file nor a folder, or the abort. */
  async read(cid: CID, signal: AbortSignal): Promise<Node> {
    const why = unreadable(cid)
    if (why !== undefined) throw malformed(cid, why)
    const { multihash } = cid
    if (multihash.code === IDENTITY) {
      await this.#takeTurns(signal)
      return nodeIn(cid, multihash.digest)
    }
    const name = cid.toString()
    const known = this.#nodes.get(name)
    if (known !== undefined) await this.#takeTurns(signal)
    const bytes = known ?? (await this.#gateways.fetch(cid, signal))
    const node = nodeIn(cid, bytes)
    if (cid.code !== RAW && (node.type !== 'file' || node.children.length > 0)) this.#nodes.set(name, bytes)
    return node
  }

  async #takeTurns(signal: AbortSignal): Promise<void> {
    if (performance.now() - this.#since < TURN_MS) return
    await nextTurn()
    this.#since = performance.now()
    if (signal.aborted) throw abortError(signal)
  }
}

function nodeIn(cid: CID, bytes: Uint8Array): Node {
  if (cid.code === RAW) return { type: 'file', size: bytes.length, bytes, children: [] }
  try {
    const { Data, Links } = dagPb.decode(bytes)
    if (Data === undefined) throw malformed(cid, 'a node without UnixFS data')
    const unixfs = UnixFS.unmarshal(Data)
    if (unixfs.type === 'symlink') return { type: 'link' }
    const links = Links.map(({ Hash, Name = '', Tsize = 0 }) => ({
      cid: CID.asCID(Hash)?.toV1() as CID,
      name: Name,
      hint: Tsize,
    }))
    if (unixfs.type === 'directory') return { type: 'folder', links, fanout: undefined }
    if (unixfs.type === 'hamt-sharded-directory') return { type: 'folder', links, fanout: Number(unixfs.fanout ?? 0n) }
    if (unixfs.type !== 'file' && unixfs.type !== 'raw') throw malformed(cid, `UnixFS data of type ${unixfs.type}`)
    return fileOf(cid, unixfs, links)
  } catch (cause) {
    throw cause instanceof DragonflyError ? cause : malformed(cid, 'no UnixFS node', cause)
  }
}

function fileOf(cid: CID, { data, blockSizes }: UnixFS, links: readonly Link[]): FilePart {
  const bytes = data ?? new Uint8Array()
  if (blockSizes.length !== links.length) throw malformed(cid, 'links without sizes')
  const children = links.map(({ cid: child }, i) => ({ cid: child, size: Number(blockSizes[i]) }))
  const size = children.reduce((sum, child) => sum + child.size, bytes.length)
  if (!Number.isSafeInteger(size)) throw malformed(cid, 'sizes that no file has')
  return { type: 'file', size, bytes, children }
}

/** The blocks are what their CIDs say, so no gateway has anything better. */
export function malformed(cid: CID, what: string, cause?: unknown): DragonflyError {
  return new DragonflyError('bad-url', `cannot read ipfs://${cid}: ${what}`, { ...(cause !== undefined && { cause }) })
}
