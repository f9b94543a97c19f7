import { expect } from 'chai'
import { LOST_SEED_MS, MUTE_SEED_MS, SEED_PATIENCE, SeedRequest } from '../../src/node/sources/seed-request.ts'

describe('a visit at a seed', () => {
  it('is over when the seed says nothing', () => {
    const visit = new SeedRequest(0)
    expect(visit.over(MUTE_SEED_MS)).to.equal(undefined)
    expect(visit.over(MUTE_SEED_MS + 1)).to.equal('it says nothing')
  })

  it('goes on as long as the seed says that it is waiting, and listens to others meanwhile', () => {
    const visit = new SeedRequest(0)
    for (let now = 5000; now < 10 * MUTE_SEED_MS; now += 5000) {
      visit.heard(now)
      visit.linked(now)
      expect(visit.over(now + 4999)).to.equal(undefined)
    }
    expect(visit.isSlow(SEED_PATIENCE.answer)).to.equal(false)
    expect(visit.isSlow(SEED_PATIENCE.answer + 1)).to.equal(true)
  })

  it('is over when the seed gives nothing, whatever it says', () => {
    const visit = new SeedRequest(0)
    visit.resolved(10)
    expect(visit.isSlow(SEED_PATIENCE.answer + 1)).to.equal(false)
    visit.linked(20)
    visit.heard(5000)
    expect(visit.over(20 + LOST_SEED_MS)).to.equal(undefined)
    expect(visit.over(21 + LOST_SEED_MS)).to.equal('its link is lost')
  })
})
