// Whatever a neighbourhood is told, it breaks none of its rules.
import { expect } from 'chai'
import fc from 'fast-check'
import { Neighbourhood } from '../../src/swarm/neighbourhood.ts'
import {
  type LinkUse,
  type NeighbourhoodAction,
  type NeighbourhoodEvent,
  DEFAULT_NEIGHBOURHOOD_POLICY as P,
} from '../../src/swarm/neighbourhood-events.ts'
import { seededRandom } from '../../src/swarm/random.ts'

describe('neighbourhood: properties', () => {
  it('no row of events, honest or hostile, breaks a rule', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 150 }), fc.nat(), fc.boolean(), (steps, seed, isSeed) => {
        const witness = new Witness(new Neighbourhood({ isSeed, groups: ['g0'], random: seededRandom(seed) }))
        for (const { event, ms } of steps) witness.tell(event, ms)
      }),
      { numRuns: 1000 },
    )
  })

  it('the same events give the same intentions', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(), (steps, seed) => {
        const run = (): NeighbourhoodAction[][] => {
          const hood = new Neighbourhood({ isSeed: false, random: seededRandom(seed) })
          return steps.map(({ event }, i) => hood.handle(event, i * 100))
        }
        expect(run()).to.deep.equal(run())
      }),
      { numRuns: 100 },
    )
  })
})

const peer = fc.nat(30).map(i => `p${i}`)
const group = fc.constantFrom('g0', 'g1', undefined)
const links = fc.nat(20)
const bytes = fc.constantFrom(0, 0, 1000)
const use: fc.Arbitrary<LinkUse> = fc.record({
  peer,
  gave: bytes,
  took: bytes,
  busy: fc.boolean(),
  complete: fc.boolean(),
  offers: fc.boolean(),
  fruitless: fc.nat(5),
  rtt: fc.constantFrom(undefined, 0, 2, 50),
})
const event: fc.Arbitrary<NeighbourhoodEvent> = fc.oneof(
  fc.record({ type: fc.constant('heard' as const), from: peer, peers: fc.array(fc.record({ peer, group }), { maxLength: 8 }) }),
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('linked' as const),
      peer,
      group,
      kind: fc.constantFrom('peer' as const, 'peer' as const, 'seed' as const),
      links,
    }),
  },
  fc.record({ type: fc.constant('unlinked' as const), peer, why: fc.constantFrom('parted', 'broken', 'gone') }),
  fc.record({ type: fc.constant('failed' as const), peer, why: fc.constantFrom('busy', 'unreachable', 'unwanted') }),
  fc.record({ type: fc.constant('asked' as const), peer, links }),
  fc.record({ type: fc.constant('used' as const), complete: fc.boolean(), links: fc.array(use, { maxLength: 20 }) }),
  fc.record({ type: fc.constant('busy' as const), busy: fc.boolean() }),
  fc.constant({ type: 'wake' as const }),
) as fc.Arbitrary<NeighbourhoodEvent>
const step = fc.record({ event, ms: fc.constantFrom(0, 10, 60, 1000, 6000, 20_000) })

/** What a driver would notice: does each intention fit those before it? */
class Witness {
  readonly #hood: Neighbourhood
  readonly #linked = new Map<string, 'peer' | 'seed'>()
  readonly #busy = new Set<string>()
  readonly #dialled = new Set<string>()
  #now = 0

  constructor(hood: Neighbourhood) {
    this.#hood = hood
  }

  tell(event: NeighbourhoodEvent, ms: number): void {
    this.#now += ms
    if (event.type === 'linked') {
      this.#linked.set(event.peer, event.kind)
      this.#dialled.delete(event.peer)
      this.#busy.delete(event.peer)
    }
    if (event.type === 'unlinked') this.#linked.delete(event.peer)
    if (event.type === 'failed') this.#dialled.delete(event.peer)
    if (event.type === 'used') for (const { peer, busy } of event.links) busy ? this.#busy.add(peer) : this.#busy.delete(peer)
    for (const action of this.#hood.handle(event, this.#now)) this.#saw(action)
    this.#hood.check()
    expect(this.#hood.nextWake(this.#now)).to.be.above(this.#now)
  }

  #saw(action: NeighbourhoodAction): void {
    if (action.type === 'dial') {
      expect(this.#linked.has(action.peer), 'dials a neighbour').to.equal(false)
      expect(this.#dialled.has(action.peer), 'dials twice').to.equal(false)
      this.#dialled.add(action.peer)
      expect(this.#dialled.size).to.be.at.most(P.dialsAtOnce)
      return
    }
    expect(this.#linked.has(action.peer), `${action.type} of ${action.peer}, no neighbour`).to.equal(true)
    if (action.type === 'drop') {
      expect(this.#linked.get(action.peer), 'drops a seed').to.equal('peer')
      expect(this.#busy.has(action.peer), 'drops one that is busy').to.equal(false)
      this.#linked.delete(action.peer)
      return
    }
    expect(action.peers).to.have.length.at.most(P.toldPeers).and.not.include(action.peer)
    expect(new Set(action.peers)).to.have.property('size', action.peers.length)
  }
}
