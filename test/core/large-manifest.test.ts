// A manifest of as many pieces as SPEC.md allows, in one step.
import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { Manifest } from '../../src/core/manifest.ts'
import { MAX_PIECES } from '../../src/core/piece.ts'

const INFO = { task: 'task', version: 'etag "one"', pieceLength: 1 << 18, length: undefined, fileName: '' }

describe('core: the largest manifest', () => {
  it('takes all of its digests at once', () => {
    const whole = new Manifest(INFO)
    const digests = Array.from({ length: MAX_PIECES }, () => randomBytes(32))
    for (const digest of digests) whole.append(digest)
    const other = new Manifest(INFO)
    other.extend(digests, whole.head())
    expect(other.count).to.equal(MAX_PIECES)
  })
})
