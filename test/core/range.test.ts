import { expect } from 'chai'
import fc from 'fast-check'
import { checkRange, parseRange, type RangeSpec, rangeText, rangeWithin } from '../../src/core/range.ts'
import { failure } from './failure.ts'

describe('range', () => {
  const GOOD: [string, RangeSpec][] = [
    ['0-499', { start: 0, end: 500 }],
    ['7-7', { start: 7, end: 8 }],
    ['500-', { start: 500 }],
    ['-500', { last: 500 }],
    ['999999999999999-', { start: 999_999_999_999_999 }],
  ]
  for (const [text, range] of GOOD) {
    it(`reads ${text} and writes it back`, () => {
      expect(parseRange(text)).to.deep.equal(range)
      expect(rangeText(range)).to.equal(text)
    })
  }

  const BAD = ['', '-', '5', '-0', '5-4', '0-1,3-4', '-1,5-', 'a-b', '0-4x', ' 0-4', '0 - 4', '1.5-3', '--5', 'bytes=0-4']
  for (const text of [...BAD, '1000000000000000-', `0-${'9'.repeat(1000)}`, '0-4\n']) {
    it(`refuses ${JSON.stringify(text).slice(0, 30)}`, () => {
      const error = failure(() => parseRange(text), 'bad-option')
      expect(error.hint).to.be.a('string')
      expect(error.message).to.have.length.below(100)
    })
  }

  it('says that several ranges are too many', () => {
    expect(failure(() => parseRange('0-1,3-4'), 'bad-option').message).to.equal('several ranges at once are not supported')
  })

  for (const range of [{ start: -1 }, { start: 1.5 }, { start: 5, end: 5 }, { start: Infinity }, { last: 0 }, { last: -1 }]) {
    it(`refuses ${JSON.stringify(range)} of a program`, () => {
      failure(() => checkRange(range), 'bad-option')
    })
  }

  for (const range of [undefined, null, 'text', {}, { start: '0' }, { start: 0, last: 5 }]) {
    it(`refuses ${JSON.stringify(range)}, which no type allows`, () => {
      failure(() => checkRange(range as never), 'bad-option')
    })
  }

  it('means the same bytes as a slice does', () => {
    const range: fc.Arbitrary<RangeSpec> = fc.oneof(
      fc.record({ last: fc.integer({ min: 1, max: 200 }) }),
      fc.tuple(fc.nat(150), fc.option(fc.integer({ min: 1, max: 150 }), { nil: undefined })).map(([start, length]) => ({
        start,
        end: length === undefined ? undefined : start + length,
      })),
    )
    fc.assert(
      fc.property(fc.nat(100), range, (length, range) => {
        const bytes = Array.from({ length }, (_, i) => i)
        const sliced = 'last' in range ? bytes.slice(-range.last) : bytes.slice(range.start, range.end)
        const within = rangeWithin(range, length)
        expect(within === undefined).to.equal(sliced.length === 0)
        if (within !== undefined) expect(bytes.slice(within.start, within.end)).to.deep.equal(sliced)
      }),
    )
  })
})
