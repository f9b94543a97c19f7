// In every schedule of losses each download is complete, or failed with a reason, within a bound; and reads the origin once at a time.
import { expect } from 'chai'
import fc from 'fast-check'
import { DEFAULT_SOURCE_POLICY } from '../../src/swarm/source-events.ts'
import {
  type Change,
  ORIGIN_PATIENCE_MS,
  type OriginState,
  PIECES,
  type SeedState,
  type Setup,
  SourceWorld,
} from './source-world.ts'

/** All changes happen before. */
const SCHEDULE_MS = 60_000
/** A seed that says for ever that it is waiting for its origin is believed for so long, and an origin that hangs has so long. */
const BOUND_MS = SCHEDULE_MS + DEFAULT_SOURCE_POLICY.patientMs + 2 * DEFAULT_SOURCE_POLICY.readMs + 120_000
/** Where nobody does: three seeds that hang, one after the other, then the crowd's turn, the origin's patience, a whole read. */
const SHORT_BOUND_MS = SCHEDULE_MS + 150_000

const seedState = fc.constantFrom<SeedState>(
  'up',
  'renewed',
  'cut-off',
  'waiting',
  'busy',
  'frozen',
  'dead',
  'refusing',
  'failing',
)
const originState = fc.constantFrom<OriginState>('up', 'down', 'no-ranges', 'other-version', 'gone', 'hangs')
const at = fc.nat(SCHEDULE_MS)
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ at, seed: fc.nat(2), to: seedState }),
  fc.record({ at, origin: originState }),
  fc.record({ at, peer: fc.nat(3), has: fc.option(fc.nat(PIECES), { nil: undefined }) }),
)
const setup: fc.Arbitrary<Setup> = fc.record({
  seeds: fc.array(seedState, { maxLength: 3 }),
  origin: originState,
  changes: fc.array(change, { maxLength: 12 }),
  dialMs: fc.constantFrom(0, 10, 4000, 12_000),
  options: fc.record({
    mayRead: fc.boolean(),
    hasDht: fc.boolean(),
    revalidate: fc.boolean(),
    believesOthers: fc.boolean(),
    chance: fc.double({ min: 0, max: 0.999, noNaN: true }),
  }),
})
const PLENTY = { numRuns: 3000 }

function fit({ seeds, changes, ...rest }: Setup): Setup {
  return { ...rest, seeds, changes: changes.filter(c => !('seed' in c) || c.seed < seeds.length) }
}

/** Whether a seed shows another version at some time. */
function hasRenewed({ seeds, changes }: Setup): boolean {
  return seeds.includes('renewed') || changes.some(c => 'to' in c && c.to === 'renewed')
}

