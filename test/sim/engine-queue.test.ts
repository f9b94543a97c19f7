// The queues of virtual time: alarms that are moved and taken back, lanes, and news that go out together.
import { expect } from 'chai'
import fc from 'fast-check'
import { Call } from '../../src/sim/alarm.ts'
import { Bulletin } from '../../src/sim/bulletin.ts'
import { World } from '../../src/sim/world.ts'

const never = (): boolean => false

describe('sim: alarms', () => {
  it('ring at their last time, in the order of planning, or not at all when they were taken back', () => {
    // undefined: taken back
    const step = fc.tuple(fc.nat(9), fc.option(fc.nat(20), { nil: undefined }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), steps => {
        const world = new World()
        const rung: [number, number][] = []
        const alarms = Array.from({ length: 10 }, (_, i) => new Call(() => rung.push([world.now, i])))
        const planned = new Map<number, { at: number; turn: number }>()
        for (const [turn, [i, at]] of steps.entries()) {
          if (at === undefined) {
            world.clear(alarms[i] as Call)
            planned.delete(i)
          } else {
            world.set(alarms[i] as Call, at)
            planned.set(i, { at, turn })
          }
        }
        world.run(never, Infinity)
        const expected = [...planned].sort(([, a], [, b]) => a.at - b.at || a.turn - b.turn).map(([i, { at }]) => [at, i])
        expect(rung).to.deep.equal(expected)
      }),
    )
  })

  it('may be set again while they ring', () => {
    const world = new World()
    const rung: number[] = []
    const alarm = new Call(() => {
      rung.push(world.now)
      if (rung.length < 3) world.set(alarm, world.now + 10)
    })
    world.set(alarm, 5)
    world.run(never, Infinity)
    expect(rung).to.deep.equal([5, 15, 25])
  })

  it('set to Infinity never ring', () => {
    const world = new World()
    const alarm = new Call(() => expect.fail('rang'))
    world.set(alarm, 5)
    world.set(alarm, Infinity)
    world.run(never, Infinity)
    expect(world.now).to.equal(0)
  })
})

describe('sim: lanes', () => {
  it('keep time and order with all else, however many wait', () => {
    const world = new World()
    const seen: string[] = []
    const slow = world.lane<string>(20, item => seen.push(`${world.now} ${item}`))
    const fast = world.lane<string>(10, item => seen.push(`${world.now} ${item}`))
    world.at(20, () => seen.push('20 planned first'))
    slow('slow')
    world.at(10, () => {
      fast('fast')
      world.at(20, () => seen.push('20 planned last'))
    })
    world.run(never, Infinity)
    expect(seen).to.deep.equal(['20 planned first', '20 slow', '20 fast', '20 planned last'])
  })

  it('grow while the ring is turned', () => {
    const world = new World()
    const seen: number[] = []
    const lane = world.lane<number>(5, item => seen.push(item))
    for (let t = 0; t < 40; t++) for (let i = 0; i < t; i++) world.at(t, () => lane(1000 * t + i))
    world.run(never, Infinity)
    expect(seen).to.deep.equal(seen.toSorted((a, b) => a - b))
    expect(seen).to.have.length((40 * 39) / 2)
  })
})

describe('sim: bulletin', () => {
  function publish(everyMs: number, notes: readonly number[]): number[] {
    const world = new World()
    const published: number[] = []
    const bulletin = new Bulletin(world, everyMs, () => published.push(world.now))
    for (const at of notes) world.at(at, () => bulletin.note())
    world.run(never, Infinity)
    return published
  }

  it('tells the first news at once, and those of the next while together', () => {
    expect(publish(100, [50, 60, 70, 149, 151, 152, 400])).to.deep.equal([51, 151, 251, 401])
  })

  it('collects nothing when told so', () => {
    expect(publish(0, [50, 60, 60])).to.deep.equal([50, 60, 60])
  })

  it('forgets', () => {
    const world = new World()
    const bulletin = new Bulletin(world, 100, () => expect.fail('published'))
    bulletin.note()
    bulletin.forget()
    world.run(never, Infinity)
    expect(world.now).to.equal(0)
  })
})
