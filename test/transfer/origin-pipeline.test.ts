import { expect } from 'chai'
import { cut } from '../../src/transfer/origin-pipeline.ts'

const PIECE = 256 * 1024

/** What is cut from chunks of these sizes, and the memory that is taken for it. */
async function cutFrom(sizes: readonly number[], length: number | undefined) {
  const taken: number[] = []
  const take = (size: number) => {
    taken.push(size)
    return new Uint8Array(size)
  }
  let last = 0
  const chunks = sizes.map(size => new Uint8Array(size).map(() => ++last % 251))
  const source = (async function* () {
    yield* chunks
  })()
  const pieces: Uint8Array[] = []
  for await (const piece of cut(source, { pieceLength: PIECE, length, take })) pieces.push(piece)
  expect(Buffer.concat(pieces).equals(Buffer.concat(chunks)), 'the same bytes').to.equal(true)
  return { taken, pieces: pieces.map(piece => piece.byteLength) }
}

describe('pieces of an origin’s answer', () => {
  it('take no more memory than was announced', async () => {
    expect(await cutFrom([4, 6], 10)).to.deep.equal({ taken: [10], pieces: [10] })
    const sizes = Array.from({ length: 9 }, () => 60_000)
    expect(await cutFrom(sizes, 540_000)).to.deep.equal({ taken: [PIECE, PIECE, 15_712], pieces: [PIECE, PIECE, 15_712] })
  })

  it('take little where nothing was announced, until there is more', async () => {
    expect((await cutFrom([4, 6], undefined)).taken).to.deep.equal([16_384])
    const { taken, pieces } = await cutFrom([10, 60_000, 300_000], undefined)
    expect(taken).to.deep.equal([16_384, PIECE, PIECE])
    expect(pieces).to.deep.equal([PIECE, 97_866])
  })

  it('lose nothing where more comes than was announced', async () => {
    expect((await cutFrom([10, 60_000, 300_000], 10)).pieces).to.deep.equal([PIECE, 97_866])
  })
})
