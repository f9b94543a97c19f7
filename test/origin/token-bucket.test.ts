import { expect } from 'chai'
import fc from 'fast-check'
import { TokenBucket } from '../../src/origin/token-bucket.ts'

describe('origin: a token bucket', () => {
  it('gives its burst at once, then so much a second', () => {
    const bucket = new TokenBucket(10, 3)
    expect([1, 2, 3].map(() => bucket.take(1, 0))).to.deep.equal([0, 0, 0])
    expect(bucket.waitFor(1, 0)).to.equal(100)
    expect(bucket.take(1, 0)).to.equal(100)
    expect(bucket.take(1, 0), 'behind the one before').to.equal(200)
    expect(bucket.waitFor(1, 200)).to.equal(100)
  })

  it('saves no more than its burst, however long the rest', () => {
    const bucket = new TokenBucket(10, 3)
    bucket.take(3, 0)
    expect(bucket.isFull(299)).to.equal(false)
    expect(bucket.isFull(300)).to.equal(true)
    expect([1, 2, 3, 4].map(() => bucket.take(1, 1_000_000))).to.deep.equal([0, 0, 0, 100])
  })

  it('never lets more pass in any time than rate times time and one burst', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 0, max: 300 })), { minLength: 1 })
    fc.assert(
      fc.property(steps, takes => {
        const bucket = new TokenBucket(10_000, 1000)
        let now = 0
        let taken = 0
        for (const [amount, pause] of takes) {
          now += pause + bucket.take(amount, now + pause)
          taken += amount
          expect(taken).to.be.at.most(1000 + now * 10 + 1e-6)
        }
      }),
    )
  })
})
