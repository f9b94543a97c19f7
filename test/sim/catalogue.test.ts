// Every named scenario, made small (24 peers), keeps its promise for three random numbers.
import { expect } from 'chai'
import { CATALOGUE, findScenario, type Knobs, makeScenario, type NamedScenario } from '../../src/sim/catalogue.ts'
import { FIGURE_HEAD, type Figures, figureRows, figuresOf, reportLines, setupLine } from '../../src/sim/report.ts'
import { simulate } from '../../src/sim/run.ts'
import { fluidBound, type Result, type Scenario } from '../../src/sim/scenario.ts'

/** 24 MiB at 12 Mbit/s: as long as the real ones in time, so that timeouts weigh the same, and short to compute. */
const SMALL: Partial<Knobs> = { peers: 24, pieces: 96, pieceLength: 256 * 1024, up: 1500, down: 1500 }
const BOUND_MS = (96 * 256 * 1024) / 1500

interface Promised {
  /** Share of the bound that the last (or, against its own bound, the worst) peer reaches at least. */
  last: number
  median: number
  /** Copies that the seeds send, and that the origin gives, at most. */
  seedCopies: number
  originCopies?: number
  /** Share of what all need that is fetched in vain at most. Default 0.015. */
  inVain?: number
  /** Peers that need not get it all. */
  without?: number
}

/** With so few and so large pieces the start alone costs a tenth. */
const EQUAL: Promised = { last: 0.84, median: 0.85, seedCopies: 2.1 }

/** Some 3 to 5 % off what every test prints: raise them when the policy is better. */
/** Nobody believes another host's read: each of 24 reads the half that is missing itself, over a line for one. */
const LOST: Promised = { last: 0.05, median: 0.05, seedCopies: 1.5, originCopies: 14.5 }
/** The next seed gets from peers what they have, and reads the rest. */
const SUCCEEDED: Promised = { last: 0.33, median: 0.33, seedCopies: 3.6, originCopies: 2 }

const PROMISES: Record<string, Promised> = {
  'equal-24': EQUAL,
  'equal-100': EQUAL,
  'equal-1200': EQUAL,
  'equal-10000': EQUAL,
  'many-contents': { last: 0.67, median: 0.71, seedCopies: 1.95 },
  limited: { last: 0.9, median: 0.92, seedCopies: 2.85 },
  'slow-origin': { last: 0.87, median: 0.89, seedCopies: 4, originCopies: 1 },
  poisson: { last: 0.72, median: 0.96, seedCopies: 3.95 },
  waves: { last: 0.8, median: 0.93, seedCopies: 3.65 },
  mixed: { last: 0.42, median: 0.87, seedCopies: 4.1, without: 5 },
  crash: { ...EQUAL, last: 0.83, seedCopies: 2.15, without: 2 },
  silent: { ...EQUAL, last: 0.71, seedCopies: 2.12, without: 1 },
  liar: { ...EQUAL, last: 0.82, without: 1 },
  'slow-peer': { ...EQUAL, last: 0.58, seedCopies: 2.15 },
  partition: { last: 0.71, median: 0.82, seedCopies: 2.25 },
  'seed-death': { last: 0.47, median: 0.48, seedCopies: 1, originCopies: 0.4 },
  'seed-dead-when-out': { last: 0.81, median: 0.83, seedCopies: 1.88 },
  'two-seeds': { last: 0.66, median: 0.68, seedCopies: 3.1, originCopies: 1.16 },
  'seed-killed-reading': LOST,
  'seed-killed-reading-3': SUCCEEDED,
  'seed-frozen': LOST,
  'seed-frozen-3': SUCCEEDED,
  'seed-cut-from-origin': LOST,
  'seed-cut-from-origin-3': { ...SUCCEEDED, last: 0.12, median: 0.12, inVain: 0.03 },
  'seed-cut-from-peers': LOST,
  'seed-cut-from-peers-3': SUCCEEDED,
}

function run(name: string, knobs: Partial<Knobs> = {}, extra: Partial<Scenario> = {}): { s: Scenario; r: Result } {
  const s = { ...makeScenario(findScenario(name) as NamedScenario, { ...SMALL, ...knobs }), ...extra }
  return { s, r: simulate(s) }
}

