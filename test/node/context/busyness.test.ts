// Whether this process has its hands full, as its event loop counts.
import { expect } from 'chai'
import { Busyness } from '../../../src/node/context/busyness.ts'

describe('busyness', () => {
  it('is that of the last tenth of a second; who has just started is busy', () => {
    let now = 0
    const loop = { active: 1000, idle: 0, utilization: 1 }
    const busyness = new Busyness(
      () => ({ ...loop }),
      () => now,
    )
    const after = (activeMs: number, idleMs: number) => {
      loop.active += activeMs
      loop.idle += idleMs
      now += activeMs + idleMs
      return busyness.isBusy
    }
    expect(after(0, 99), 'not yet looked at').to.equal(true)
    expect(after(1, 0)).to.equal(false)
    expect(after(99, 0), 'not looked at again').to.equal(false)
    expect(after(1, 0)).to.equal(true)
    expect(after(39, 61)).to.equal(false)
    expect(after(41, 59)).to.equal(true)
    expect(after(41, 1000), 'after a long time').to.equal(false)
  })

  it('is what this process does', async () => {
    const busyness = new Busyness()
    await new Promise(resolve => setTimeout(resolve, 150))
    expect(busyness.isBusy).to.equal(false)
    const until = performance.now() + 150
    while (performance.now() < until);
    // the loop counts what it has done when it turns
    await new Promise(resolve => setImmediate(resolve))
    expect(busyness.isBusy).to.equal(true)
  })
})
