import { expect } from 'chai'
import fc from 'fast-check'
import { chooseEvictions, type Evictable, fits, isShort, LOW_WATERMARK, type Room } from '../../src/store/eviction.ts'

const entry = (key: string, bytes: number, lastUsed: number, more: Partial<Evictable> = {}): Evictable => ({
  key,
  bytes,
  lastUsed,
  isPinned: false,
  isBusy: false,
  ...more,
})
/** Two bytes of its own, and 50 in a file that its like have too. */
const twin = (key: string, lastUsed: number, more: Partial<Evictable> = {}): Evictable =>
  entry(key, 52, lastUsed, { shared: { file: 'one', bytes: 50 }, ...more })
const ROOMY: Room = { quota: 100, free: 1e6, margin: 0, reserved: 0, wanted: 0 }

describe('eviction', () => {
  const three = [entry('new', 30, 3), entry('old', 30, 1), entry('middle', 30, 2)]

  const cases: [what: string, entries: Evictable[], room: Partial<Room>, gone: string[]][] = [
    ['nothing goes below the high watermark', three, {}, []],
    ['nothing goes at the high watermark', [entry('a', 95, 1)], {}, []],
    ['the least recently used goes', three, { wanted: 30 }, ['old', 'middle']],
    ['what is reserved counts', three, { reserved: 30 }, ['old', 'middle']],
    ['a pinned one stays', [entry('old', 30, 1, { isPinned: true }), ...three.slice(2), entry('x', 40, 9)], {}, ['middle']],
    ['a busy one stays', [entry('old', 60, 1, { isBusy: true }), entry('x', 40, 9)], {}, ['x']],
    ['nothing goes for what would not fit even then', three, { wanted: 101 }, []],
    ['nor when the disk itself is too small for it', three, { quota: Infinity, wanted: 500, free: 400, margin: 10 }, []],
    ['all goes for what just fits', three, { wanted: 100 }, ['old', 'middle', 'new']],
    ['the disk is kept free, whatever the quota', three, { quota: Infinity, free: 5, margin: 10 }, ['old']],
    ['twice the margin is made free', three, { quota: Infinity, free: 5, margin: 30 }, ['old', 'middle']],
    ['one file under two keys counts once', [twin('a', 1), twin('b', 2), entry('c', 40, 3)], {}, []],
    ['it stays while one of them does', [twin('a', 1), twin('b', 3), entry('c', 40, 2)], { wanted: 10 }, ['a', 'c']],
    ['it goes with the last of them', [twin('a', 1), twin('b', 2), entry('c', 40, 3)], { wanted: 10 }, ['a', 'b']],
    ['a pinned one keeps it', [twin('a', 1, { isPinned: true }), twin('b', 2)], { wanted: 50 }, []],
    ['an empty store has nothing to give', [], { free: 0, margin: 1 }, []],
  ]
  for (const [what, entries, room, gone] of cases) {
    it(what, () => expect(chooseEvictions(entries, { ...ROOMY, ...room })).to.deep.equal(gone))
  }

  it('can be told to come down to the low watermark from below the high one', () => {
    expect(chooseEvictions([...three], ROOMY)).to.deep.equal([])
    expect(chooseEvictions([...three], ROOMY, LOW_WATERMARK)).to.deep.equal(['old'])
  })

  describe('of any store', () => {
    const size = fc.nat(1000)
    const entries = fc.uniqueArray(
      fc.record({ key: fc.string(), bytes: size, lastUsed: fc.nat(20), isPinned: fc.boolean(), isBusy: fc.boolean() }),
      { selector: e => e.key, maxLength: 20 },
    )
    const room = fc.record({
      quota: fc.oneof(fc.integer({ min: 1, max: 8000 }), fc.constant(Infinity)),
      free: fc.nat(4000),
      margin: fc.nat(500),
      reserved: fc.oneof(fc.constant(0), size),
      wanted: fc.oneof(fc.constant(0), size),
    })
    const sum = (list: readonly Evictable[]) => list.reduce((total, { bytes }) => total + bytes, 0)
    const check = (property: (all: Evictable[], victims: Evictable[], room: Room) => void) =>
      fc.assert(
        fc.property(entries, room, (all, room) => {
          const gone = new Set(chooseEvictions(all, room))
          property(
            all,
            all.filter(e => gone.has(e.key)),
            room,
          )
        }),
        { numRuns: 1000 },
      )
    const candidates = (all: Evictable[]) => all.filter(e => !e.isPinned && !e.isBusy)

    it('never takes what is pinned or busy', () =>
      check((_, victims) => expect(victims.some(v => v.isPinned || v.isBusy)).to.equal(false)))

    it('takes nothing while there is room', () =>
      check((all, victims, room) => {
        if (!isShort(sum(all), room)) expect(victims).to.deep.equal([])
      }))

    it('ends at or below the low watermark when that is possible', () =>
      check((all, victims, room) => {
        if (!isShort(sum(all), room)) return
        const left = sum(all) - sum(candidates(all)) + room.reserved + room.wanted
        const isPossible =
          left <= LOW_WATERMARK * room.quota &&
          fits(left - room.reserved - room.wanted, { ...room, free: room.free + sum(candidates(all)) })
        if (isPossible) expect(sum(all) - sum(victims) + room.reserved + room.wanted).to.be.at.most(LOW_WATERMARK * room.quota)
        else if (room.wanted === 0 && left > LOW_WATERMARK * room.quota)
          expect(victims).to.have.length.at.least(candidates(all).filter(c => c.bytes > 0).length)
      }))

    it('makes what is wanted fit, or takes nothing for it', () =>
      check((all, victims, room) => {
        if (room.wanted === 0 || victims.length === 0) return
        expect(fits(sum(all) - sum(victims), { ...room, free: room.free + sum(victims) })).to.equal(true)
      }))

    it('takes no one that was used later than one that may stay', () =>
      check((all, victims) => {
        const staying = candidates(all).filter(c => !victims.includes(c))
        for (const victim of victims) for (const stays of staying) expect(victim.lastUsed).to.be.at.most(stays.lastUsed)
      }))

    it('takes no more than it has to', () =>
      check((all, victims, room) => {
        const last = victims.toSorted((a, b) => a.lastUsed - b.lastUsed || (a.key < b.key ? -1 : 1)).at(-1)
        if (last === undefined) return
        const without = sum(victims) - last.bytes
        const load = sum(all) - without + room.reserved + room.wanted
        const free = room.free + without - room.reserved - room.wanted
        expect(load > LOW_WATERMARK * room.quota || free < 2 * room.margin).to.equal(true)
      }))
  })
})
