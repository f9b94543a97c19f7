import { expect } from 'chai'
import { findScenario, type Knobs, makeScenario, type NamedScenario } from '../../src/sim/catalogue.ts'
import { timeLost } from '../../src/sim/loss.ts'
import { marksOf } from '../../src/sim/marks.ts'
import { drawPicture } from '../../src/sim/picture.ts'
import { path, ticks } from '../../src/sim/plot.ts'
import { simulate } from '../../src/sim/run.ts'
import type { Result, Sample, Scenario } from '../../src/sim/scenario.ts'
import { type Element, elementsOf } from './well-formed.ts'

/** Edges of the panels. */
const [LEFT, RIGHT] = [112, 800]
const SMALL: Partial<Knobs> = { peers: 12, pieces: 32 }

function run(name: string, extra: Partial<Scenario> = {}): { s: Scenario; r: Result; svg: string; elements: Element[] } {
  const named = findScenario(name) as NamedScenario
  const s = { ...makeScenario(named, SMALL), ...extra }
  const r = simulate(s)
  const svg = drawPicture(named.title, s, r)
  return { s, r, svg, elements: elementsOf(svg) }
}

const withClass = (elements: readonly Element[], name: string): Element[] =>
  elements.filter(({ attributes }) => attributes.class?.split(' ').includes(name))
/** The last point of a path that is not closed. */
const endOf = (d: string | undefined): string => /(?:[ML]([\d.]+) ([\d.]+)|[HV][\d.]+)$/.exec(d ?? '')?.[0] ?? ''

