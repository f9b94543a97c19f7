// When a node that has some links dials the next one.
import { expect } from 'chai'
import { DialPace } from '../../src/swarm/dial-pace.ts'
import { DEFAULT_NEIGHBOURHOOD_POLICY as P } from '../../src/swarm/neighbourhood-events.ts'

function rests(isCutOff: boolean, count: number): number[] {
  const pace = new DialPace(P)
  return Array.from({ length: count }, () => {
    pace.refused(1000, isCutOff)
    return pace.from(P.lowLinks, 0) - 1000
  })
}

describe('dial pace', () => {
  it('a rest is four times as long each time, up to five minutes', () => {
    expect(rests(false, 6)).to.deep.equal([2000, 8000, 32_000, 128_000, 300_000, 300_000])
  })

  it('it stays short for who has no far neighbour', () => {
    expect(rests(true, 3)).to.deep.equal([2000, 2000, 2000])
  })

  it('it is for who has enough links', () => {
    const pace = new DialPace(P)
    expect(pace.from(P.wantedLinks, 0), 'before it began').to.equal(-Infinity)
    pace.refused(0, false)
    expect(pace.from(P.lowLinks, 0)).to.equal(P.restMs)
    expect(pace.from(P.lowLinks - 1, 0), 'who lacks links').to.equal(-Infinity)
  })

  it('who is busy dials slowly, from the third link on', () => {
    const pace = new DialPace(P)
    pace.dialled(500)
    expect(pace.from(1, 4), 'who is not').to.equal(-Infinity)
    pace.isBusy = true
    expect([pace.from(0, 1), pace.from(1, 0)]).to.deep.equal([-Infinity, -Infinity])
    expect([pace.from(0, 2), pace.from(2, 0), pace.from(6, 0)]).to.deep.equal([1500, 1500, 1500])
    pace.refused(500, false)
    expect(pace.from(P.lowLinks, 0), 'and rests all the same').to.equal(2500)
  })
})
