// Rates of a host: the limit holds over time, contents share by priority, nothing is idle while somebody waits.
import { expect } from 'chai'
import fc from 'fast-check'
import { type Direction, type RateLimits, Rates } from '../../src/swarm/rates.ts'
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
    for (let n = 0; n < 2; n++) rates.ask(i, direction, bytes)
  }
  for (let now = 0; now <= ms; now = rates.nextAt(now)) {
    for (const { content, direction, bytes } of rates.take(now)) {
      moved[content] = (moved[content] as number) + bytes
      rates.ask(content, direction, bytes)
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
          rates.ask(content, 'down', 10)
        }
      }
    }
    rates.ask('busy', 'down', 10)
    run(10_000)
    rates.ask('idle', 'down', 10)
    const before = moved.busy
    run(20_000)
    expect(moved.idle / (moved.busy - before)).to.be.within(0.98, 1.02)
  })

  it('without a limit everything goes at once; who left waits no more', () => {
    const rates = new Rates<string>({}, 0)
    expect(rates.nextAt(0)).to.equal(Infinity)
    rates.enter('a')
    rates.ask('a', 'up', 5)
    rates.ask('a', 'down', 7)
    expect(rates.nextAt(3)).to.equal(3)
    expect(rates.take(3)).to.have.deep.members([
      { content: 'a', direction: 'up', bytes: 5 },
      { content: 'a', direction: 'down', bytes: 7 },
    ])
    rates.limit({ up: 1 }, 3)
    for (let i = 0; i < 9; i++) rates.ask('a', 'up', 5)
    rates.take(3)
    rates.leave('a')
    expect(rates.nextAt(3)).to.equal(Infinity)
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
          rates.ask(content, direction, bytes)
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
