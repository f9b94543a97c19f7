import { expect } from 'chai'
import { Breaker } from '../../src/origin/breaker.ts'

describe('origin: the breaker of a host', () => {
  const failing = (times: number, breaker = new Breaker({ breakerFailures: 3, coolingMs: 100, maxCoolingMs: 350 })) => {
    for (let i = 0; i < times; i++) breaker.failed(false, 0)
    return breaker
  }

  it('opens at the third failure in a row, not before', () => {
    expect(failing(2).admission(0)).to.deep.equal({ type: 'go' })
    expect(failing(3).admission(40)).to.deep.equal({ type: 'cooling', ms: 60 })
    const breaker = failing(2)
    breaker.succeeded()
    expect(failing(2, breaker).admission(0)).to.deep.equal({ type: 'go' })
  })

  it('lets one trial go after the cooling time, the others wait for it', () => {
    const breaker = failing(3)
    expect(breaker.admission(100)).to.deep.equal({ type: 'trial' })
    breaker.trying()
    expect(breaker.admission(100)).to.deep.equal({ type: 'wait' })
    breaker.succeeded()
    expect(breaker.admission(100)).to.deep.equal({ type: 'go' })
    expect(failing(2, breaker).admission(100), 'counts from nothing again').to.deep.equal({ type: 'go' })
  })

  it('doubles the cooling time up to its limit, and begins again after a success', () => {
    const breaker = failing(3)
    const cooling: number[] = []
    for (let now = 100, i = 0; i < 4; i++) {
      breaker.trying()
      breaker.failed(true, now)
      const admission = breaker.admission(now)
      if (admission.type === 'cooling') cooling.push(admission.ms)
      now += cooling.at(-1) ?? 0
    }
    expect(cooling).to.deep.equal([200, 350, 350, 350])
    breaker.succeeded()
    expect(failing(3, breaker).admission(0)).to.deep.equal({ type: 'cooling', ms: 100 })
  })

  it('learns nothing from a request that was given up: the next one may try', () => {
    const breaker = failing(3)
    breaker.trying()
    breaker.abandoned(true)
    expect(breaker.admission(100)).to.deep.equal({ type: 'trial' })
    const healthy = failing(2)
    for (let i = 0; i < 9; i++) healthy.abandoned(false)
    expect(healthy.admission(0)).to.deep.equal({ type: 'go' })
  })

  it('does not count what was sent before it opened, but believes its success', () => {
    const breaker = failing(3)
    breaker.failed(false, 90)
    expect(breaker.admission(100)).to.deep.equal({ type: 'trial' })
    breaker.trying()
    breaker.failed(false, 100)
    expect(breaker.admission(100)).to.deep.equal({ type: 'wait' })
    const other = failing(3)
    other.succeeded()
    expect(other.admission(10)).to.deep.equal({ type: 'go' })
    expect(other.isAtRest).to.equal(true)
  })
})
