// Hosts that read the same origin: which of them stops, whatever they know of each other and when.
import { expect } from 'chai'
import fc from 'fast-check'
import { isTooSlow, yieldsTo } from '../../src/swarm/shared-read.ts'

type Side = 'a' | 'b'
const SIDES: readonly Side[] = ['a', 'b']

describe('swarm/shared-read', () => {
  it('lets the one go on that is further, and of two that are about as far the one with the smaller id', () => {
    const a = (count: number) => ({ peer: 'a', count })
    const b = (count: number) => ({ peer: 'b', count })
    expect(yieldsTo(a(1), b(2), 20)).to.equal(true)
    expect(yieldsTo(b(2), a(1), 20)).to.equal(false)
    expect([yieldsTo(a(5), b(5), 20), yieldsTo(b(5), a(5), 20)]).to.deep.equal([false, true])
    // each hears of the other late, and would take itself for the one that is ahead
    expect([yieldsTo(a(100), b(90), 1000), yieldsTo(b(100), a(90), 1000)]).to.deep.equal([false, true])
    expect([yieldsTo(a(100), b(117), 1000), yieldsTo(b(117), a(100), 1000)]).to.deep.equal([true, false])
  })

  it('never has both stop, however late they hear of each other', () => {
    const step = fc.record({
      side: fc.constantFrom<Side>(...SIDES),
      what: fc.constantFrom('read', 'tell', 'hear'),
      pieces: fc.nat(20),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.nat(1000), (steps, most) => {
        const count = { a: 0, b: 0 }
        const under: Record<Side, number[]> = { a: [], b: [] }
        const hasStopped = { a: false, b: false }
        for (const { side, what, pieces } of steps) {
          const other = side === 'a' ? 'b' : 'a'
          if (what === 'read' && !hasStopped[side]) count[side] += pieces
          if (what === 'tell') under[side].push(count[side])
          const heard = what === 'hear' ? under[other].shift() : undefined
          if (heard === undefined || hasStopped[side]) continue
          hasStopped[side] = yieldsTo({ peer: side, count: count[side] }, { peer: other, count: heard }, most)
        }
        expect(SIDES.every(side => hasStopped[side])).to.equal(false)
      }),
    )
  })

  it('takes half the rate for enough', () => {
    expect([isTooSlow(50, 100), isTooSlow(49, 100)]).to.deep.equal([false, true])
  })
})
