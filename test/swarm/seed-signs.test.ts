// How often a silent seed is looked at.
import { expect } from 'chai'
import { Deadlines } from '../../src/swarm/deadlines.ts'
import { SeedSigns } from '../../src/swarm/seed-signs.ts'
import { DEFAULT_SOURCE_POLICY as POLICY } from '../../src/swarm/source-events.ts'

describe('sources: looks at a silent seed', () => {
  /** When the second look is due, and until when the seed counts as alive, after an answer that took so long. */
  function afterAnswer(answerMs: number): { nextAt: number; aliveUntil: number } {
    const deadlines = new Deadlines()
    const signs = new SeedSigns(POLICY, deadlines)
    deadlines.begin(0)
    expect(signs.isLookDue('s', 0)).to.equal(true)
    signs.looked('s', true, answerMs)
    deadlines.begin(answerMs)
    expect(signs.isLookDue('s', 0)).to.equal(false)
    return { nextAt: deadlines.next - answerMs, aliveUntil: signs.aliveUntil - answerMs }
  }

  it('are rarer where answers take long, and the seed counts as alive until after the next one', () => {
    expect(afterAnswer(100)).to.deep.equal({ nextAt: 5000, aliveUntil: 9000 })
    expect(afterAnswer(10_000)).to.deep.equal({ nextAt: 30_000, aliveUntil: 70_000 })
  })
})
