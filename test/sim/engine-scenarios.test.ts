// What a scenario can say, each with what must follow from it; small swarms, checked after every event.
import { expect } from 'chai'
import { simulate } from '../../src/sim/run.ts'
import { type Fault, fairRate, fluidBound, REST_CLASS, type Result, type Scenario } from '../../src/sim/scenario.ts'

/** 100 Mbit/s in bytes per millisecond. */
const U = 12_500
const PIECE = 1024 * 1024
const LINE = { up: U, down: U }
const SMALL: Scenario = { seed: 1, peers: 24, pieces: 32, peerLine: LINE, seedLine: { up: 2 * U, down: 2 * U }, check: true }
const CONTENT = SMALL.pieces * PIECE

function complete(r: Result): number {
  return r.doneAt.filter(at => at !== undefined).length
}

function expectAllDone(r: Result, s: Scenario = SMALL): void {
  expect(complete(r)).to.equal(s.peers)
  expect(r.lastMs).to.equal(Math.max(...(r.doneAt as number[])))
}

describe('sim: mixed hosts', () => {
  const lineClasses = [
    { name: 'slow', share: 0.25, line: { up: U / 4, down: U / 4 } },
    { name: 'fast', share: 0.125, line: { up: 4 * U, down: 4 * U } },
  ]
  const mixed: Scenario = { ...SMALL, pieces: 64, lineClasses }
  const content = 64 * PIECE

  it('have their lines, and are counted apart', () => {
    const r = simulate(mixed)
    expectAllDone(r)
    expect(Object.fromEntries(Object.entries(r.byClass).map(([name, c]) => [name, c.count]))).to.deep.equal({
      slow: 6,
      fast: 3,
      [REST_CLASS]: 15,
    })
    expect(r.byClass.slow?.lastMs).to.be.at.least(content / (U / 4))
    expect(r.boundMs).to.equal(content / (U / 4))
    expect(r.lastMs).to.equal(r.byClass.slow?.lastMs)
    expect(r.byClass[REST_CLASS]?.medianMs, 'does not wait for the slow').to.be.below(0.7 * (content / (U / 4)))
    for (const c of Object.values(r.byClass)) {
      expect(c.medianMs).to.be.at.most(c.lastMs)
      expect(c.ownEfficiency.last).to.be.within(r.worstOwn, 1)
    }
  })

  it('each have their own bound: own line, seed, and what all uplinks can give', () => {
    const r = simulate(mixed)
    const bounds = [...new Set(r.ownBoundMs)].toSorted((a, b) => a - b)
    // the seed's line is 2 U, so a fast peer cannot have it faster than that
    expect(bounds).to.deep.equal([content / (2 * U), content / U, content / (U / 4)])
    const poor = { ...SMALL, peers: 4, peerLine: { up: U / 4, down: U }, seedLine: { up: U, down: U } }
    expect(fairRate(poor), 'all uplinks, 2 U, for four').to.equal(U / 2)
    expect(simulate(poor).ownBoundMs).to.deep.equal([0, 1, 2, 3].map(() => CONTENT / (U / 2)))
    expect(fluidBound(poor)).to.equal(CONTENT / (U / 2))
    expect(fairRate({ ...SMALL, peers: 10 })).to.equal(Infinity)
  })

  it('no peer is faster than its own bound', () => {
    for (let seed = 1; seed < 6; seed++) {
      const r = simulate({ ...mixed, seed, check: false })
      for (const [i, own] of r.ownBoundMs.entries()) {
        expect((r.doneAt[i] as number) - (r.joinedAt[i] as number)).to.be.at.least(own - 1e-6)
      }
    }
  })
})

