import { expect } from 'chai'
import type { ManifestHead } from '../../src/core/manifest.ts'
import { makeTask } from '../../src/core/task.ts'
import { HeldPieces } from '../../src/node/preheat/held-pieces.ts'
import { content, PIECE } from '../world/content.ts'
import { manifestOf } from '../world/manifest.ts'

const LENGTH = 2 * PIECE + 5
const HEAD: ManifestHead = manifestOf(makeTask({ url: 'http://a/' }), content('holding', LENGTH)).head()

describe('what a seed holds', () => {
  it('is whole with the seal and every piece, in any order', () => {
    const holding = new HeldPieces()
    expect(holding).to.include({ isTold: false, isWhole: false, bytes: 0, length: undefined })
    holding.believe({ ...HEAD, count: 2, seal: undefined })
    holding.has([2])
    expect(holding).to.include({ isTold: true, isWhole: false, bytes: 5, length: LENGTH })
    holding.believe(HEAD)
    holding.has([0])
    expect(holding).to.include({ isWhole: false, bytes: PIECE + 5 })
    holding.has([1])
    expect(holding).to.include({ isWhole: true, bytes: LENGTH })
  })

  it('is not whole without a seal, nor by a seal alone, be the content empty', () => {
    const unsealed = new HeldPieces()
    unsealed.believe({ ...HEAD, seal: undefined })
    unsealed.has([0, 1, 2])
    expect(unsealed.isWhole).to.equal(false)
    const empty = new HeldPieces()
    empty.believe(manifestOf(makeTask({ url: 'http://a/' }), Buffer.alloc(0)).head())
    expect(empty.isWhole).to.equal(false)
    empty.has([])
    expect(empty.isWhole).to.equal(true)
  })

  it('does not shrink by an older head', () => {
    const holding = new HeldPieces()
    holding.believe(HEAD)
    holding.believe({ ...HEAD, count: 1, length: undefined, seal: undefined })
    holding.has([0])
    expect(holding).to.include({ isWhole: false, length: LENGTH })
  })
})
