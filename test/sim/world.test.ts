// Virtual time and links: order, fairness and full use of lines.
import { expect } from 'chai'
import fc from 'fast-check'
import type { Link, Transfer } from '../../src/sim/link.ts'
import { Links } from '../../src/sim/links.ts'
import { World } from '../../src/sim/world.ts'

const never = (): boolean => false

describe('sim: world', () => {
  it('lets things happen by time, and at one instant in the order of planning', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { maxLength: 100 }), times => {
        const world = new World()
        const seen: [number, number][] = []
        for (const [i, time] of times.entries()) world.at(time, () => seen.push([world.now, i]))
        world.run(never, Infinity)
        const expected = times.map((time, i) => [time, i] as [number, number]).sort((a, b) => a[0] - b[0] || a[1] - b[1])
        expect(seen).to.deep.equal(expected)
        expect(world.handled).to.equal(times.length)
      }),
    )
  })

  it('never goes back, stops when it is over or late', () => {
    const world = new World()
    const seen: number[] = []
    world.at(10, () => {
      seen.push(world.now)
      world.at(3, () => seen.push(world.now))
      world.after(-5, () => seen.push(world.now))
    })
    world.at(20, () => seen.push(world.now))
    world.run(() => seen.length === 3, Infinity)
    expect(seen).to.deep.equal([10, 10, 10])
    world.run(never, 19)
    expect(world.now).to.equal(10)
    world.run(never, 20)
    expect(seen).to.deep.equal([10, 10, 10, 20])
  })
})

describe('sim: links', () => {
  /** When each of the transfers [up, down, bytes] is done, all begun at 0. */
  function run(ups: number[], downs: number[], transfers: [up: number, down: number, bytes: number][]): number[] {
    const world = new World()
    const links = new Links(world)
    const up = ups.map(rate => links.link(rate))
    const down = downs.map(rate => links.link(rate))
    const done: number[] = []
    for (const [i, [u, d, bytes]] of transfers.entries()) {
      links.start(up[u] as Link, down[d] as Link, bytes, () => {
        done[i] = world.now
      })
    }
    world.run(never, Infinity)
    return done.map(ms => Math.round(ms))
  }

  it('a lone transfer runs at the slower end', () => {
    expect(run([10], [4], [[0, 0, 4000]])).to.deep.equal([1000])
    expect(run([4], [10], [[0, 0, 4000]])).to.deep.equal([1000])
    expect(run([Infinity], [10], [[0, 0, 4000]])).to.deep.equal([400])
  })

  it('shares an uplink equally, and gives what one cannot take to the other', () => {
    const [a, b] = run(
      [10],
      [100, 100],
      [
        [0, 0, 50_000],
        [0, 1, 50_000],
      ],
    ) as [number, number]
    expect([a, b].every(ms => Math.abs(ms - 10_000) < 20)).to.equal(true)
    const [slow, fast] = run(
      [10],
      [2, 100],
      [
        [0, 0, 20_000],
        [0, 1, 80_000],
      ],
    ) as [number, number]
    expect([slow, fast].every(ms => Math.abs(ms - 10_000) < 30)).to.equal(true)
  })

  it('a finished transfer leaves its share to the rest', () => {
    const [short, long] = run(
      [10],
      [100, 100],
      [
        [0, 0, 10_000],
        [0, 1, 50_000],
      ],
    ) as [number, number]
    expect(short).to.be.closeTo(2000, 20)
    expect(long).to.be.closeTo(6000, 20)
  })

  it('a transfer stopped early tells what went over the line', () => {
    const world = new World()
    const links = new Links(world)
    const up = links.link(10)
    let transfer: Transfer | undefined
    let stopped = 0
    transfer = links.start(up, links.link(100), 1000, () => expect.fail('was stopped'))
    world.at(30, () => {
      stopped = links.stop(transfer as Transfer)
    })
    world.run(never, Infinity)
    expect(stopped).to.equal(300)
    expect(up.free).to.equal(10)
  })

  it('never uses more than a line has, loses no byte, and gives everything back', () => {
    const pair = fc.tuple(fc.nat(3), fc.nat(3), fc.integer({ min: 1, max: 5000 }), fc.nat(200))
    const rates = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 4, maxLength: 4 })
    fc.assert(
      fc.property(rates, rates, fc.array(pair, { minLength: 1, maxLength: 20 }), (ups, downs, transfers) => {
        const world = new World()
        const links = new Links(world)
        const up = ups.map(rate => links.link(rate))
        const down = downs.map(rate => links.link(rate))
        let done = 0
        for (const [u, d, bytes, at] of transfers) {
          const [from, to] = [up[u] as Link, down[d] as Link]
          world.at(at, () => {
            const begun = world.now
            links.start(from, to, bytes, () => {
              done++
              expect(world.now - begun).to.be.at.least(bytes / Math.min(from.rate, to.rate) - 1e-6)
            })
          })
        }
        for (let t = 0; t < 400; t += 7) {
          world.at(t, () => {
            for (const link of [...up, ...down]) {
              const used = link.transfers.reduce((sum, transfer) => sum + links.rateOf(transfer), 0)
              expect(used).to.be.at.most(link.rate + 1e-6)
            }
          })
        }
        world.run(never, Infinity)
        expect(done).to.equal(transfers.length)
        for (const link of [...up, ...down]) expect(link.free).to.be.closeTo(link.rate, 1e-6)
      }),
    )
  })
})
