// How starved this process is, by what the system counts.
import { expect } from 'chai'
import { type Counts, OwnPace } from '../../../src/node/context/own-pace.ts'

/** A process that runs and waits so long in each second that passes. */
function process(ranMs: number, waitedMs: number) {
  let at = 0
  const counts: Counts = { ranMs: 0, waitedMs: 0 }
  const pace = new OwnPace(
    () => ({ ...counts }),
    () => at,
  )
  const pass = (seconds: number, ran = ranMs, waited = waitedMs) => {
    for (let i = 0; i < seconds; i++) {
      at += 1000
      counts.ranMs += ran
      counts.waitedMs += waited
      pace.lostMs
    }
  }
  return { pace, pass }
}

describe('the pace of a process', () => {
  it('is the usual one on a host that is only busy', () => {
    const { pace, pass } = process(100, 250)
    pass(20)
    expect(pace.pace).to.equal(1)
    expect(pace.lostMs).to.equal(0)
  })

  it('is as slow as the process is, down to a tenth', () => {
    const slow = process(50, 350)
    slow.pass(20)
    expect(slow.pace.pace).to.be.closeTo(0.5, 0.01)
    const starved = process(10, 990)
    starved.pass(20)
    expect(starved.pace.pace).to.equal(0.1)
    expect(starved.pace.lostMs, 'the first second is not judged yet').to.be.closeTo(19 * 900, 1)
  })

  it('gives a wait a whole number of milliseconds, and a limit', () => {
    const slow = process(30, 171)
    slow.pass(20)
    expect(AbortSignal.timeout(slow.pace.stretched(5000, 4))).to.have.property('aborted', false)
    expect(slow.pace.stretched(5000, 4)).to.equal(8375)
    const starved = process(10, 990)
    starved.pass(20)
    expect(starved.pace.stretched(5000, 4)).to.equal(20_000)
    expect(process(100, 0).pace.stretched(5000, 4)).to.equal(5000)
  })

  it('is the usual one again within half a minute', () => {
    const { pace, pass } = process(10, 990)
    pass(20)
    pass(30, 100, 10)
    expect(pace.pace).to.equal(1)
  })

  it('is the usual one where the system does not say', () => {
    const pace = new OwnPace(() => undefined)
    expect([pace.pace, pace.lostMs]).to.deep.equal([1, 0])
  })

  it('is the usual one once the system does not say any more', () => {
    let at = 0
    let counts: Counts | undefined = { ranMs: 10, waitedMs: 990 }
    const pace = new OwnPace(
      () => counts,
      () => at,
    )
    expect(pace.pace).to.equal(0.1)
    counts = undefined
    at += 1000
    const { lostMs } = pace
    at += 3_600_000
    expect([pace.lostMs - lostMs, pace.pace]).to.deep.equal([0, 1])
  })

  it('is between a tenth and the usual one, whatever the system says', () => {
    const numbers = [0, -1, 1e300, -1e300, Number.MIN_VALUE]
    for (const ranMs of numbers) {
      for (const waitedMs of numbers) {
        const { pace, pass } = process(ranMs, waitedMs)
        pass(3)
        expect(pace.pace, `${ranMs} ${waitedMs}`).to.be.within(0.1, 1)
        expect(pace.lostMs).to.be.within(0, 2700)
      }
    }
  })

  it('is told to a download as time in which nobody was late', async () => {
    const { SilentSeeds } = await import('../../../src/node/context/silent-seeds.ts')
    const { SeedSigns } = await import('../../../src/node/sources/seed-signs.ts')
    const { pace, pass } = process(10, 990)
    const seeds = Object.assign(new SilentSeeds(), { ownPace: pace })
    const signs = new SeedSigns(seeds, ['s'])
    pass(5)
    const [late, ...more] = signs.news()
    expect(late).to.have.property('type', 'late')
    expect(late)
      .to.have.property('ms')
      .that.is.closeTo(4 * 900, 1)
    expect(more).to.deep.equal([])
    expect(signs.news(), 'once').to.deep.equal([])
    pass(2)
    const both = signs.news(1500)
    expect(both.map(({ type }) => type)).to.deep.equal(['late'])
    expect(both[0], 'what a timer has missed is part of it')
      .to.have.property('ms')
      .that.is.closeTo(2 * 900, 1)
    expect(signs.news(1500), 'or more than it').to.deep.equal([{ type: 'late', ms: 1500 }])
  })
})
