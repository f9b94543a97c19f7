// Contents with priorities under one limit, in virtual time: their shares follow the weights, and the line is never idle.
import { expect } from 'chai'
import fc from 'fast-check'
import { simulate } from '../../src/sim/run.ts'
import type { Scenario } from '../../src/sim/scenario.ts'
import { type Priority, WEIGHTS } from '../../src/swarm/weights.ts'

const PIECE = 256 * 1024
const CONTENTS = 10

/** When each would be done if the rate were shared by weight to the last byte; contents of equal length, milliseconds. */
function idealDone(priorities: readonly Priority[], bytes: number, rate: number): number[] {
  const left = priorities.map(() => bytes)
  const done = priorities.map(() => Infinity)
  for (let now = 0; ; ) {
    const open = priorities.flatMap((priority, i) => (done[i] === Infinity ? [{ i, weight: WEIGHTS[priority] }] : []))
    if (open.length === 0) return done
    const weights = open.reduce((sum, { weight }) => sum + weight, 0)
    const rateOf = (weight: number): number => (rate * weight) / weights
    const step = Math.min(...open.map(({ i, weight }) => (left[i] as number) / rateOf(weight)))
    now += step
    for (const { i, weight } of open) {
      left[i] = (left[i] as number) - step * rateOf(weight)
      if ((left[i] as number) < 1e-6 * bytes) done[i] = now
    }
  }
}

describe('sim: contents under one limit', () => {
  it('ten with any priorities: each is done when its weight says, and all together when the rate says', () => {
    const priorities = fc.array(fc.constantFrom<Priority>('low', 'normal', 'high'), { minLength: CONTENTS, maxLength: CONTENTS })
    fc.assert(
      fc.property(priorities, fc.integer({ min: 500, max: 6000 }), fc.nat(1000), (priorities, downLimit, seed) => {
        const pieces = 48
        const line = { up: 100_000, down: 100_000 }
        const scenario: Scenario = {
          ...{ seed, peers: 1, pieces, pieceLength: PIECE, contents: CONTENTS, check: true },
          ...{ peerLine: line, seedLine: line, downLimit, priorities },
        }
        const [done = []] = simulate(scenario).contentDoneAt
        const ideal = idealDone(priorities, pieces * PIECE, downLimit)
        // a piece goes as one, so that each may be late by one piece of every other, and a little at the start
        const grain = (CONTENTS * PIECE) / downLimit + 100
        for (const [i, at] of ideal.entries())
          expect(done[i], `${i} ${priorities[i]}`).to.be.within(0.97 * at - grain, 1.03 * at + grain)
        const last = Math.max(...ideal)
        expect(Math.max(...(done as number[]))).to.be.within(last - (2 * PIECE) / downLimit - 100, 1.02 * last + 100)
      }),
      { numRuns: 15 },
    )
  })

  it('a limit that is wider than the line is none', () => {
    const line = { up: 2000, down: 2000 }
    const scenario: Scenario = { seed: 1, peers: 4, pieces: 64, pieceLength: PIECE, peerLine: line, seedLine: line }
    const { lastMs } = simulate(scenario)
    expect(simulate({ ...scenario, downLimit: 100_000 }).lastMs).to.be.within(0.95 * lastMs, 1.05 * lastMs)
  })

  it('nobody is taken for slow because of our own limit: hardly anything is fetched twice, though a piece takes 13 seconds', () => {
    const line = { up: 100_000, down: 100_000 }
    const scenario: Scenario = { seed: 3, peers: 3, pieces: 8, pieceLength: PIECE, peerLine: line, seedLine: line, downLimit: 20 }
    const { duplicateBytes, lastMs } = simulate({ ...scenario, check: true })
    // the seed keeps second copies back until the first receiver could pass them on, which takes longer than the swarm's patience
    expect(duplicateBytes).to.be.at.most(2 * PIECE)
    expect(lastMs).to.be.within((7 * PIECE) / 20, (9 * PIECE) / 20)
  })
})