describe('sim: the picture of a run', () => {
  it('is well-formed, small, and the same for the same run', () => {
    const { s, r, svg, elements } = run('equal-100')
    expect(elements[0]).to.deep.include({ name: 'svg' })
    expect(elements[0]?.attributes.xmlns).to.equal('http://www.w3.org/2000/svg')
    expect(svg.length).to.be.below(40_000)
    expect(drawPicture('100 equal peers, 200 MB', s, r)).to.equal(svg)
    expect(svg).to.not.match(/NaN|undefined|Infinity|null/)
  })

  it('has the bound as an upright line, the last peer at the right edge, and both in words', () => {
    const { r, svg, elements } = run('equal-100')
    const x = LEFT + (r.boundMs / r.lastMs) * (RIGHT - LEFT)
    const upright = withClass(elements, 'bound').filter(({ attributes: { x1, x2 } }) => x1 === x2)
    expect(upright.map(({ attributes }) => Number(attributes.x1))).to.deep.equal([Math.round(10 * x) / 10])
    expect(withClass(elements, 'last')[0]?.attributes).to.include({ x1: `${RIGHT}`, x2: `${RIGHT}` })
    expect(svg)
      .to.include(`bound ${(r.boundMs / 1000).toFixed(2)} s`)
      .and.include(`last ${(r.lastMs / 1000).toFixed(2)} s`)
    expect(svg).to.include(`reached ${r.efficiency.toFixed(3)} of the bound`)
  })

  it('draws every curve to the end: slowest, median and fastest peer all have all', () => {
    const { r, elements } = run('equal-100')
    const top = Number(elements.find(e => e.name === 'circle')?.attributes.cy)
    const dots = elements.filter(e => e.name === 'circle').map(e => e.attributes)
    expect(dots).to.have.length(2)
    for (const dot of dots) expect(dot).to.include({ cx: `${RIGHT}`, cy: `${top}` })
    const curves = elements.filter(e => e.name === 'path' && /^(rim|curve) peer$/.test(e.attributes.class ?? ''))
    const [slowest, fastest, median, , , done] = curves.map(e => e.attributes.d ?? '')
    expect(r.series.at(-1)).to.include({ slowest: 1, median: 1, fastest: 1, done: 12 })
    for (const d of [slowest, fastest, median]) expect(endOf(d)).to.match(new RegExp(`^L${RIGHT} ${top}$|^H${RIGHT}$`))
    expect(done, 'number complete').to.match(new RegExp(`(L${RIGHT} [\\d.]+|H${RIGHT})$`))
  })

  it('colours the time lost, and the parts make up the whole', () => {
    const { r, elements } = run('equal-100')
    const bars = [0, 1, 2].map(i => withClass(elements, `lost${i}`).filter(e => Number(e.attributes.height) === 14)[0] as Element)
    const from = bars.map(e => Number(e.attributes.x))
    const to = bars.map(e => Number(e.attributes.x) + Number(e.attributes.width))
    expect(from[0]).to.be.closeTo(LEFT + (r.boundMs / r.lastMs) * (RIGHT - LEFT), 0.1)
    expect(from[1]).to.be.closeTo(to[0] as number, 0.21)
    expect(from[2]).to.be.closeTo(to[1] as number, 0.21)
    expect(to[2]).to.be.closeTo(RIGHT, 0.21)
  })

  it('has a strip for the origin only where it has a rate', () => {
    expect(run('equal-100').svg).to.not.include('>origin<')
    expect(run('slow-origin').svg).to.include('>origin<').and.include('the origin was read 1.00 times')
  })

  for (const [name, words] of [
    ['crash', '1 peer crashes'],
    ['silent', '1 peer falls silent'],
    ['liar', '1 peer lies from the start'],
    ['slow-peer', '1 peer slows down'],
    ['partition', '25 % cut off'],
    ['seed-dead-when-out', 'the seed dies'],
    ['two-seeds', 'seed 1 of 2 dies'],
    ['mixed', '20 % leave, one by one'],
  ] as const) {
    it(`marks what happens: ${name}`, () => {
      const { elements, svg } = run(name)
      expect(elements.filter(e => e.name === 'text').map(e => e.text)).to.include(words)
      expect(svg.length).to.be.below(40_000)
      expect(svg).to.not.match(/NaN|undefined|Infinity|null/)
    })
  }

  it('of mixed hosts shows when they came, and how each class fared', () => {
    const { svg } = run('mixed')
    expect(svg)
      .to.include('here, and')
      .and.match(/\d+ normal: worst 0\.\d{3}, median 0\.\d{3}/)
    expect(svg).to.include('of its own bound').and.not.include('time lost')
  })

  it('of a swarm that gets stuck shows what there is, cut off where nothing happens any more', () => {
    const { r, svg, elements } = run('equal-100', { faults: [{ type: 'seed-death', at: 500 }], limitMs: 60_000 })
    expect(r.lastMs).to.equal(Infinity)
    expect(svg).to.include('not all complete').and.include('0 of 12 peers complete')
    const bound = withClass(elements, 'bound').find(({ attributes: { x1, x2 } }) => x1 === x2)
    expect(Number(bound?.attributes.x1)).to.be.within(LEFT + 300, RIGHT)
    expect(svg).to.not.match(/NaN|undefined|Infinity|null/)
  })

  it('keeps words words: a title with marks of XML', () => {
    const { s, r } = run('equal-100')
    const elements = elementsOf(drawPicture(`<a & "b">`, s, r))
    expect(elements.filter(e => e.text === '&lt;a &amp; &quot;b&quot;&gt;')).to.have.length(2)
  })
})

