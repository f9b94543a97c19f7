// Which pieces are wanted, by the ranges that users ask for and what the manifest tells.
import { expect } from 'chai'
import fc from 'fast-check'
import { MAX_PIECES } from '../../../src/core/piece.ts'
import { type RangeSpec, rangeWithin } from '../../../src/core/range.ts'
import { WantedRanges } from '../../../src/node/session/wanted-ranges.ts'
import { until } from '../../waiting.ts'

const pieceLength = 10

function wanting(...ranges: (RangeSpec | undefined)[]): WantedRanges {
  const wanted = new WantedRanges(() => {})
  for (const range of ranges) wanted.add(range)
  return wanted
}

describe('wanted ranges', () => {
  const range: fc.Arbitrary<RangeSpec> = fc.oneof(
    fc.integer({ min: 1, max: 200 }).map(last => ({ last })),
    fc.nat(150).map(start => ({ start })),
    fc.tuple(fc.nat(150), fc.integer({ min: 1, max: 60 })).map(([start, n]) => ({ start, end: start + n })),
  )

  it('are just the pieces in which a wanted byte lies, in runs that do not touch', () => {
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 5 }), fc.nat(120), (ranges, length) => {
        const runs = wanting(...ranges).runs({ length, pieceLength }) ?? []
        const pieces = runs.flatMap(({ first, end }) => Array.from({ length: end - first }, (_, i) => first + i))
        const within = ranges.map(r => rangeWithin(r, length)).filter(r => r !== undefined)
        const bytes = within.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i))
        expect(pieces).to.deep.equal([...new Set(bytes.map(b => Math.floor(b / pieceLength)))].toSorted((a, b) => a - b))
        for (const [i, { first }] of runs.slice(1).entries()) expect(first).to.be.above(runs[i]?.end ?? 0)
      }),
    )
  })

  it('are everything while nobody has said anything, and once somebody wants everything', () => {
    expect(wanting().runs({ length: 100, pieceLength })).to.equal(undefined)
    expect(wanting({ start: 5 }, undefined).runs({ length: 100, pieceLength })).to.equal(undefined)
  })

  it('of a content of unknown length: an open end may go anywhere, what is counted from the end has no place yet', () => {
    const unknown = { length: undefined, pieceLength }
    expect(wanting({ start: 25 }).runs(unknown)).to.deep.equal([{ first: 2, end: MAX_PIECES }])
    expect(wanting({ start: 25, end: 31 }).runs(unknown)).to.deep.equal([{ first: 2, end: 4 }])
    expect(wanting({ last: 5 }).runs(unknown)).to.deep.equal([])
    expect(wanting({ last: 5 }).areAllPlaced(unknown)).to.equal(false)
    expect(wanting({ last: 5 }).areAllPlaced({ length: 50, pieceLength })).to.equal(true)
    expect(wanting({ start: 5 }).areAllPlaced(unknown)).to.equal(true)
  })

  it('beyond all pieces that there can be are none', () => {
    const unknown = { length: undefined, pieceLength }
    expect(wanting({ start: MAX_PIECES * pieceLength }).runs(unknown)).to.deep.equal([])
    expect(wanting({ start: 0, end: 1e15 }).runs(unknown)).to.deep.equal([{ first: 0, end: MAX_PIECES }])
  })

  it('asked for again and again take no more room', () => {
    const wanted = wanting(...Array.from({ length: 1000 }, () => ({ start: 5, end: 25 })))
    expect(wanted.runs({ length: 100, pieceLength })).to.deep.equal([{ first: 0, end: 3 }])
  })

  it('are left to their users until somebody wants the whole', async () => {
    const wanted = wanting({ start: 5 })
    let isWhole = false
    const waiting = wanted.untilWhole(new AbortController().signal).then(() => {
      isWhole = true
    })
    await until(() => wanted.isLeftToUsers, 'the users are told')
    wanted.add({ start: 7 })
    expect(isWhole).to.equal(false)
    wanted.add(undefined)
    await waiting
    // it is read once for all of them from now on
    expect(wanted.isLeftToUsers).to.equal(false)
  })

  it('that nobody waits for any more end the wait', async () => {
    const stop = new AbortController()
    const waiting = wanting({ start: 5 }).untilWhole(stop.signal)
    stop.abort()
    expect(
      await waiting.then(
        () => 'resolved',
        () => 'rejected',
      ),
    ).to.equal('rejected')
  })

  it('are less what is withheld, which is wanted again later', () => {
    const cut = { length: 100, pieceLength }
    const all = wanting()
    all.withhold({ from: 6, pieces: new Set([4, 0, 1, 9]) })
    expect(all.runs(cut)).to.deep.equal([
      { first: 2, end: 4 },
      { first: 5, end: 6 },
    ])
    expect(all.withheldOf(10)).to.equal(8)
    expect(all.areAllPlaced(cut)).to.equal(false)
    const some = wanting({ start: 5, end: 25 }, { start: 70, end: 90 })
    some.withhold({ from: Infinity, pieces: new Set([1, 7]) })
    expect(some.runs(cut)).to.deep.equal([
      { first: 0, end: 1 },
      { first: 2, end: 3 },
      { first: 8, end: 9 },
    ])
    expect(some.withheldOf(10)).to.equal(2)
    all.withhold({ from: 0, pieces: new Set() })
    expect(all.runs(cut)).to.deep.equal([])
    all.withhold(undefined)
    expect(all.runs(cut)).to.equal(undefined)
    expect(all.areAllPlaced(cut)).to.equal(true)
  })
})
