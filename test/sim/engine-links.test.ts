// Links settle only where something has happened, and still come to the max-min fair rates.
import { expect } from 'chai'
import fc from 'fast-check'
import type { Link, Transfer } from '../../src/sim/link.ts'
import { Links } from '../../src/sim/links.ts'
import { Meter } from '../../src/sim/meter.ts'
import { World } from '../../src/sim/world.ts'

const never = (): boolean => false
/** Longer than any test takes. */
const ENDLESS = 1e12

type Pair = readonly [up: number, down: number]

/** Slow and obvious: the tightest link gives each of its transfers an equal share, then the next one. */
function maxMin(ups: readonly number[], downs: readonly number[], pairs: readonly Pair[]): number[] {
  const rates = pairs.map(() => -1)
  const lines = [...ups, ...downs]
  for (;;) {
    let tightest: number[] = []
    let share = Infinity
    for (const [line, capacity] of lines.entries()) {
      const on = [...pairs.keys()].filter(i => pairs[i]?.[0] === line || (pairs[i]?.[1] as number) + ups.length === line)
      const open = on.filter(i => rates[i] === -1)
      const left = on.reduce((sum, i) => sum - Math.max(0, rates[i] as number), capacity)
      if (open.length === 0 || left / open.length >= share) continue
      share = left / open.length
      tightest = open
    }
    if (tightest.length === 0) return rates
    for (const i of tightest) rates[i] = share
  }
}

interface Net {
  world: World
  links: Links
  up: Link[]
  down: Link[]
}

function net(ups: readonly number[], downs: readonly number[]): Net {
  const world = new World()
  const links = new Links(world)
  return { world, links, up: ups.map(r => links.link(r)), down: downs.map(r => links.link(r)) }
}

function start({ links, up, down }: Net, [u, d]: Pair): Transfer {
  return links.start(up[u] as Link, down[d] as Link, ENDLESS, () => expect.fail('endless'))
}

function expectFair(n: Net, lines: [ups: readonly number[], downs: readonly number[]], flows: Map<Transfer, Pair>): void {
  const fair = maxMin(...lines, [...flows.values()])
  const real = [...flows.keys()].map(t => n.links.rateOf(t))
  for (const [i, rate] of real.entries()) expect(rate / (fair[i] as number)).to.be.within(0.88, 1.12)
  const sum = (rates: readonly number[]): number => rates.reduce((a, b) => a + b, 0)
  expect(sum(real) / sum(fair)).to.be.within(0.97, 1.03)
}

const lines = fc.array(fc.integer({ min: 5, max: 100 }), { minLength: 12, maxLength: 12 })
const pairs = fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { minLength: 1, maxLength: 100 })

describe('sim: settling', () => {
  it('comes to the max-min fair rates on random graphs, and to rest', () => {
    fc.assert(
      fc.property(lines, lines, pairs, (ups, downs, flows) => {
        const n = net(ups, downs)
        const transfers = new Map(flows.map(pair => [start(n, pair), pair]))
        n.world.run(never, 1000)
        expectFair(n, [ups, downs], transfers)
        expect(n.world.now, 'at rest after half a second').to.be.below(500)
      }),
    )
  })

  it('comes to them again after some have left and others come', () => {
    fc.assert(
      fc.property(lines, lines, pairs, pairs, (ups, downs, first, second) => {
        const n = net(ups, downs)
        const transfers = new Map(first.map(pair => [start(n, pair), pair]))
        n.world.run(never, 1000)
        for (const [i, transfer] of [...transfers.keys()].entries()) {
          if (i % 2 === 0) continue
          n.links.stop(transfer)
          transfers.delete(transfer)
        }
        for (const pair of second) transfers.set(start(n, pair), pair)
        n.world.run(never, 2000)
        expectFair(n, [ups, downs], transfers)
      }),
    )
  })

  it('lets equal shares be equal', () => {
    const n = net([100, 100], [100, 100, 100, 100])
    const flows = [0, 1, 2, 3].map(d => start(n, [d % 2, d]))
    n.world.run(never, 1000)
    for (const flow of flows) expect(n.links.rateOf(flow)).to.be.closeTo(50, 0.5)
  })

  it('a line that gets slower is shared anew at once, one that gets faster soon', () => {
    const n = net([100], [100, 100])
    const flows = [start(n, [0, 0]), start(n, [0, 1])]
    n.world.run(never, 100)
    n.links.setLine(n.up[0] as Link, 10)
    for (const flow of flows) expect(n.links.rateOf(flow)).to.be.closeTo(5, 0.1)
    n.links.setLine(n.up[0] as Link, 80)
    n.world.run(never, 200)
    for (const flow of flows) expect(n.links.rateOf(flow)).to.be.closeTo(40, 0.5)
    expect(n.up[0]?.free).to.be.closeTo(0, 1e-6)
  })

  it('what is cut off stalls and leaves its share to the others, then goes on', () => {
    const n = net([100], [100, 100])
    let doneAt = 0
    const cut = n.links.start(n.up[0] as Link, n.down[0] as Link, 10_000, () => {
      doneAt = n.world.now
    })
    const other = start(n, [0, 1])
    n.world.at(100, () => n.links.setSide(n.down[0] as Link, 1))
    n.world.run(never, 200)
    expect(n.links.rateOf(cut)).to.equal(0)
    expect(n.links.rateOf(other)).to.be.closeTo(100, 1)
    const moved = n.links.moved(cut)
    const late = n.links.start(n.up[0] as Link, n.down[0] as Link, 100, () => {})
    n.world.run(never, 1000)
    expect(n.links.moved(cut)).to.equal(moved)
    expect(n.links.moved(late)).to.equal(0)
    n.world.at(1000, () => n.links.setSide(n.down[0] as Link, 0))
    n.world.run(() => doneAt > 0, 10_000)
    expect(doneAt - 1000).to.be.closeTo((10_000 - moved) / 50, 20)
  })

  it('meters what a line carries of what it could', () => {
    const world = new World()
    const links = new Links(world)
    const meter = new Meter()
    const ups = [10, 30].map(rate => links.link(rate, meter))
    for (const up of ups) links.meter(up, true)
    links.start(ups[0] as Link, links.link(Infinity), 1000, () => {})
    world.run(never, 50)
    world.at(50, () => expect(meter.take(world.now)).to.be.closeTo(0.25, 1e-9))
    world.at(200, () => expect(meter.take(world.now), '50 of 150 ms').to.be.closeTo(0.25 / 3, 1e-9))
    world.at(300, () => expect(meter.take(world.now)).to.equal(0))
    world.run(never, Infinity)
    expect(world.now).to.equal(300)
  })
})