describe('sim: where time is lost', () => {
  /** 100 samples of 10 ms, with so much of the downlinks in use. */
  function made(use: (i: number) => number, boundMs: number): Result {
    const blank = { done: 0, slowest: 0, median: 0, fastest: 0, upUse: 0, seedUse: 0, originUse: 0 }
    const series: Sample[] = Array.from({ length: 101 }, (_, i) => ({
      ...blank,
      atMs: 10 * i,
      downUse: i === 0 ? 0 : use(i - 1),
    }))
    return {
      ...simulate(makeScenario(findScenario('equal-100') as NamedScenario, { peers: 1, pieces: 1 })),
      series,
      lastMs: 1000,
      boundMs,
    }
  }

  it('idle at first, full, idle at last', () => {
    const loss = timeLost(made(i => (i >= 20 && i < 90 ? 1 : 0), 700))
    expect(loss).to.deep.include({ fullFrom: 200, fullTo: 900 })
    expect(loss?.start).to.be.closeTo(200, 1e-6)
    expect(loss?.middle).to.be.closeTo(0, 1e-6)
    expect(loss?.tail).to.be.closeTo(100, 1e-6)
  })

  it('never quite full is lost in the middle', () => {
    const loss = timeLost(made(() => 0.8, 800))
    expect([loss?.start, loss?.middle, loss?.tail].map(n => Math.round(n ?? NaN))).to.deep.equal([0, 200, 0])
  })

  it('what is won back was not lost', () => {
    // The bound needs half of the lines: behind a slow start the swarm catches up.
    const loss = timeLost(made(i => (i < 10 ? 0 : i < 30 ? 0.75 : i < 90 ? 0.5 : 0), 900)) as NonNullable<
      ReturnType<typeof timeLost>
    >
    expect(loss.start + loss.middle + loss.tail).to.be.closeTo(100, 1e-6)
    for (const part of [loss.start, loss.middle, loss.tail]) expect(part).to.be.at.least(0)
  })

  it('says nothing of peers that come later, or of a swarm that never is complete', () => {
    const r = made(() => 1, 900)
    expect(timeLost({ ...r, joinedAt: [0, 5] })).to.equal(undefined)
    expect(timeLost({ ...r, lastMs: Infinity })).to.equal(undefined)
    expect(timeLost(made(() => 0, 900))).to.equal(undefined)
  })

  it('in a real run the parts make up what is missing to the bound', () => {
    for (const name of ['equal-100', 'slow-origin', 'crash', 'partition']) {
      const r = simulate(makeScenario(findScenario(name) as NamedScenario, SMALL))
      const { start, middle, tail } = timeLost(r) as NonNullable<ReturnType<typeof timeLost>>
      expect(start + middle + tail, name).to.be.closeTo(r.lastMs - r.boundMs, 1e-6 * r.lastMs)
    }
  })
})

describe('sim: marks', () => {
  it('equal faults at the same time are one, in order of time', () => {
    const s = makeScenario(findScenario('equal-100') as NamedScenario, SMALL)
    const faults = [
      { type: 'crash', peer: 1, at: 900 },
      { type: 'silent', peer: 2, at: 300 },
      { type: 'crash', peer: 3, at: 900 },
    ] as const
    expect(marksOf({ ...s, faults }, simulate(s)).map(({ label, from }) => [label, from])).to.deep.equal([
      ['1 peer falls silent', 300],
      ['2 peers crash', 900],
    ])
  })
})

describe('sim: plot', () => {
  it('round ticks', () => {
    expect(ticks(10, 5)).to.deep.equal([0, 2, 4, 6, 8, 10])
    expect(ticks(1.3, 5)).to.deep.equal([0, 0.5, 1])
    expect(ticks(120.4, 9)).to.deep.equal([0, 20, 40, 60, 80, 100, 120])
    for (const end of [0.001, 0.7, 3, 99, 1e5]) expect(ticks(end, 9).length, `${end}`).to.be.within(3, 12)
  })

  it('paths leave out what only lengthens a level or upright line', () => {
    const points = [
      [0, 0],
      [1, 0],
      [2, 0],
      [2, 5],
      [3, 6.04],
    ] as const
    expect(path(points)).to.equal('M0 0H2V5L3 6')
  })
})

describe('sim: the check of XML itself', () => {
  for (const bad of [
    '<a>',
    '<a></b>',
    '<a b="1" b="2"/>',
    '<a/><b/>',
    '<a>x & y</a>',
    '<a b="<"/>',
    '<a b=1/>',
    'x<a/>',
    '<a><b></a></b>',
  ])
    it(`refuses ${bad}`, () => expect(() => elementsOf(bad)).to.throw())
  it('takes elements, attributes and escaped text', () => {
    expect(elementsOf('<a b="1 &lt;"><c/>x &amp; y</a>')).to.deep.equal([
      { name: 'a', attributes: { b: '1 &lt;' }, text: 'x &amp; y' },
      { name: 'c', attributes: {}, text: '' },
    ])
  })
})
