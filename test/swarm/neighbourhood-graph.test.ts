// What graph the neighbourhoods make: in one piece, of nearly equal degree, short, half near; and it stays so.
import { expect } from 'chai'
import { DEFAULT_NEIGHBOURHOOD_POLICY as P } from '../../src/swarm/neighbourhood-events.ts'
import { figures, type GraphFigures, Neighbourhoods, type Node, type Plan } from './neighbourhood-world.ts'

const SETTLED_MS = 15_000

describe('neighbourhoods', () => {
  const plans: Array<[what: string, plan: Omit<Plan, 'seed' | 'nodes'>]> = [
    ['at once, through one seed', {}],
    ['at once, through one seed, in 10 racks', { racks: 10 }],
    ['over a minute, through one seed', { overMs: 60_000 }],
    ['at once, through one peer', { know: 'peer' }],
    ['over a minute, through one peer, in 10 racks', { overMs: 60_000, know: 'peer', racks: 10 }],
    ['at once, on links that are hardly ever idle', { busy: 0.97 }],
  ]
  for (const nodes of [24, 100, 1200]) {
    for (const [what, plan] of plans) {
      it(`of ${nodes} that join ${what}, are one graph`, () => {
        for (let seed = 1; seed <= (nodes < 1000 ? 5 : 1); seed++) {
          const built = new Neighbourhoods({ seed, nodes, ...plan })
          built.run((plan.overMs ?? 0) + SETTLED_MS)
          expectGood(built, plan)
        }
      })
    }
  }

  it('are linked up within half a second when all come at once', () => {
    const built = new Neighbourhoods({ seed: 1, nodes: 1200 }).run(500)
    const { degrees, parts } = figures(built)
    expect(degrees.least).to.be.at.least(P.lowLinks - 1)
    expect(degrees.most).to.be.at.most(P.maxLinks)
    expect(parts).to.equal(1)
  })

  const resting: Array<[what: string, plan: Omit<Plan, 'seed' | 'nodes'>]> = [
    ['far from one another', {}],
    ['in 10 racks', { racks: 10 }],
    ['in one subnet', { racks: 1 }],
    ['side by side, in no known subnet', { latencyMs: 0.5 }],
    ['in many racks, side by side', { latencyMs: 0.5, racks: 100 }],
    ['in two places', { racks: 2 }],
  ]
  for (const [what, plan] of resting) {
    it(`come to rest: ${what}`, () => {
      const built = new Neighbourhoods({ seed: 4, nodes: 200, ...plan }).run(60_000)
      const dials = figures(built).dials
      expect(figures(built.run(60_000)).dials - dials).to.be.below(0.1)
      expect(figures(built).degrees.least).to.be.at.least(P.lowLinks)
    })
  }

  it('the same number gives the same graph', () => {
    const build = () => new Neighbourhoods({ seed: 9, nodes: 60 }).run(5000).nodes.map(node => [...node.links.keys()])
    expect(build()).to.deep.equal(build())
  })

  for (const broken of [true, false]) {
    it(`heal when a fifth ${broken ? 'crashes' : 'leaves'}`, () => {
      const built = new Neighbourhoods({ seed: 3, nodes: 400, racks: 10 }).run(SETTLED_MS)
      for (const node of built.nodes.filter((_, i) => i % 5 === 0)) built.leave(node, broken)
      built.run(SETTLED_MS)
      expectGood(built, { racks: 10 })
    })
  }

  it('of few peers link up all with all, and go on asking ever more rarely', () => {
    const built = new Neighbourhoods({ seed: 1, nodes: 5 }).run(60_000)
    for (const node of built.nodes) expect(node.peers).to.have.length(4)
    const messages = figures(built).messages
    const later = figures(built.run(60_000)).messages
    expect(later - messages).to.be.at.most(4)
  })

  it('that have everything let go of one another; who comes then, knowing one of them, finds many all the same', () => {
    const built = new Neighbourhoods({ seed: 5, nodes: 60, know: 'peer' }).run(SETTLED_MS)
    for (const node of built.nodes) node.isComplete = true
    built.run(SETTLED_MS)
    expect(figures(built).degrees.most).to.equal(0)
    const late = built.join()
    built.run(5000)
    expect(late.peers.length).to.be.at.least(P.lowLinks)
  })

  it('replace who gives nothing, and only those', () => {
    const built = new Neighbourhoods({ seed: 2, nodes: 60 }).run(SETTLED_MS)
    const [node] = built.nodes as [Node]
    const before = node.peers
    const dead = before.slice(0, 2)
    for (const { id } of dead) node.uses.set(id, { gave: 0, took: 0, busy: false, offers: true, fruitless: 5 })
    built.run(60_000)
    for (const other of dead) expect(node.peers).to.not.include(other)
    expect(node.peers.length).to.be.at.least(P.lowLinks)
    expectGood(built, {})
  })
})

function expectGood(built: Neighbourhoods, plan: Pick<Plan, 'racks' | 'busy'>): void {
  const found: GraphFigures = figures(built)
  const what = JSON.stringify(found)
  expect(found.parts, what).to.equal(1)
  expect(found.degrees.least, what).to.be.at.least(P.lowLinks - 1)
  expect(found.degrees.median, what).to.be.at.least(P.lowLinks)
  if (found.nodes >= 100) expect(found.degrees.p1, what).to.be.at.least(P.lowLinks)
  // who has more is served less by each: nearly all have as many as the others
  expect(found.degrees.p99, what).to.be.at.most(plan.busy === undefined ? P.surplusLinks + 1 : P.maxLinks)
  expect(found.degrees.most, what).to.be.at.most(P.maxLinks)
  // a random regular graph of degree 7 has about ln n / ln 6
  expect(found.diameter, what).to.be.at.most(Math.ceil(Math.log(found.nodes) / Math.log(6)) + 2)
  if (plan.racks === undefined || found.nodes < 100) return
  expect(found.nearShare, what).to.be.within(0.4, 0.65)
  expect(found.leastFar, what).to.be.at.least(1)
}
