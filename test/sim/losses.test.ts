// Few peers and their seeds in trouble: the shipped source selector ends every download, and says who failed and when.
import { expect } from 'chai'
import { findScenario, makeScenario, type NamedScenario } from '../../src/sim/catalogue.ts'
import { figuresOf, reportLines } from '../../src/sim/report.ts'
import { simulate } from '../../src/sim/run.ts'
import type { Result, Scenario } from '../../src/sim/scenario.ts'

/** 24 MiB at 12 Mbit/s, so that timeouts weigh as in a usual download. */
const SMALL = { peers: 3, pieces: 96, pieceLength: 256 * 1024, up: 1500, down: 1500 }
const SCENARIOS = ['seed-killed-reading', 'seed-frozen', 'seed-cut-from-origin', 'seed-cut-from-peers']
/** Half of the fluid bound: when the trouble begins. */
const TROUBLE_MS = (96 * 256 * 1024) / 1500 / 2

function run(name: string, sources: Scenario['sources'] = {}, peers = 3, seed = 1): { s: Scenario; r: Result } {
  const s = { ...makeScenario(findScenario(name) as NamedScenario, { ...SMALL, peers, seed }), sources, check: true }
  return { s, r: simulate(s) }
}

describe('sim: seeds in trouble', function () {
  this.timeout(60_000)

  for (const peers of [1, 2, 3]) {
    it(`${peers} that may read the origin get it all, each reading at most what is missing`, () => {
      for (const name of SCENARIOS.flatMap(n => [n, `${n}-3`])) {
        for (const seed of [1, 2]) {
          const { s, r } = run(name, {}, peers, seed)
          expect(r.failures, name).to.deep.equal([])
          expect(figuresOf(s, r).complete, name).to.equal(peers)
          expect(figuresOf(s, r).originCopies, name).to.be.below(1.6 + 0.55 * peers)
        }
      }
    })
  }

  it('an origin without ranges is read whole, once by each', () => {
    for (const name of SCENARIOS.flatMap(n => [n, `${n}-3`])) {
      const { s, r } = run(name, { originRanges: false })
      expect(figuresOf(s, r).complete, name).to.equal(3)
      expect(figuresOf(s, r).originCopies, name).to.be.at.most(4.01)
    }
  })

  it('whoever may not read the origin fails with no-source, soon after the seed was of no more use', () => {
    // the seed that is cut off from the origin says for 75 s that it is waiting, then what is wrong
    const latest = {
      'seed-killed-reading': 17_000,
      'seed-frozen': 21_000,
      'seed-cut-from-origin': 92_000,
      'seed-cut-from-peers': 22_000,
    }
    for (const [name, ms] of Object.entries(latest)) {
      const { r, s } = run(name, { mayRead: false })
      expect(
        r.failures.map(({ peer, why }) => `${peer} ${why}`),
        name,
      ).to.have.members(['0 no-source', '1 no-source', '2 no-source'])
      for (const { at } of r.failures) expect(at - TROUBLE_MS, name).to.be.within(5000 - 1000, ms)
      expect(reportLines(s, r).join('\n')).to.match(/gave up +3 with no-source; the last after \d/)
    }
  })

  it('with three seeds they get it all without the origin', () => {
    for (const name of SCENARIOS) {
      const { s, r } = run(`${name}-3`, { mayRead: false })
      expect(figuresOf(s, r).complete, name).to.equal(3)
      expect(figuresOf(s, r).originCopies, name).to.be.below(1.6)
    }
  })
})
