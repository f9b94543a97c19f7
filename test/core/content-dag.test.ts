// The blocks of a content: every one is found, and they are the tree whose root a receipt has.
import * as dagPb from '@ipld/dag-pb'
import { expect } from 'chai'
import { CID } from 'multiformats/cid'
import { ContentDag } from '../../src/core/content-dag.ts'
import { sha256 } from '../../src/core/piece.ts'
import { rawCid, rootOf } from '../../src/core/root.ts'

/** Digests of so many pieces, the last two of the same bytes. */
function digestsOf(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => sha256(Buffer.from(String(Math.min(i, Math.max(0, count - 2))))))
}

describe('the blocks of a content', () => {
  for (const count of [0, 1, 2, 1024, 1025, 2500]) {
    it(`of ${count} pieces are its tree`, async () => {
      const digests = digestsOf(count)
      const length = count * 1000
      let pauses = 0
      const dag = await ContentDag.of(digests, { length, pieceLength: 1000 }, async () => pauses++)
      expect(pauses).to.equal(Math.floor(count / 1024))
      expect(dag.root).to.equal(rootOf(digests, length, 1000))
      const leaves: number[] = []
      const visit = (cid: CID): void => {
        const block = dag.find(cid)
        if (block === undefined) throw new Error(`no block ${cid}`)
        if ('piece' in block) return void leaves.push(block.piece)
        expect(Buffer.compare(sha256(block.node), cid.multihash.digest)).to.equal(0)
        if (cid.code === dagPb.code) for (const { Hash } of dagPb.decode(block.node).Links) visit(Hash)
      }
      visit(CID.parse(dag.root))
      expect(leaves.map(piece => rawCid(digests[piece] as Uint8Array).toString())).to.deep.equal(
        digests.map(digest => rawCid(digest).toString()),
      )
      expect(dag.find(rawCid(sha256(Buffer.from('another'))))).to.equal(undefined)
      // bytes of a piece are no links to others
      for (const digest of digests) expect(dag.find(CID.createV1(dagPb.code, rawCid(digest).multihash))).to.equal(undefined)
    })
  }
})
