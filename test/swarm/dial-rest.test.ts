// How long a node that has enough links rests.
import { expect } from 'chai'
import { DialRest } from '../../src/swarm/dial-rest.ts'
import { DEFAULT_NEIGHBOURHOOD_POLICY as P } from '../../src/swarm/neighbourhood-events.ts'

function pauses(isCutOff: boolean, count: number): number[] {
  const rest = new DialRest(P)
  return Array.from({ length: count }, () => {
    rest.begin(1000, isCutOff)
    return rest.until - 1000
  })
}

describe('dial rest', () => {
  it('is four times as long each time, up to five minutes', () => {
    expect(pauses(false, 6)).to.deep.equal([2000, 8000, 32_000, 128_000, 300_000, 300_000])
  })

  it('stays short for who has no far neighbour', () => {
    expect(pauses(true, 3)).to.deep.equal([2000, 2000, 2000])
  })

  it('is for who has enough links, and ends', () => {
    const rest = new DialRest(P)
    expect(rest.lasts(P.wantedLinks, 0), 'before it began').to.equal(false)
    rest.begin(0, false)
    expect(rest.lasts(P.lowLinks, P.restMs - 1)).to.equal(true)
    expect(rest.lasts(P.lowLinks - 1, P.restMs - 1), 'who lacks links').to.equal(false)
    expect(rest.lasts(P.lowLinks, P.restMs)).to.equal(false)
  })
})