describe('sources: whatever is lost', () => {
  it('each download is complete, or failed with a reason, within a bound', () => {
    fc.assert(
      fc.property(setup, s => {
        const { at, why } = new SourceWorld(fit(s)).run(BOUND_MS)
        expect(at).to.be.below(BOUND_MS)
        if (why === 'origin') expect(s.options?.mayRead).to.equal(true)
        if (why === 'origin-changed') expect(s.options?.mayRead === true || hasRenewed(s)).to.equal(true)
        if (why === 'no-source') expect(s.options?.mayRead).to.equal(false)
      }),
      PLENTY,
    )
  })

  it('within two minutes and a half of the last loss, where no seed says that it is waiting, and no read hangs', () => {
    const isQuick = ({ seeds, origin, changes }: Setup) =>
      !seeds.includes('waiting') &&
      !seeds.includes('busy') &&
      origin !== 'hangs' &&
      !changes.some(c => ('to' in c && (c.to === 'waiting' || c.to === 'busy')) || ('origin' in c && c.origin === 'hangs'))
    fc.assert(
      fc.property(setup.map(fit).filter(isQuick), s => {
        new SourceWorld(s).run(SHORT_BOUND_MS)
      }),
      PLENTY,
    )
  })

  it('nothing fails while the origin can be read', () => {
    const oneVersion = setup.filter(s => !hasRenewed(s))
    const reads = oneVersion.map(s => ({
      ...fit(s),
      origin: s.origin === 'no-ranges' ? ('no-ranges' as const) : ('up' as const),
      changes: fit(s).changes.filter(c => !('origin' in c)),
      options: { ...s.options, mayRead: true },
    }))
    fc.assert(
      fc.property(reads, s => {
        expect(new SourceWorld(s).run(BOUND_MS).why).to.equal('complete')
      }),
      PLENTY,
    )
  })

  it('a seed that is up is asked once, however long it takes to accept a link', () => {
    const dialMs = fc.nat(DEFAULT_SOURCE_POLICY.dialMs - 1000)
    const slow = fc.record({ dialMs, mayRead: fc.boolean(), origin: originState })
    fc.assert(
      fc.property(slow, ({ dialMs, mayRead, origin }) => {
        const world = new SourceWorld({ seeds: ['up'], origin, changes: [], dialMs, options: { mayRead } })
        const { why, reads, said } = world.run(BOUND_MS)
        expect({ why, reads }).to.deep.equal({ why: 'complete', reads: 0 })
        expect(said.filter(({ action }) => action.type === 'ask-seed')).to.have.lengthOf(1)
      }),
    )
  })

  it('a host that may not read the origin outlasts a restart of its seed; if the seed has another version then, it begins again', () => {
    const restart = fc.record({
      dies: fc.nat(10_000),
      forMs: fc.nat(6000),
      to: fc.constantFrom('up' as const, 'renewed' as const),
    })
    fc.assert(
      fc.property(restart, ({ dies, forMs, to }) => {
        const changes = [{ at: dies, seed: 0, to: 'dead' } as const, { at: dies + forMs, seed: 0, to }]
        const world = new SourceWorld({ seeds: ['up'], origin: 'down', changes, options: { mayRead: false } })
        const { why } = world.run(BOUND_MS)
        if (to === 'up') expect(why).to.equal('complete')
        else expect(why).to.be.oneOf(['complete', 'origin-changed'])
      }),
    )
  })

  it('where everything is dead, it fails within 16 s', () => {
    const end = fc.record({
      dies: fc.nat(10_000),
      // the origin dies before the seed does, or soon after, or was never there
      beforeMs: fc.integer({ min: -1000, max: 10_000 }),
      mayRead: fc.boolean(),
      chance: fc.double({ min: 0, max: 0.999, noNaN: true }),
      peers: fc.array(fc.nat(PIECES - 1), { maxLength: 3 }),
    })
    fc.assert(
      fc.property(end, ({ dies, beforeMs, peers, ...options }) => {
        const changes: Change[] = [
          ...peers.map((has, peer) => ({ at: 1, peer, has })),
          { at: Math.max(0, dies - beforeMs), origin: 'down' },
          { at: dies, seed: 0, to: 'dead' },
        ]
        const { at, why } = new SourceWorld({ seeds: ['up'], origin: 'up', changes, options }).run(BOUND_MS)
        if (why !== 'complete') expect(at - dies).to.be.at.most(16_000)
      }),
      PLENTY,
    )
  })

  it('where the origin is dead, seeds that find it out, each time they are asked, are waited for once each', () => {
    const seeds = fc.array(fc.constant<SeedState>('cut-off'), { minLength: 1, maxLength: 3 })
    const dead = fc.record({
      seeds,
      mayRead: fc.boolean(),
      hasDht: fc.boolean(),
      chance: fc.double({ min: 0, max: 0.999, noNaN: true }),
    })
    fc.assert(
      fc.property(dead, ({ seeds, ...options }) => {
        const { at, why } = new SourceWorld({ seeds, origin: 'down', changes: [], options }).run(BOUND_MS)
        // our own tries begin after 4 s of silence
        expect(at).to.be.below(seeds.length * ORIGIN_PATIENCE_MS + 4200)
        expect(why).to.equal(options.mayRead ? 'origin' : 'no-source')
      }),
      { numRuns: 500 },
    )
  })

  it('nobody gives up while one of the seeds can read the origin, in whatever order they are asked', () => {
    const seeds = fc.shuffledSubarray<SeedState>(['cut-off', 'cut-off', 'up'], { minLength: 3 })
    fc.assert(
      fc.property(seeds, fc.boolean(), (seeds, mayRead) => {
        const { why } = new SourceWorld({ seeds, origin: 'down', changes: [], options: { mayRead } }).run(BOUND_MS)
        expect(why).to.equal('complete')
      }),
    )
  })

  it('whoever may not read the origin never does', () => {
    const noOrigin = setup.map(s => ({ ...fit(s), options: { ...s.options, mayRead: false } }))
    fc.assert(
      fc.property(noOrigin, s => {
        const { reads, said } = new SourceWorld(s).run(BOUND_MS)
        expect(reads).to.equal(0)
        expect(said.filter(({ action }) => action.type === 'offer-ranges')).to.deep.equal([])
      }),
      PLENTY,
    )
  })
})
