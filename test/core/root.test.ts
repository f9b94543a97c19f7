// Content roots: equal to what the reference implementation of UnixFS makes of the same bytes.
import { expect } from 'chai'
import { sha256 } from '../../src/core/piece.ts'
import { RootBuilder, rawCid } from '../../src/core/root.ts'

const PIECE = 4
/**
 * By ipfs-unixfs-importer 17 of byte `i * 7 + (i >>> 8)` at `i`: cidVersion 1, rawLeaves, fixedSize chunks of 4,
 * balanced layout with 1,024 links a node, a single leaf reduced to itself.
 */
const ROOTS: [length: number, root: string][] = [
  [0, 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'],
  [1, 'bafkreidogqfzz75tpkmjzjke425xqcrmpcib2p5tg44hnbirumdbpl5adu'],
  [3, 'bafkreiftmhiptkjyuk5u7pojyio4lkczpcaedmaebem5rkarygeidbhu34'],
  [4, 'bafkreidocrmqqymbl27lw5xizjdamin5b5qoutyvkdw36mxgmtjq26qe7u'],
  [5, 'bafybeiesaxrnz524ylvlijb7rni2ki5ybckv47unwdkdiqeovakgniw6fm'],
  [8, 'bafybeiadp77zlgzbpvbpj7vtlcb43ktnkgxn65ybdmrw55u72hy72bz4nu'],
  [4095, 'bafybeicfznfw5pepohsup63jrzdetssuf6w4if4b6i3pdhlnvf4klh7pei'],
  [4096, 'bafybeifefqqnsbcy7qu565aj5ubdaqrcrk7drb3q46sstkexq57ppsdok4'],
  [4097, 'bafybeibdivdys6xwnfotdy4h7gxxuvgcvkcnjs4s2coh2ochimwuqtle4u'],
  [8192, 'bafybeiedymtlw3ywd7q5fscodb3ictamks3avmuuuswcrhbpkkrvvzxfwm'],
  [8193, 'bafybeic3mv6sciwx5nmnia4vayy3be66oj4smzupsdkfj5plnx5hzvmwku'],
  [8196, 'bafybeieteev4xqf5mgie4se5kzdlxerfu4vkouqzh4m7lcheopkbziqpt4'],
  [20001, 'bafybeihvtotiyglehus5vbbjabk7c4hefjd6gfbia36k6eja2333pgaj5e'],
]

describe('core: content root', () => {
  for (const [length, root] of ROOTS) {
    it(`${length} bytes`, () => {
      const bytes = Uint8Array.from({ length }, (_, i) => i * 7 + (i >>> 8))
      const builder = new RootBuilder()
      for (let at = 0; at < length; at += PIECE) {
        const piece = bytes.subarray(at, at + PIECE)
        builder.add(sha256(piece), piece.length)
      }
      expect(builder.root().toString()).to.equal(root)
    })
  }

  it('of a single piece is the CID of its bytes', () => {
    expect(rawCid(sha256(Buffer.from('hello world'))).toString()).to.equal(
      'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e',
    )
  })
})