/** The worst of several runs: what a promise may rise to when the policy is better. */
function show(figures: readonly Figures[]): void {
  const least = (value: (f: Figures) => number): string => Math.min(...figures.map(value)).toFixed(2)
  const most = (value: (f: Figures) => number): string => Math.max(...figures.map(value)).toFixed(2)
  const copies = `the seeds sent ${most(f => f.seedCopies)}, origin ${most(f => f.originCopies)}, in vain ${most(f => f.duplicates)}`
  console.log(`      last ${least(f => f.bound.last)}, median ${least(f => f.bound.median)}; ${copies}`)
}

describe('sim: the catalogue', () => {
  it('every scenario has a promise, a name of its own and a heading', () => {
    expect(CATALOGUE.map(n => n.name)).to.deep.equal(Object.keys(PROMISES))
    for (const { name, title } of CATALOGUE) {
      expect(name).to.match(/^[a-z0-9-]{4,24}$/)
      expect(title).to.match(/^[A-Z0-9].{10,90}$/)
    }
    expect(findScenario('nonsense')).to.equal(undefined)
  })

  for (const [name, promised] of Object.entries(PROMISES)) {
    it(`${name}, made small (${SMALL.peers} peers), keeps its promise`, () => {
      const runs = [1, 2, 3].map(seed => ({ seed, ...run(name, { seed }) }))
      const figures = runs.map(({ s, r }) => figuresOf(s, r))
      show(figures)
      for (const [i, f] of figures.entries()) {
        const { seed, s } = runs[i] as (typeof runs)[number]
        const where = `random number ${seed}`
        expect(f.complete, where).to.equal(24 - (promised.without ?? 0))
        expect(f.peers, where).to.equal(f.complete)
        expect(f.bound.last, where).to.be.within(promised.last, 1.0001)
        expect(f.bound.median, where).to.be.within(promised.median, 1.0001)
        expect(f.seedCopies, where).to.be.within(
          s.faults?.some(({ type }) => type.startsWith('seed-')) ? 0.3 : 1,
          promised.seedCopies,
        )
        expect(f.originCopies, where).to.be.within(s.originRate === undefined ? 0 : 1, promised.originCopies ?? 0)
        expect(f.duplicates, where).to.be.below(promised.inVain ?? 0.015)
      }
    })
  }

  it('the invariants of every decider hold after every event', () => {
    for (const { name } of CATALOGUE.filter(({ twist }) => twist !== undefined)) {
      const { s, r } = run(name, { peers: 20, pieces: 24 }, { check: true })
      expect(figuresOf(s, r).complete, name).to.equal(figuresOf(s, r).peers).and.be.above(15)
    }
  })

  it('a liar is banned, and nobody else is', () => {
    const { r } = run('liar')
    expect(r.bans).to.not.be.empty
    for (const ban of r.bans) expect(ban).to.match(/^p0</)
    expect(run('crash').r.bans).to.deep.equal([])
  })

  it('of mixed hosts nobody who stays is hurt by more than the own line explains: slow and usual ones', () => {
    for (const seed of [1, 2, 3]) {
      const { byClass } = run('mixed', { seed, peers: 40 }).r
      expect(Object.keys(byClass)).to.have.members(['slow', 'fast', 'normal'])
      expect(byClass.slow?.ownEfficiency.last, `slow, ${seed}`).to.be.above(0.9)
      expect(byClass.normal?.ownEfficiency.last, `normal, ${seed}`).to.be.above(0.69)
      // Who is fast and early waits for what others, four times slower, have not sent yet.
      expect(byClass.fast?.ownEfficiency.last, `fast, ${seed}`).to.be.above(0.33)
    }
  })

  it('a partition costs less than its time', () => {
    const faultless = run('equal-100').r
    const { s, r } = run('partition')
    const [cut] = s.faults ?? []
    if (cut?.type !== 'partition') throw new Error('no partition')
    expect(r.lastMs).to.be.below(faultless.lastMs + 0.75 * (cut.toMs - cut.fromMs))
  })

  it('the large ones are as the design cuts 200 MB, and the seed is twice as fast', () => {
    for (const [name, peers] of [
      ['equal-1200', 1200],
      ['equal-10000', 10_000],
    ] as const) {
      const s = makeScenario(findScenario(name) as NamedScenario)
      expect(s).to.deep.include({ peers, pieces: 763, pieceLength: 262_144, peerLine: { up: 12_500, down: 12_500 } })
      expect(s.seedLine.up).to.equal(25_000)
    }
  })

  it('equal-24 and equal-100 as they are', () => {
    for (const [name, least] of [
      ['equal-24', 0.92],
      ['equal-100', 0.9],
    ] as const) {
      const s = makeScenario(findScenario(name) as NamedScenario)
      const r = simulate(s)
      expect(r.efficiency, name).to.be.within(least, 1)
      expect(r.seedCopies, name).to.be.within(1, 1.8)
    }
  })
})

