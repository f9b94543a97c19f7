// Whom a peer is told of, with few and with a crowd to choose from.
import { expect } from 'chai'
import { Introductions } from '../../src/swarm/introductions.ts'
import { NeighbourLink } from '../../src/swarm/neighbour-link.ts'
import { DEFAULT_NEIGHBOURHOOD_POLICY } from '../../src/swarm/neighbourhood-events.ts'
import { seededRandom } from '../../src/swarm/random.ts'

const COUNT = 16

describe('swarm/introductions', () => {
  for (const size of [40, 1000]) {
    describe(`with ${size} to choose from`, () => {
      it('tells each of others than itself, each once, whom it was not told of before', () => {
        const { links, introductions } = crowd(size, () => undefined)
        const one = links.get('0') as NeighbourLink
        const told = new Set<string>()
        for (let round = 0; round < 2; round++) {
          const named = introductions.choose(one, links, COUNT, 0)
          expect(named).to.have.length(COUNT)
          for (const peer of named) {
            expect(told.has(peer), peer).to.equal(false)
            told.add(peer)
            one.told(peer)
          }
        }
        expect(told.has(one.peer)).to.equal(false)
      })

      it('half of those are near, though few are', () => {
        const { links, introductions } = crowd(size, i => (i < 9 ? 'near' : `far ${i}`))
        const named = introductions.choose({ peer: 'new', group: 'near' }, links, COUNT, 0)
        expect(named.filter(peer => Number(peer) < 9)).to.have.length(COUNT / 2)
        expect(new Set(named).size).to.equal(COUNT)
      })

      it('names everybody about equally often', () => {
        const { links, introductions } = crowd(size, () => 'one')
        for (const link of links.values()) introductions.choose(link, links, COUNT, 0)
        const times = [...links.values()].map(({ popularity }) => popularity)
        expect(Math.min(...times)).to.be.at.least(COUNT / 2)
        expect(Math.max(...times)).to.be.at.most(2 * COUNT)
      })

      it('names who came since, and nobody who has gone', () => {
        const { links, introductions } = crowd(size, () => undefined)
        introductions.choose({ peer: 'new', group: undefined }, links, COUNT, 0)
        for (const peer of links.keys()) {
          if (Number(peer) < COUNT) continue
          links.delete(peer)
          introductions.forget(peer)
        }
        links.set('late', linkTo('late', undefined))
        introductions.changed()
        const named = introductions.choose({ peer: 'new', group: undefined }, links, COUNT + 5, 0)
        expect(named).to.have.members(['late', ...Array.from({ length: COUNT }, (_, i) => String(i))])
      })
    })
  }
})

function crowd(size: number, groupOf: (i: number) => string | undefined) {
  const links = new Map(Array.from({ length: size }, (_, i) => [String(i), linkTo(String(i), groupOf(i))]))
  return { links, introductions: new Introductions(DEFAULT_NEIGHBOURHOOD_POLICY, seededRandom(1)) }
}

function linkTo(peer: string, group: string | undefined): NeighbourLink {
  return new NeighbourLink({ peer, group, kind: 'peer', links: 0 }, false, 0)
}
