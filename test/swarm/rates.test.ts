// Rates of a host: the limit holds over time, contents share by priority, nothing is idle while somebody waits.
import { expect } from 'chai'
import fc from 'fast-check'
import { type Direction, partBytes, type RateLimits, Rates, windowPieces } from '../../src/swarm/rates.ts'
import type { Priority } from '../../src/swarm/weights.ts'

const KiB = 1024

/** Every content always has two requests waiting in its direction; answers with the bytes of each after so many milliseconds. */
function saturate(
  limits: RateLimits,
  contents: readonly { direction: Direction; bytes: number; priority?: Priority }[],
  ms: number,
): number[] {
  const rates = new Rates<number>(limits, 0)
  const moved = contents.map(() => 0)
  for (const [i, { direction, bytes, priority }] of contents.entries()) {
    rates.enter(i, { ...(priority && { priority }) })
    for (let n = 0; n < 2; n++) rates.ask(i, direction, bytes, 0)
  }
  for (let now = 0; now <= ms; now = rates.nextAt(now)) {
    for (const { content, direction, bytes } of rates.take(now)) {
      moved[content] = (moved[content] as number) + bytes
      rates.ask(content, direction, bytes, now)
    }
  }
  return moved
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

describe('swarm: rates of a host', () => {
  it('one content has all of the rate, and no more over time, however large its pieces are', () => {
    for (const bytes of [16 * KiB, 256 * KiB, 4096 * KiB]) {
      const [moved] = saturate({ down: 1000 * KiB }, [{ direction: 'down', bytes }], 60_000) as [number]
      expect(moved).to.be.within(60_000 * KiB - bytes, 60_100 * KiB + bytes)
    }
  })

  it('50 contents share one limit evenly, and do not multiply it', () => {
    const contents = Array.from({ length: 50 }, () => ({ direction: 'up' as const, bytes: 64 * KiB }))
    const moved = saturate({ up: 10_000 * KiB }, contents, 10_000)
    expect(sum(moved)).to.be.within(100_000 * KiB, 101_100 * KiB)
    expect(Math.max(...moved) - Math.min(...moved)).to.be.at.most(64 * KiB)
  })

  it('shares bytes, not requests: large pieces are no advantage', () => {
    const [small, large] = saturate(
      { down: 1000 * KiB },
      [
        { direction: 'down', bytes: 16 * KiB },
        { direction: 'down', bytes: 1024 * KiB },
      ],
      100_000,
    ) as [number, number]
    expect(small / large).to.be.within(0.97, 1.03)
  })

  it('shares by priority', () => {
    const of = (priority: Priority) => ({ direction: 'down' as const, bytes: 16 * KiB, priority })
    const [low, normal, high] = saturate({ down: 1000 * KiB }, [of('low'), of('normal'), of('high')], 100_000) as [
      number,
      number,
      number,
    ]
    expect(normal / low).to.be.within(3.9, 4.1)
    expect(high / normal).to.be.within(3.9, 4.1)
  })

  it('one limit for both directions is shared by them, and what one does not use goes to the other', () => {
    const up = { direction: 'up' as const, bytes: 16 * KiB }
    const down = { direction: 'down' as const, bytes: 16 * KiB }
    const both = saturate({ total: 1000 * KiB }, [up, down], 10_000)
    expect(sum(both)).to.be.within(10_000 * KiB, 10_150 * KiB)
    expect((both[0] as number) / (both[1] as number)).to.be.within(0.98, 1.02)
    const [slow, rest] = saturate({ total: 1000 * KiB, up: 100 * KiB }, [up, down], 10_000) as [number, number]
    expect(slow).to.be.within(990 * KiB, 1050 * KiB)
    expect(rest).to.be.within(8900 * KiB, 9100 * KiB)
  })

  it('who was idle has saved up nothing, and gets its share from now on', () => {
    const rates = new Rates<string>({ down: 1000 }, 0)
    rates.enter('busy')
    rates.enter('idle')
    let now = 0
    const moved = { busy: 0, idle: 0 }
    const run = (until: number): void => {
      for (; now <= until; now = rates.nextAt(now)) {
        for (const { content, bytes } of rates.take(now)) {
          moved[content as 'busy' | 'idle'] += bytes
          rates.ask(content, 'down', 10, now)
        }
      }
    }
    rates.ask('busy', 'down', 10, now)
    run(10_000)
    rates.ask('idle', 'down', 10, now)
    const before = moved.busy
    run(20_000)
    expect(moved.idle / (moved.busy - before)).to.be.within(0.98, 1.02)
  })

  it('without a limit everything goes at once; who left waits no more', () => {
    const rates = new Rates<string>({}, 0)
    expect(rates.nextAt(0)).to.equal(Infinity)
    rates.enter('a')
    rates.ask('a', 'up', 5, 0)
    rates.ask('a', 'down', 7, 0)
    expect(rates.nextAt(3)).to.equal(3)
    expect(rates.take(3)).to.have.deep.members([
      { content: 'a', direction: 'up', bytes: 5 },
      { content: 'a', direction: 'down', bytes: 7 },
    ])
    rates.limit({ up: 1 }, 3)
    for (let i = 0; i < 9; i++) rates.ask('a', 'up', 5, 3)
    rates.take(3)
    rates.leave('a')
    expect(rates.nextAt(3)).to.equal(Infinity)
  })

  it('who is woken late makes up for it, and who was idle does not', () => {
    const rates = new Rates<string>({ down: 1000 * KiB }, 0)
    rates.enter('a')
    const movedBy = (now: number): number => {
      let moved = 0
      for (const { bytes } of rates.take(now)) moved += bytes
      return moved
    }
    for (let i = 0; i < 200; i++) rates.ask('a', 'down', 10 * KiB, 0)
    expect(movedBy(0)).to.equal(100 * KiB)
    // half a second late
    expect(movedBy(500)).to.equal(500 * KiB)
    expect(sum([movedBy(2000), movedBy(4000)])).to.equal(1400 * KiB)
    for (let i = 0; i < 100; i++) rates.ask('a', 'down', 10 * KiB, 60_000)
    expect(movedBy(60_000)).to.equal(100 * KiB)
  })

  it('a limit of its own holds for one content, and the others have the rest', () => {
    const rates = new Rates<string>({ down: 1000 * KiB }, 0)
    const moved: Record<string, number> = { slow: 0, other: 0 }
    rates.enter('slow', { down: 100 * KiB, priority: 'high' }, 0)
    rates.enter('other', { priority: 'low' }, 0)
    for (const content of ['slow', 'other']) for (let i = 0; i < 2; i++) rates.ask(content, 'down', KiB, 0)
    const run = (from: number, to: number): void => {
      for (let now = from; now < to; now = rates.nextAt(now)) {
        for (const { content, bytes } of rates.take(now)) {
          moved[content] = (moved[content] ?? 0) + bytes
          rates.ask(content, 'down', bytes, now)
        }
      }
    }
    run(0, 10_000)
    expect(moved.slow).to.be.within(990 * KiB, 1015 * KiB)
    expect(moved.other).to.be.within(8950 * KiB, 9150 * KiB)
    // it is owed nothing for what its limit kept back
    rates.set('slow', { priority: 'low' }, 10_000)
    Object.assign(moved, { slow: 0, other: 0 })
    run(10_000, 20_000)
    expect((moved.slow as number) / (moved.other as number)).to.be.within(0.97, 1.03)
  })

  it('what is withdrawn is not moved, and what comes after it is', () => {
    const rates = new Rates<string>({ down: 1000 }, 0)
    rates.enter('a')
    for (const bytes of [200, 300, 400]) rates.ask('a', 'down', bytes, 0)
    rates.withdraw('a', 'down', 1)
    expect(rates.take(0).map(({ bytes }) => bytes)).to.deep.equal([200])
    expect(rates.take(10_000).map(({ bytes }) => bytes)).to.deep.equal([400])
    expect(rates.nextAt(10_000)).to.equal(Infinity)
  })

  it('parts and windows follow the rate, within bounds', () => {
    expect([1, 1e6, 1e12].map(partBytes)).to.deep.equal([1024, 10_000, 256 * KiB])
    expect([1, 1024 * KiB, Infinity].map(rate => windowPieces(rate, 64 * KiB))).to.deep.equal([2, 9, Infinity])
  })

  it('whatever is asked when: never more than the limit and one request each, and it never stalls', () => {
    const asks = fc.array(
      fc.tuple(fc.nat(4), fc.constantFrom<Direction>('up', 'down'), fc.integer({ min: 1, max: 5000 }), fc.nat(50)),
    )
    fc.assert(
      fc.property(asks, fc.integer({ min: 100, max: 10_000 }), (all, total) => {
        const rates = new Rates<number>({ total }, 0)
        for (let i = 0; i < 5; i++) rates.enter(i)
        let now = 0
        let moved = 0
        const take = (): void => {
          for (const { bytes } of rates.take(now)) moved += bytes
          expect(moved).to.be.at.most(total * ((now + 100) / 1000) + 5000)
        }
        for (const [content, direction, bytes, ms] of all) {
          rates.ask(content, direction, bytes, now)
          now += ms
          take()
        }
        for (let at = rates.nextAt(now); at !== Infinity; at = rates.nextAt(now)) {
          now = at
          take()
        }
        expect(moved).to.equal(all.reduce((bytes, ask) => bytes + ask[2], 0))
      }),
    )
  })
})