describe('sim: knobs', () => {
  const named = (name: string): NamedScenario => findScenario(name) as NamedScenario

  it('what depends on a knob follows it', () => {
    const s = makeScenario(named('slow-origin'), SMALL)
    expect(s).to.deep.include({ originRate: 750, seedLine: { up: 3000, down: 3000 } })
    expect(fluidBound(s)).to.equal(2 * BOUND_MS)
    expect(makeScenario(named('crash'), SMALL).faults?.[0]).to.deep.equal({ type: 'crash', peer: 0, at: BOUND_MS / 2 })
    expect(makeScenario(named('mixed'), SMALL).lineClasses?.[1]?.line).to.deep.equal({ up: 6000, down: 6000 })
  })

  it('what is given is taken', () => {
    const s = makeScenario(named('equal-100'), { ...SMALL, seedUp: 700, originRate: 600, neighbours: 6, seed: 9 })
    expect(s).to.deep.include({ seedLine: { up: 700, down: 1500 }, originRate: 600, neighbours: 6, seed: 9 })
  })

  it('one peer is enough for every scenario', () => {
    for (const entry of CATALOGUE) {
      const s = makeScenario(entry, { ...SMALL, peers: 1, pieces: 2 })
      expect(simulate(s).series, entry.name).to.not.be.empty
    }
  })
})

describe('sim: the report', () => {
  it('says what was simulated', () => {
    expect(setupLine(makeScenario(findScenario('equal-1200') as NamedScenario))).to.equal(
      '1,200 peers, 763 pieces of 256 KiB, links 100 Mbit/s each way, the seed 200 Mbit/s up, 5 ms',
    )
    const s = makeScenario(findScenario('two-seeds') as NamedScenario, { ...SMALL, pieces: 1, down: 3000 })
    expect(setupLine(s)).to.equal(
      '24 peers, 1 piece of 256 KiB, links 12 Mbit/s up, 24 Mbit/s down, each of 2 seeds 24 Mbit/s up, the origin 24 Mbit/s, 5 ms',
    )
  })

  it('tells of all against the bound', () => {
    const { s, r } = run('equal-100')
    const text = reportLines(s, r).join('\n')
    expect(text).to.match(/^bound +16\.8 s/)
    expect(text).to.include(`${r.efficiency.toFixed(3)} of the bound`)
    expect(text).to.match(
      /\nlost +[\d.]+ s: start [\d.]+ s, middle [\d.]+ s, tail [\d.]+ s\nthe seed sent +\d\.\d\d copies\norigin read +nothing\n/,
    )
  })

  it('tells of each class against its own bound', () => {
    const { s, r } = run('mixed')
    const text = reportLines(s, r).join('\n')
    for (const name of ['slow', 'fast', 'normal'])
      expect(text).to.match(new RegExp(`\\n {2}${name} +\\d+ peers, worst 0\\.\\d{3} of its own bound`))
    const rows = figureRows(findScenario('mixed') as NamedScenario, figuresOf(s, r), 'm.svg')
    expect(rows.map(cells => cells[0]?.split(':')[0])).to.deep.equal(['[mixed](m.svg)', 'mixed', 'mixed', 'mixed'])
    for (const cells of rows) expect(cells).to.have.length(FIGURE_HEAD.length)
  })

  it('tells who was banned, and how many did not complete', () => {
    const liar = run('liar')
    expect(reportLines(liar.s, liar.r).at(-1)).to.match(/^banned +p0; \d+ times$/)
    const stuck = run('equal-100', {}, { faults: [{ type: 'seed-death', at: 1000 }], limitMs: 60_000 })
    const lines = reportLines(stuck.s, stuck.r)
    expect(lines[0]).to.match(/^incomplete +24 of 24 peers did not complete$/)
    expect(lines.join('\n')).to.match(/last peer +never, – of the bound/)
  })
})
