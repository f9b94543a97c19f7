// The blocks of IPFS that a content is made of: its pieces, and the nodes above them, by their digests.
import type { CID } from 'multiformats/cid'
import { RootBuilder, rawCid } from './root.ts'

/** One of a content's blocks: the piece of this index, or the bytes of a node. */
export type DagBlock = { piece: number } | { node: Uint8Array }

export class ContentDag {
  /** CIDv1 in base32. */
  readonly root: string
  readonly pieces: number
  /** Codec and digest, a character for each byte → block. */
  readonly #blocks = new Map<string, DagBlock>()

  /** `digests`: those of all pieces, in order. */
  constructor(digests: readonly Uint8Array[], length: number, pieceLength: number) {
    const builder = new RootBuilder(({ cid, bytes }) => this.#blocks.set(keyOf(cid), { node: bytes }))
    this.pieces = digests.length
    for (const [piece, digest] of digests.entries()) {
      builder.add(digest, Math.min(pieceLength, length - piece * pieceLength))
      this.#blocks.set(keyOf(rawCid(digest)), { piece })
    }
    const root = builder.root()
    if (digests.length === 0) this.#blocks.set(keyOf(root), { node: new Uint8Array() })
    this.root = root.toString()
  }

  /**
   * By its CID, of a piece or of a node: whatever bytes a piece has, they are never taken for links to other blocks.
   */
  find(cid: CID): DagBlock | undefined {
    return this.#blocks.get(keyOf(cid))
  }
}

function keyOf({ code, multihash: { digest } }: CID): string {
  return String.fromCharCode(code) + Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength).toString('latin1')
}