describe('sim: coming and going', () => {
  it('waves', () => {
    const r = simulate({ ...SMALL, joins: { type: 'waves', size: 10, everyMs: 1500 } })
    expect(r.joinedAt).to.deep.equal(Array.from({ length: 24 }, (_, i) => Math.floor(i / 10) * 1500))
    expectAllDone(r)
    expect(r.boundMs).to.equal(3000 + CONTENT / U)
    expect(r.efficiency).to.be.within(0.6, 1)
  })

  it('one by one: who comes late is done with its own line', () => {
    const s: Scenario = { ...SMALL, joins: { type: 'poisson', meanMs: 500 } }
    const r = simulate(s)
    expect(r.joinedAt).to.deep.equal(r.joinedAt.toSorted((a, b) => a - b))
    expect(r.joinedAt[0]).to.equal(0)
    expect(r.joinedAt[23]).to.be.within(0.3 * 23 * 500, 2 * 23 * 500)
    expectAllDone(r)
    expect(r.worstOwn).to.be.within(0.5, 1)
    expect(simulate({ ...s, seed: 2 }).joinedAt).to.not.deep.equal(r.joinedAt)
  })

  it('who leaves need not be done; all others are', () => {
    const r = simulate({ ...SMALL, leaves: { share: 0.25, fromMs: 500, toMs: 2000 } })
    expect(complete(r), 'six left too early').to.equal(18)
    expect(r.lastMs).to.be.below(Infinity)
    expect(r.bans).to.deep.equal([])
    expect(Object.values(r.byClass).reduce((n, c) => n + c.count, 0)).to.equal(18)
    expect(r.series.at(-1)?.done).to.equal(18)
  })
})

describe('sim: trouble', () => {
  it('a line that gets slow hurts its owner alone, and is taken into account', () => {
    const slow: Fault = { type: 'slow', peer: 5, at: 1000, line: { up: U / 10, down: U / 10 } }
    const r = simulate({ ...SMALL, faults: [slow] })
    expectAllDone(r)
    const own = 1000 + (CONTENT - 1000 * U) / (U / 10)
    expect(r.ownBoundMs[5]).to.be.closeTo(own, 1e-6)
    expect(r.doneAt[5]).to.be.at.least(own)
    expect(r.boundMs).to.be.closeTo(own, 1e-6)
    const others = r.doneAt.filter((_, i) => i !== 5) as number[]
    expect(Math.max(...others)).to.be.below(own / 2)
  })

  it('a line may have got slow before its owner comes', () => {
    const slow: Fault = { type: 'slow', peer: 23, at: 100, line: { up: U / 2, down: U / 2 } }
    const r = simulate({ ...SMALL, joins: { type: 'waves', size: 12, everyMs: 500 }, faults: [slow] })
    expectAllDone(r)
    expect(r.ownBoundMs[23]).to.equal(CONTENT / (U / 2))
  })

  it('nothing passes a partition, and all goes on when it heals', () => {
    const one: Scenario = { ...SMALL, peers: 1 }
    const whole = simulate(one)
    const cut = simulate({ ...one, faults: [{ type: 'partition', share: 1, fromMs: 500, toMs: 3500 }] })
    expect(cut.lastMs - whole.lastMs).to.be.within(2990, 3100)
    expect(cut.duplicateBytes).to.be.at.most(4 * PIECE)
    const held = cut.series.filter(s => s.atMs > 600 && s.atMs < 3500).map(s => s.fastest)
    expect(held).to.not.be.empty
    expect(new Set(held).size, 'nothing came').to.equal(1)
  })

  it('half a swarm cut off from the seed completes when it heals', () => {
    const r = simulate({ ...SMALL, faults: [{ type: 'partition', share: 0.5, fromMs: 500, toMs: 4000 }] })
    expectAllDone(r)
    expect(r.doneAt.filter(at => (at as number) > 4000)).to.have.length.of.at.least(12)
    expect(r.bans).to.deep.equal([])
  })

  it('two partitions at a time', () => {
    const faults: Fault[] = [
      { type: 'partition', share: 0.5, fromMs: 500, toMs: 3000 },
      { type: 'partition', share: 0.5, fromMs: 1000, toMs: 4000 },
    ]
    expectAllDone(simulate({ ...SMALL, faults }))
  })

  it('a fault of nobody is refused', () => {
    expect(() => simulate({ ...SMALL, faults: [{ type: 'crash', peer: 24, at: 0 }] })).to.throw(RangeError)
    expect(() => simulate({ ...SMALL, faults: [{ type: 'seed-death', at: 0, which: 1 }] })).to.throw(RangeError)
  })
})

