import { expect } from 'chai'
import { LINES, RareLines, WINDOW_MS } from '../../src/node/context/rare-lines.ts'

describe('node: rare lines', () => {
  it('name a host once in a while', () => {
    const lines = new RareLines()
    expect([0, 1, WINDOW_MS - 1, WINDOW_MS, WINDOW_MS + 1].map(at => lines.isDue('a', at))).to.deep.equal([
      true,
      false,
      false,
      true,
      false,
    ])
  })

  it('are few, however many hosts there are', () => {
    const lines = new RareLines()
    const due = (at: number) => Array.from({ length: 1000 }, (_, i) => lines.isDue(`h${i}`, at)).filter(Boolean).length
    expect(due(5)).to.equal(LINES)
    expect(due(WINDOW_MS + 4)).to.equal(0)
    expect(due(WINDOW_MS + 5)).to.equal(LINES)
  })
})
