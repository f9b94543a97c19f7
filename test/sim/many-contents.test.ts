// Hosts that download many contents at once through one seed: the silence of one of them is no reason to read the origin for it.
import { expect } from 'chai'
import { simulate } from '../../src/sim/run.ts'
import type { Result, Scenario } from '../../src/sim/scenario.ts'

const PIECE = 1024 * 1024
/** 48 Mbit/s in bytes per millisecond. */
const SLOW = 6000
const HOSTS = 8
/** A model in files; the seed's line is no faster than a host's, so that each file gets little of it. */
const FILES: Scenario = {
  ...{ seed: 1, peers: HOSTS, pieces: 12, pieceLength: PIECE, contents: 8, check: true },
  ...{ peerLine: { up: SLOW, down: SLOW }, seedLine: { up: SLOW, down: 12_500 }, originRate: 12_500 },
}
const MODEL: Scenario = { ...FILES, sources: {} }

function copies({ originBytes }: Result, { contents = 1, pieces, pieceLength = PIECE }: Scenario): number {
  return originBytes / (contents * pieces * pieceLength)
}

function expectAllDone(r: Result): void {
  expect(r.failures).to.deep.equal([])
  expect(r.doneAt.filter(at => at !== undefined)).to.have.lengthOf(HOSTS)
}

describe('sim: many contents at once from one seed', function () {
  this.timeout(60_000)

  for (const [name, change] of [
    ['8 files', {}],
    ['8 files at half the rate', { peerLine: { up: SLOW / 2, down: SLOW / 2 }, seedLine: { up: SLOW / 2, down: 12_500 } }],
    ['20 files', { contents: 20 }],
    ['20 files of an origin whose rate all are told', { contents: 20, originRate: 50_000, tellOriginRate: true }],
  ] as const) {
    it(`${name} leave the origin once`, () => {
      for (const seed of [1, 2]) {
        const s = { ...MODEL, ...change, seed }
        const r = simulate(s)
        expectAllDone(r)
        expect(copies(r, s), `random number ${seed}`).to.equal(1)
      }
    })
  }

  it('a seed that freezes is replaced as soon as one that had only one content to give', () => {
    const faults = [{ type: 'seed-frozen', at: 5000 }] as const
    const [alone, together] = [{ contents: 1, pieces: 96 }, {}].map(change => simulate({ ...MODEL, ...change, faults })) as [
      Result,
      Result,
    ]
    for (const r of [alone, together]) expectAllDone(r)
    expect(together.lastMs).to.be.below(alone.lastMs)
  })

  it('a faster origin is weighed against what all contents of the host get', () => {
    const line = { up: SLOW / 2, down: SLOW / 2 }
    const small = { ...FILES, pieces: 100, pieceLength: PIECE / 4, check: false }
    const s: Scenario = { ...small, peerLine: line, seedLine: { ...line, down: 12_500 }, peersReadOrigin: true }
    const [untold, told] = [false, true].map(tellOriginRate => simulate({ ...s, tellOriginRate })) as [Result, Result]
    expectAllDone(told)
    expect(copies(told, s)).to.be.below(copies(untold, s) + 0.01)
  })
})
