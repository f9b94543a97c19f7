// A CARv1 file (https://ipld.io/specs/transport/car/carv1/): a header that names the root, then blocks.
import * as dagCbor from '@ipld/dag-cbor'
import * as dagPb from '@ipld/dag-pb'
import { varint } from 'multiformats'
import type { CID } from 'multiformats/cid'

const DAG_PB = 0x70

/** Blocks in depth-first order, each once. Throws what `read` throws, and an Error where a block is missing. */
export async function* carOf(
  root: CID,
  first: Uint8Array,
  read: (cid: CID) => Promise<Uint8Array | undefined>,
  isDeep: boolean,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield section(dagCbor.encode({ version: 1, roots: [root] }))
  const seen = new Set<string>()
  const left = [root]
  for (let cid = left.pop(); cid !== undefined; cid = left.pop()) {
    const name = cid.toString()
    if (seen.has(name)) continue
    seen.add(name)
    const bytes = cid === root ? first : await read(cid)
    if (bytes === undefined) throw new Error(`block ${name} has gone`)
    yield section(cid.bytes, bytes)
    if (isDeep && cid.code === DAG_PB)
      left.push(
        ...dagPb
          .decode(bytes)
          .Links.map(({ Hash }) => Hash)
          .reverse(),
      )
  }
}

function section(...parts: Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.byteLength, 0)
  return Buffer.concat([varint.encodeTo(length, new Uint8Array(varint.encodingLength(length))), ...parts])
}
