// Peers that let us down are named until they give, or for ten minutes.
import { expect } from 'chai'
import { MAX_SNUBS, SNUB_FORGOTTEN_MS, Snubs } from '../../src/swarm/snubs.ts'

describe('swarm: snubs', () => {
  it('are counted in a row, the latest first, and forgiven with the first piece', () => {
    const snubs = new Snubs()
    snubs.letDown('a', 'silent', 1000)
    snubs.letDown('b', 'silent', 2000)
    snubs.letDown('a', 'late', 3000)
    expect(snubs.standing(4000)).to.deep.equal([
      { peer: 'a', why: 'late', since: 1000, last: 3000, times: 2 },
      { peer: 'b', why: 'silent', since: 2000, last: 2000, times: 1 },
    ])
    snubs.gave('a')
    expect(snubs.standing(4000).map(({ peer }) => peer)).to.deep.equal(['b'])
    snubs.letDown('a', 'silent', 5000)
    expect(snubs.standing(5000)[0]).to.include({ since: 5000, times: 1 })
  })

  it('are forgotten after a while, and begin anew then', () => {
    const snubs = new Snubs()
    snubs.letDown('a', 'silent', 0)
    expect(snubs.standing(SNUB_FORGOTTEN_MS - 1)).to.have.length(1)
    expect(snubs.standing(SNUB_FORGOTTEN_MS)).to.deep.equal([])
    snubs.letDown('a', 'silent', SNUB_FORGOTTEN_MS)
    expect(snubs.standing(SNUB_FORGOTTEN_MS)[0]).to.include({ since: SNUB_FORGOTTEN_MS, times: 1 })
  })

  it('are named for being late or busy from the second time on, a second later at least', () => {
    const snubs = new Snubs()
    for (const at of [0, 10, 500]) snubs.letDown('a', 'late', at)
    snubs.letDown('b', 'busy', 400)
    expect(snubs.standing(1000)).to.deep.equal([])
    snubs.letDown('a', 'busy', 1500)
    expect(snubs.standing(1500)).to.deep.equal([{ peer: 'a', why: 'busy', since: 0, last: 1500, times: 2 }])
    snubs.letDown('b', 'silent', 1600)
    expect(snubs.standing(1600).map(({ peer }) => peer)).to.deep.equal(['b', 'a'])
  })

  it('are no more than the limit: the oldest is forgotten', () => {
    const snubs = new Snubs()
    for (let i = 0; i <= MAX_SNUBS; i++) snubs.letDown(`p${i}`, 'silent', i)
    const standing = snubs.standing(MAX_SNUBS)
    expect(standing).to.have.length(MAX_SNUBS)
    expect(standing.at(-1)?.peer).to.equal('p1')
  })
})
