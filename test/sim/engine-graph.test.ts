// The graphs that peers make: given, and found by themselves.
import { expect } from 'chai'
import { planPeers } from '../../src/sim/arrivals.ts'
import type { SimHost } from '../../src/sim/host.ts'
import { makeHosts, makeMachines, newMeters } from '../../src/sim/hosts.ts'
import type { SimPeer } from '../../src/sim/peer.ts'
import type { Scenario } from '../../src/sim/scenario.ts'
import { startSeeds } from '../../src/sim/seeding.ts'
import { newSurroundings } from '../../src/sim/surroundings.ts'
import { seededRandom } from '../../src/swarm/random.ts'

const LINE = { up: 1, down: 1 }
/** So slow that nobody is done while it is looked at. */
const SLOW: Scenario = { seed: 1, peers: 200, pieces: 32, peerLine: LINE, seedLine: LINE }

/** The peers after so much time, and how many neighbours among each other each has. */
function grow(s: Scenario, ms: number): { peers: readonly SimPeer[]; degrees: number[] } {
  const meters = newMeters()
  const around = newSurroundings(s, meters.origin)
  const random = seededRandom(s.seed)
  const hosts = makeHosts(s, around, makeMachines(s, around, meters), { content: 0, random })
  startSeeds(s, hosts.seeds, around)
  planPeers(s, hosts, around, random)
  around.world.run(() => false, ms)
  const peers = hosts.peers.filter(p => p.isHere)
  return { peers, degrees: peers.map(p => p.neighbours.filter(n => n.kind === 'peer').length).toSorted((a, b) => a - b) }
}

function reached(from: SimHost): number {
  const seen = new Set([from])
  for (const host of seen) for (const n of host.neighbours) if (n.kind === 'peer') seen.add(n)
  return seen.size
}

/** All of them are there, in one piece, and each link is known to both of its ends. */
function expectWhole(peers: readonly SimPeer[], count: number): void {
  expect(peers).to.have.length(count)
  expect(reached(peers[0] as SimPeer)).to.equal(count)
  for (const peer of peers) for (const n of peer.neighbours) expect(n.hears(peer), `${n.id} hears ${peer.id}`).to.equal(true)
}

describe('sim: graphs', () => {
  it('given at once: connected, and nearly regular', () => {
    const { peers, degrees } = grow(SLOW, 100)
    expect(degrees[0]).to.be.at.least(8)
    expect(degrees.at(-1)).to.equal(10)
    expectWhole(peers, 200)
  })

  it('given one by one: connected, and nobody has very many', () => {
    const { peers, degrees } = grow({ ...SLOW, joins: { type: 'poisson', meanMs: 10 } }, 5000)
    expect(degrees[0]).to.be.at.least(5)
    expect(degrees.at(-1)).to.be.at.most(20)
    expectWhole(peers, 200)
  })

  const found: [way: string, s: Partial<Scenario>, ms: number][] = [
    ['through the seed', {}, 3000],
    ['from one address each', { knowSeed: 0, joins: { type: 'poisson', meanMs: 10 } }, 8000],
  ]
  for (const [way, more, ms] of found) {
    it(`found ${way}: connected, enough for all, too many for none`, () => {
      const { peers, degrees } = grow({ ...SLOW, discovery: 'exchange', ...more }, ms)
      expect(degrees[0]).to.be.at.least(4)
      expect(degrees.at(-1)).to.be.at.most(10)
      expect(degrees[100]).to.be.within(6, 8)
      expectWhole(peers, 200)
    })
  }

  it('who leaves is forgotten, and replaced', () => {
    const leaves = { share: 0.3, fromMs: 3000, toMs: 3100 }
    // not at a full second, when links are dropped: the other end hears of that a little later
    const { peers, degrees } = grow({ ...SLOW, discovery: 'exchange', leaves }, 9500)
    expectWhole(peers, 140)
    expect(peers.every(p => p.neighbours.every(n => n.acts))).to.equal(true)
    expect(degrees[0]).to.be.at.least(4)
    expect(degrees[70]).to.be.within(6, 8)
  })
})
