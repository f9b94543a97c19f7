// A crowd at one seed that needs time for each of them: the simulator shows that nobody reads the origin besides.
import { expect } from 'chai'
import { simulate } from '../../src/sim/run.ts'
import type { Scenario } from '../../src/sim/scenario.ts'

/** 100 Mbit/s in bytes per millisecond. */
const U = 12_500
const PIECE = 1024 * 1024
/** What a client costs a seed: handshake, request, link. */
const ADMIT_MS = 25

function crowd(peers: number, admitMs: number, more: Partial<Scenario> = {}): Scenario {
  const lines = { peerLine: { up: U, down: U }, seedLine: { up: 2 * U, down: 2 * U }, originRate: U }
  return { seed: 1, peers, pieces: 16, ...lines, sources: { admitMs }, limitMs: 600_000, ...more }
}

describe('sim: a crowd at one seed', () => {
  for (const [peers, admitMs] of [
    [1200, ADMIT_MS],
    [100, 20 * ADMIT_MS],
  ] as const) {
    it(`${peers} at once, ${admitMs} ms each: the origin is read once, and all are admitted`, () => {
      const s = crowd(peers, admitMs)
      const r = simulate(s)
      expect(r.failures).to.deep.equal([])
      expect(r.doneAt.filter(at => at !== undefined)).to.have.lengthOf(peers)
      expect(r.lastMs, 'the last one is admitted').to.be.at.least(peers * admitMs)
      expect(r.lastMs).to.be.below(1.2 * peers * admitMs + 10_000)
      expect(r.originBytes / (s.pieces * PIECE)).to.be.at.most(1.01)
    })
  }

  it('frozen before it has admitted anybody: given up within 40 s, the first of them early', () => {
    const r = simulate(crowd(24, ADMIT_MS, { faults: [{ type: 'seed-frozen', at: 1 }] }))
    expect(r.failures).to.deep.equal([])
    expect(r.lastMs).to.be.below(45_000)
  })
})