describe('sim: seeds and the origin', () => {
  it('several seeds: the origin is read once', () => {
    const r = simulate({ ...SMALL, seeds: 3, originRate: U })
    expectAllDone(r)
    expect(r.originBytes).to.equal(CONTENT)
    expect(r.boundMs).to.equal(CONTENT / U)
  })

  it('the next seed reads on when the first dies, and leaves out what the swarm has', () => {
    const faults: Fault[] = [{ type: 'seed-death', at: 2000 }]
    const r = simulate({ ...SMALL, seeds: 2, originRate: U / 2, faults })
    expectAllDone(r)
    expect(r.originBytes).to.be.within(CONTENT, CONTENT + 4 * PIECE)
    const none = simulate({ ...SMALL, originRate: U / 2, faults, limitMs: 20_000 })
    expect(complete(none)).to.equal(0)
    expect(none.lastMs).to.equal(Infinity)
    expect(none.worstOwn).to.equal(0)
  })

  it('all seeds have everything where the origin has no limit', () => {
    const r = simulate({ ...SMALL, seeds: 2, faults: [{ type: 'seed-death', at: 0, which: 0 }] })
    expectAllDone(r)
    expect(r.originBytes).to.equal(0)
  })

  /** The origin is four times as fast as a peer's line, and all are told so or not. */
  const fastOrigin: Scenario = { ...SMALL, pieces: 256, pieceLength: PIECE / 4, originRate: 4 * U, peersReadOrigin: true }
  const both = (s: Scenario) => [false, true].map(tellOriginRate => simulate({ ...s, tellOriginRate })) as [Result, Result]

  for (const peers of [1, 8, 24]) {
    it(`${peers} behind a thin seed, told of a fast origin, take some of it themselves, few of them and once`, () => {
      const seedLine = { up: U / 8, down: 4 * U }
      const [untold, told] = both({ ...fastOrigin, peers, seedLine, check: false })
      const content = 64 * PIECE
      for (const r of [untold, told]) expect(complete(r)).to.equal(peers)
      expect(untold.originBytes).to.equal(content)
      expect(told.originBytes / content).to.be.within(1.1, 2.5)
      expect(told.lastMs).to.be.below(untold.lastMs / 2)
      expect(told.boundMs, 'they need not wait for the seed').to.be.below(content / seedLine.up)
    })
  }

  const thin = { up: U / 40, down: U / 40 }
  for (const [name, change, copies] of [
    ['a swarm whose seed keeps up', {}, 1.01],
    ['a swarm of thin lines', { peerLine: { up: U / 4, down: U / 4 }, seedLine: { up: U / 2, down: 4 * U } }, 1.025],
    ['one far from a seed that is near the origin', { peers: 1, peerLine: thin, seedLine: { up: 40 * U, down: 40 * U } }, 1.1],
  ] as const) {
    it(`${name}, told of a fast origin, leaves it alone but for a try`, () => {
      const [untold, told] = both({ ...fastOrigin, ...change, check: false })
      expect(told.originBytes / untold.originBytes).to.be.below(copies)
      expect(told.lastMs).to.be.below(1.03 * untold.lastMs)
    })
  }

  it('may be read in random order', () => {
    const r = simulate({ ...SMALL, originRate: U / 2, originOrder: 'random' })
    expectAllDone(r)
    expect(r.originBytes).to.equal(CONTENT)
    expect(r.lastMs).to.be.below(2 * (CONTENT / (U / 2)))
  })
})

describe('sim: messages and neighbours', () => {
  it('collected news are fewer messages, and lose little time', () => {
    const [together, singly] = [100, 0].map(announceMs => simulate({ ...SMALL, announceMs }))
    expectAllDone(together as Result)
    expect(together?.messages).to.be.below(0.95 * (singly?.messages as number))
    expect(together?.lastMs).to.be.below(1.2 * (singly?.lastMs as number))
    expect(together?.messagesPerPiece).to.equal((together?.messages as number) / (24 * 32))
  })

  it('peers find each other through the seed', () => {
    const r = simulate({ ...SMALL, discovery: 'exchange' })
    expectAllDone(r)
    expect(r.efficiency).to.be.above(0.5)
    expect(r.seedCopies, 'peers give most').to.be.below(6)
  })

  it('peers that know one another peer only find the rest', () => {
    const r = simulate({ ...SMALL, discovery: 'exchange', knowSeed: 1, joins: { type: 'poisson', meanMs: 50 } })
    expectAllDone(r)
  })

  it('a swarm whose peers come, leave and crash stays connected', () => {
    const faults: Fault[] = [1, 2, 3].map(peer => ({ type: 'crash', peer, at: 1000 }))
    const joins = { type: 'waves', size: 6, everyMs: 500 } as const
    const leaves = { share: 0.25, fromMs: 1500, toMs: 3000 }
    const r = simulate({ ...SMALL, discovery: 'exchange', joins, leaves, faults })
    expect(r.lastMs).to.be.below(Infinity)
  })
})

