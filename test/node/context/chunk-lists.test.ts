// What lists of chunks may cost the host that makes them.
import { expect } from 'chai'
import { ChunkLists, MIN_LISTED_BYTES } from '../../../src/node/context/chunk-lists.ts'
import { TokenBucket } from '../../../src/origin/token-bucket.ts'
import { content } from '../../world/content.ts'

const BODY = content('listed', MIN_LISTED_BYTES)
const read = async (offset: number, into: Uint8Array) => {
  const part = BODY.subarray(offset, offset + into.byteLength)
  into.set(part)
  return part.byteLength
}

describe('the making of lists of chunks', () => {
  it('waits before the next one when others have made it work for long; what is made is given at once', async () => {
    // a hundredth of a core, and nothing at once
    const lists = new ChunkLists(new TokenBucket(10, 0.001))
    const begun = performance.now()
    expect((await lists.of('first', BODY.length, read))?.entries.byteLength).to.be.above(0)
    const first = performance.now() - begun
    expect(await lists.of('first', BODY.length, read)).to.equal(lists.kept('first'))
    expect((await lists.of('second', BODY.length, read))?.entries.byteLength).to.be.above(0)
    // the work of the first one is less than the time it took, and more than a tenth of it
    expect(performance.now() - begun).to.be.above(10 * first)
  })

  it('does not wait for a few', async () => {
    const lists = new ChunkLists()
    const all = await Promise.all(Array.from({ length: 5 }, (_, i) => lists.of(`${i}`, BODY.length, read)))
    expect(all.every(list => list !== undefined)).to.equal(true)
  })
})
