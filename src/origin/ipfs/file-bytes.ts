// The bytes of a UnixFS file from one to another, in order: a tree of blocks, some of which are fetched ahead.
import type { CID } from 'multiformats/cid'
import type { Blocks, FilePart, Node } from './blocks.ts'
import { malformed } from './blocks.ts'

/** Blocks that are under way or wait to be given: 16 MiB at most. */
export const AHEAD = 8
/** Nodes one in the other. A balanced tree of 174 links a node has 7 for all that a number can count. */
export const MAX_DEPTH = 32
/** Links of a file that are looked at, and one more for so many bytes that it gives: each link of no use costs time, and no traffic. */
const MAX_LINKS = 1_000_000
const BYTES_A_LINK = 32

/** A block that is not read yet: what is above it says where its bytes lie in the file. */
interface Piece {
  cid: CID
  start: number
  size: number
  depth: number
  reading?: Promise<Node>
}

/** Bytes `from` to `to` (excluded) of a file whose root was read. Throws as `Blocks.read`, and `bad-url` for a tree that contradicts itself. */
export async function* fileBytes(
  root: FilePart,
  [from, to]: readonly [from: number, to: number],
  blocks: Pick<Blocks, 'read'>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])
  const read = (piece: Piece): Promise<Node> => {
    const reading = blocks.read(piece.cid, either)
    // it is heard of when its turn comes, if it does
    reading.catch(() => {})
    return reading
  }
  const within = ({ start, size }: { start: number; size: number }) => size > 0 && start < to && start + size > from
  /** Those of a node, the last first. */
  const stack: Piece[] = []
  let ahead = 0
  let links = 0
  let given = 0
  const open = (node: FilePart, start: number, depth: number): Uint8Array => {
    let at = start + node.bytes.length
    const pieces: Piece[] = []
    for (const { cid, size } of node.children) {
      const piece = { cid, start: at, size, depth }
      if (within(piece)) pieces.push(piece)
      at += size
    }
    stack.push(...pieces.reverse())
    return node.bytes.subarray(clamp(from - start, node.bytes.length), clamp(to - start, node.bytes.length))
  }
  try {
    const first = open(root, 0, 1)
    if (first.length > 0) yield first
    for (;;) {
      // those of nodes above are farther off: they are begun only when there is room
      for (const piece of stack.slice(-AHEAD).reverse()) {
        if (piece.reading !== undefined) continue
        if (ahead === AHEAD) break
        piece.reading = read(piece)
        ahead++
      }
      const piece = stack.pop()
      if (piece === undefined) return
      if (piece.reading !== undefined) ahead--
      const node = await (piece.reading ?? read(piece))
      if (node.type !== 'file') throw malformed(piece.cid, 'a part of a file that is none')
      if (node.size !== piece.size) throw malformed(piece.cid, `a part of ${node.size} bytes in place of ${piece.size}`)
      if (piece.depth >= MAX_DEPTH && node.children.length > 0) throw malformed(piece.cid, `nodes more than ${MAX_DEPTH} deep`)
      links += node.children.length
      if (links > MAX_LINKS + given / BYTES_A_LINK) throw malformed(piece.cid, 'more links than so few bytes need')
      const bytes = open(node, piece.start, piece.depth + 1)
      given += bytes.length
      if (bytes.length > 0) yield bytes
    }
  } finally {
    over.abort()
  }
}

function clamp(at: number, length: number): number {
  return Math.min(Math.max(at, 0), length)
}