describe('sim: figures', () => {
  it('percentiles follow from the single times', () => {
    const r = simulate({ ...SMALL, peers: 200, pieces: 8, check: false })
    const times = (r.doneAt as number[]).toSorted((a, b) => a - b)
    expect([r.medianMs, r.p99Ms, r.lastMs]).to.deep.equal([times[99], times[197], times[199]])
    expect(r.efficiency).to.equal(r.boundMs / r.lastMs)
    const own = (i: number): number => (r.boundMs as number) / (times[i] as number)
    expect(r.ownEfficiency.last).to.be.closeTo(own(199), 1e-9)
    expect(r.ownEfficiency.p99).to.be.closeTo(own(197), 1e-9)
    expect(r.ownEfficiency.median).to.be.closeTo(own(99), 1e-9)
    expect(r.worstOwn).to.equal(r.ownEfficiency.last)
  })

  it('the series goes from nothing to everything, and its uses account for all bytes', () => {
    const r = simulate({ ...SMALL, check: false, pieces: 64 })
    const { series } = r
    expect(series).to.have.length.within(120, 260)
    expect(series[0]).to.include({ atMs: 0, done: 0, slowest: 0, fastest: 0 })
    expect(series.at(-1)).to.include({ atMs: r.lastMs, done: 24, slowest: 1, median: 1, fastest: 1 })
    let [received, sent, seeded] = [0, 0, 0]
    for (const [i, s] of series.entries()) {
      const before = series[i - 1]
      for (const use of [s.upUse, s.downUse, s.seedUse]) expect(use).to.be.within(0, 1)
      expect(s.originUse).to.equal(0)
      expect(s.slowest <= s.median && s.median <= s.fastest).to.equal(true)
      if (before === undefined) continue
      for (const key of ['done', 'slowest', 'median', 'fastest'] as const) expect(s[key]).to.be.at.least(before[key])
      const ms = s.atMs - before.atMs
      received += s.downUse * 24 * U * ms
      sent += s.upUse * 24 * U * ms
      seeded += s.seedUse * 2 * U * ms
    }
    const content = 64 * PIECE
    expect(seeded / content).to.be.closeTo(r.seedCopies, 0.02)
    expect(received).to.be.closeTo(sent + seeded, 1e-3 * received)
    expect(received).to.be.within(24 * content - 1, 24 * content + r.duplicateBytes + 24 * PIECE)
  })

  it('a long run has no more samples than a short one', () => {
    const r = simulate({ ...SMALL, faults: [{ type: 'seed-death', at: 500 }], limitMs: 60_000 })
    expect(r.series.length).to.be.within(100, 260)
    expect(r.series.at(-1)?.atMs).to.be.above(58_000)
  })

  it('one number reproduces a run with everything in it, to the bit', () => {
    const s: Scenario = {
      ...SMALL,
      lineClasses: [{ name: 'slow', share: 0.2, line: { up: U / 3, down: U / 3 } }],
      seeds: 2,
      originRate: U,
      peersReadOrigin: true,
      discovery: 'exchange',
      joins: { type: 'poisson', meanMs: 50 },
      leaves: { share: 0.2, fromMs: 1000, toMs: 4000 },
      faults: [
        { type: 'seed-death', at: 1500 },
        { type: 'crash', peer: 2, at: 1000 },
        { type: 'silent', peer: 3, at: 1000 },
        { type: 'liar', peer: 4 },
        { type: 'slow', peer: 5, at: 1000, line: { up: U / 10, down: U / 10 } },
        { type: 'partition', share: 0.3, fromMs: 1000, toMs: 2000 },
      ],
    }
    const first = simulate(s)
    expect(first.lastMs).to.be.below(Infinity)
    expect(simulate(s)).to.deep.equal(first)
    expect(simulate({ ...s, seed: 2 })).to.not.deep.equal(first)
  })
})
