// Bans end, grow when they are repeated, and are bounded.
import { expect } from 'chai'
import { Bans, FIRST_BAN_MS, FORGIVEN_AFTER_MS, MAX_BAN_MS, MAX_BANS } from '../../src/swarm/bans.ts'

const HOUR = 3_600_000

describe('bans', () => {
  it('last one hour, then two, up to a day', () => {
    const bans = new Bans()
    const lengths: number[] = []
    for (let now = 0, i = 0; i < 8; i++) {
      const { since, until, times } = bans.add('p', 'lied', now)
      expect({ since, times }).to.deep.equal({ since: now, times: i + 1 })
      expect(bans.isBanned('p', until - 1)).to.equal(true)
      expect(bans.isBanned('p', until)).to.equal(false)
      lengths.push((until - since) / HOUR)
      now = until
    }
    expect(lengths).to.deep.equal([1, 2, 4, 8, 16, 24, 24, 24])
    expect(MAX_BAN_MS).to.equal(24 * HOUR)
  })

  it('do not grow by what comes out while they last', () => {
    const bans = new Bans()
    const first = bans.add('p', 'piece 1', 0)
    expect(bans.add('p', 'piece 2', 5)).to.equal(first)
    expect(bans.standing(10).map(({ proof, until }) => ({ proof, until }))).to.deep.equal([
      { proof: 'piece 1', until: FIRST_BAN_MS },
    ])
  })

  it('are forgotten a day after they have ended', () => {
    const bans = new Bans()
    const { until } = bans.add('p', 'lied', 0)
    expect(bans.add('p', 'lied', until + FORGIVEN_AFTER_MS - 1).times).to.equal(2)
    const other = new Bans()
    other.add('p', 'lied', 0)
    expect(other.add('p', 'lied', until + FORGIVEN_AFTER_MS).times).to.equal(1)
    expect(other.standing(until + FORGIVEN_AFTER_MS + FIRST_BAN_MS)).to.deep.equal([])
  })

  it('are so many at most: of more, the one that ends first goes', () => {
    const bans = new Bans()
    for (let i = 0; i <= MAX_BANS; i++) bans.add(`p${i}`, 'lied', i)
    expect(bans.standing(MAX_BANS)).to.have.length(MAX_BANS)
    expect(bans.isBanned('p0', MAX_BANS)).to.equal(false)
    expect(bans.isBanned('p1', MAX_BANS)).to.equal(true)
    expect(bans.isBanned(`p${MAX_BANS}`, MAX_BANS)).to.equal(true)
  })

  it('keep no endless proof', () => {
    expect(new Bans().add('p', 'x'.repeat(10_000), 0).proof).to.have.length(300)
  })
})
