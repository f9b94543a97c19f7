// Digests ahead of their head: kept flat, as far as they may be of use, within one budget of the host.
import { expect } from 'chai'
import { MAX_PIECES, sha256 } from '../../../src/core/piece.ts'
import { MemoryBudget } from '../../../src/net/memory-budget.ts'
import { Hearsay } from '../../../src/node/peers/hearsay.ts'

const ALL = { from: 0, to: MAX_PIECES }
const LIMIT = 2 * 1024 * 1024
const LONG = 100_000

function digests(from: number, to: number): Uint8Array[] {
  return Array.from({ length: to - from }, (_, i) => sha256(Buffer.from(String(from + i))))
}

describe('node/peers/hearsay', () => {
  let budget: MemoryBudget
  let dropped: string[]

  beforeEach(() => {
    budget = new MemoryBudget(LIMIT)
    dropped = []
  })

  const of = (peer: string) => new Hearsay(peer, budget, () => dropped.push(peer))

  it('gives any part of what came, in parts of any size', () => {
    const told = digests(0, 30_000)
    for (const [from, to] of [
      [0, 30_000],
      [17, 29_999],
      [4096, 4097],
      [16_000, 16_500],
    ] as const) {
      const hearsay = of('a')
      for (let at = 0, size = 1; at < told.length; at += size, size = Math.min(4096, 3 * size)) {
        hearsay.add(at, Buffer.concat(told.slice(at, at + size)), ALL)
      }
      expect(Buffer.concat(hearsay.take(from, to) ?? []).equals(Buffer.concat(told.slice(from, to)))).to.equal(true)
      expect(budget.used).to.equal(0)
    }
  })

  it('has nothing where something is missing, and all of nothing', () => {
    const hearsay = of('a')
    hearsay.add(2, Buffer.concat(digests(2, 5)), ALL)
    expect(hearsay.take(1, 5)).to.equal(undefined)
    hearsay.add(2, Buffer.concat(digests(2, 5)), ALL)
    expect(hearsay.take(2, 6)).to.equal(undefined)
    expect(hearsay.take(3, 3)).to.deep.equal([])
  })

  it('keeps only what may be of use', () => {
    const hearsay = of('a')
    hearsay.add(0, Buffer.concat(digests(0, 4096)), undefined)
    expect(budget.used).to.equal(0)
    hearsay.drop()
    hearsay.add(0, Buffer.concat(digests(0, 4096)), { from: 10, to: 20 })
    expect(budget.used).to.equal(320)
    expect(hearsay.take(10, 20)).to.deep.equal(digests(10, 20))
  })

  it('refuses parts that are not consecutive, or beyond the last piece', () => {
    const hearsay = of('a')
    hearsay.add(0, Buffer.concat(digests(0, 3)), ALL)
    expect(() => hearsay.add(4, Buffer.concat(digests(4, 5)), ALL)).to.throw('not consecutive')
    hearsay.drop()
    expect(() => hearsay.add(MAX_PIECES, Buffer.concat(digests(0, 1)), ALL)).to.throw('not consecutive')
  })

  it('takes 32 bytes for a digest, and no more of a host than its budget, however many peers there are', () => {
    const part = Buffer.concat(digests(0, 4096))
    const peers = Array.from({ length: 20 }, (_, i) => of(`peer-${i}`))
    for (let from = 0; from < LONG; from += 4096) {
      for (const peer of peers) {
        peer.add(from, part, ALL)
        expect(budget.used).to.be.at.most(LIMIT)
      }
    }
    expect(dropped.length).to.be.above(0)
  })
})
