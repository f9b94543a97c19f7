// The budget for what strangers make a host hold: who has to go when it is short.
import { expect } from 'chai'
import { MemoryBudget } from '../../src/net/memory-budget.ts'

describe('net/memory-budget', () => {
  let now: number
  let budget: MemoryBudget
  let dropped: string[]

  beforeEach(() => {
    now = 0
    dropped = []
    budget = new MemoryBudget(100, () => now)
  })

  function hold(owner: string, bytes: number, name = owner) {
    const holding = budget.hold(owner, () => dropped.push(name))
    holding.resize(bytes)
    return holding
  }

  it('counts what is held, and nothing that was given back', () => {
    const first = hold('a', 40)
    hold('b', 60)
    expect(budget.used).to.equal(100)
    first.resize(10)
    expect(budget.used).to.equal(70)
    first.release()
    first.release()
    first.resize(50)
    expect(budget.used).to.equal(60)
    expect(dropped).to.deep.equal([])
  })

  it('drops what has cost most, in bytes and time, and never more than it must', () => {
    hold('old', 30)
    now = 1000
    hold('new', 65)
    hold('newest', 20)
    expect(dropped).to.deep.equal(['old'])
    expect(budget.used).to.equal(85)
  })

  it('of many small and old ones of one peer drops those, not the larger one of another', () => {
    for (let i = 0; i < 10; i++) hold('many', 6, `many-${i}`)
    now = 10
    hold('one', 40)
    now = 11
    hold('late', 5)
    expect(dropped).to.deep.equal(['many-0'])
  })

  it('drops one that alone is too much, and its bytes do not count any more', () => {
    hold('small', 10)
    const large = hold('large', 101)
    expect(dropped).to.deep.equal(['large'])
    large.resize(90)
    expect(budget.used).to.equal(10)
  })
})
