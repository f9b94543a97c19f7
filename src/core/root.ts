// Computes the UnixFS DAG root of a content from its piece digests.
import * as dagPb from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import * as Digest from 'multiformats/hashes/digest'
import { sha256 } from './piece.ts'

const SHA2_256 = 0x12
/** Links per node of the `unixfs-v1-2025` profile. */
const FANOUT = 1024

/** A node above the leaves. */
export interface Node {
  cid: CID
  bytes: Uint8Array
}

interface Link {
  cid: CID
  fileSize: bigint
  /** Bytes of the whole sub-DAG, nodes included. */
  tsize: number
}

/** CIDv1 raw sha2-256 of a piece, or of a whole content, from its digest. */
export function rawCid(digest: Uint8Array): CID {
  return CID.createV1(raw.code, Digest.create(SHA2_256, digest))
}

/**
 * Equals `ipfs add --cid-version=1 --raw-leaves --chunker=size-N` with N the piece length and 1,024 links a node
 * (https://specs.ipfs.tech/unixfs/). Leaves go in in file order.
 */
export class RootBuilder {
  readonly #onNode: (node: Node) => void
  #levels: Link[][] = [[]]
  #leaves = 0

  /** `onNode`: told of every node above the leaves. */
  constructor(onNode: (node: Node) => void = () => {}) {
    this.#onNode = onNode
  }

  add(digest: Uint8Array, size: number): void {
    this.#leaves++
    this.#push(0, { cid: rawCid(digest), fileSize: BigInt(size), tsize: size })
  }

  /** Call once, after the last leaf. */
  root(): CID {
    if (this.#leaves === 0) return rawCid(sha256(new Uint8Array()))
    for (let level = 0; ; level++) {
      const links = this.#levels[level] as Link[]
      if (level === this.#levels.length - 1 && links.length === 1) return (links[0] as Link).cid
      this.#levels[level] = []
      this.#push(level + 1, this.#node(links))
    }
  }

  #push(level: number, link: Link): void {
    this.#levels[level] ??= []
    const links = this.#levels[level] as Link[]
    if (links.length === FANOUT) {
      this.#levels[level] = []
      this.#push(level + 1, this.#node(links))
    }
    ;(this.#levels[level] as Link[]).push(link)
  }

  #node(links: Link[]): Link {
    const made = node(links)
    this.#onNode(made)
    return made
  }
}

/** Root of the content that pieces of these digests make, CIDv1 in base32. */
export function rootOf(digests: readonly Uint8Array[], length: number, pieceLength: number): string {
  const builder = new RootBuilder()
  for (const [i, digest] of digests.entries()) builder.add(digest, Math.min(pieceLength, length - i * pieceLength))
  return builder.root().toString()
}

function node(links: Link[]): Link & Node {
  const file = new UnixFS({ type: 'file', blockSizes: links.map(l => l.fileSize) })
  const bytes = dagPb.encode(
    dagPb.prepare({ Data: file.marshal(), Links: links.map(l => ({ Name: '', Tsize: l.tsize, Hash: l.cid })) }),
  )
  return {
    bytes,
    cid: CID.createV1(dagPb.code, Digest.create(SHA2_256, sha256(bytes))),
    fileSize: links.reduce((sum, l) => sum + l.fileSize, 0n),
    tsize: links.reduce((sum, l) => sum + l.tsize, bytes.byteLength),
  }
}
