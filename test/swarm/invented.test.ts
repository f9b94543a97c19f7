// Peers that are invented, however many, are dialled after those that honest ones name.
import { expect } from 'chai'
import { Candidates } from '../../src/swarm/candidates.ts'
import { DEFAULT_NEIGHBOURHOOD_POLICY as P } from '../../src/swarm/neighbourhood-events.ts'
import { seededRandom } from '../../src/swarm/random.ts'
import { Reputation } from '../../src/swarm/reputation.ts'

const INVENTED = 300
const HONEST = 16

/** Dials until every honest candidate was tried; answers how many dials that took. `namers`: so many share the inventing. */
function dialsUntilMet(seed: number, namers: number, group?: (i: number) => string): number {
  const random = seededRandom(seed)
  const candidates = new Candidates(P, random)
  for (let i = 0; i < HONEST; i++) candidates.add({ peer: `honest ${i}`, group: group && 'honest' }, 'seed')
  for (let i = 0; i < INVENTED; i++) candidates.add({ peer: `invented ${i}`, group: group?.(i) }, `liar ${i % namers}`)
  let met = 0
  const known = () => candidates.ready(Infinity).filter(({ peer }) => peer.startsWith('honest')).length
  for (let dials = 0, left = known(); ; dials++) {
    if (met === left) return dials
    const fair = candidates.fairest(0)
    const one = fair[Math.floor(random() * fair.length)]
    if (one === undefined) return Infinity
    candidates.take(one.peer)
    if (one.peer.startsWith('honest')) {
      candidates.succeeded(one)
      met++
    } else candidates.failed(one, 'unreachable', 0)
  }
}

describe('swarm: invented peers', () => {
  it('cost a few dials when one names 300 of them', () => {
    for (let seed = 1; seed <= 50; seed++) expect(dialsUntilMet(seed, 1)).to.be.at.most(HONEST + 4)
  })

  it('and not many more when eight share the naming', () => {
    for (let seed = 1; seed <= 50; seed++) expect(dialsUntilMet(seed, 8)).to.be.at.most(HONEST + 8 * 4)
  })

  it('nor when each has a namer of its own, as long as they are on the same network', () => {
    for (let seed = 1; seed <= 50; seed++) expect(dialsUntilMet(seed, INVENTED, () => 'theirs')).to.be.at.most(HONEST + 4)
  })

  it('busy peers are not held against who names them', () => {
    const candidates = new Candidates(P, seededRandom(1))
    for (let i = 0; i < 20; i++) {
      candidates.add({ peer: `busy ${i}`, group: undefined }, 'honest')
      const candidate = candidates.take(`busy ${i}`)
      if (candidate !== undefined) candidates.failed(candidate, 'busy', 0)
    }
    candidates.add({ peer: 'a', group: undefined }, 'honest')
    candidates.add({ peer: 'b', group: undefined }, 'other')
    expect(candidates.fairest(0).map(({ peer }) => peer)).to.have.members(['a', 'b'])
  })

  it('names that failed are remembered in a bounded number, and forgiven by successes', () => {
    const reputation = new Reputation()
    for (let i = 0; i < 5000; i++) reputation.failed(`${i}`)
    expect(reputation.size).to.be.at.most(512)
    for (let i = 0; i < 14; i++) reputation.failed('a')
    expect(reputation.rank('a')).to.equal(3)
    for (let i = 0; i < 4; i++) reputation.succeeded('a')
    expect(reputation.rank('a')).to.equal(0)
  })
})
