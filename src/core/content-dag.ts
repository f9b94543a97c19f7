// The blocks of IPFS that a content is made of: its pieces, and the nodes above them, by their digests.
import type { CID } from 'multiformats/cid'
import { RAW } from './ipfs-url.ts'
import { RootBuilder } from './root.ts'

/** Pieces between two pauses. */
const SLICE = 1024

/** One of a content's blocks: the piece of this index, or the bytes of a node. */
export type DagBlock = { piece: number } | { node: Uint8Array }

export class ContentDag {
  /** CIDv1 in base32. */
  readonly root: string
  readonly pieces: number
  /** Codec and digest, a character for each byte → block. */
  readonly #blocks: ReadonlyMap<string, DagBlock>

  private constructor(blocks: ReadonlyMap<string, DagBlock>, root: string, pieces: number) {
    this.#blocks = blocks
    this.root = root
    this.pieces = pieces
  }

  /** `digests`: those of all pieces, in order. `pause`: awaited now and then, since 65,536 pieces take a second. */
  static async of(
    digests: readonly Uint8Array[],
    { length, pieceLength }: { length: number; pieceLength: number },
    pause: () => Promise<unknown>,
  ): Promise<ContentDag> {
    const blocks = new Map<string, DagBlock>()
    const builder = new RootBuilder(({ cid, bytes }) => blocks.set(keyOf(cid.code, cid.multihash.digest), { node: bytes }))
    for (const [piece, digest] of digests.entries()) {
      builder.add(digest, Math.min(pieceLength, length - piece * pieceLength))
      blocks.set(keyOf(RAW, digest), { piece })
      if (piece % SLICE === SLICE - 1) await pause()
    }
    const root = builder.root()
    if (digests.length === 0) blocks.set(keyOf(root.code, root.multihash.digest), { node: new Uint8Array() })
    return new ContentDag(blocks, root.toString(), digests.length)
  }

  /**
   * By its CID, of a piece or of a node: whatever bytes a piece has, they are never taken for links to other blocks.
   */
  find(cid: CID): DagBlock | undefined {
    return this.#blocks.get(keyOf(cid.code, cid.multihash.digest))
  }
}

function keyOf(code: number, digest: Uint8Array): string {
  return String.fromCharCode(code) + Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength).toString('latin1')
}
