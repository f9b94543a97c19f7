// Conditions of requests for an object, and which ranges make a transfer.
import { expect } from 'chai'
import { objectAnswerTo } from '../../../src/gateway/s3/conditions.ts'
import { isPartOfTransfer } from '../../../src/gateway/s3/transfers.ts'

const MIB = 1024 * 1024
const KNOWN = { etag: '"abc"', lastModified: 'Tue, 01 Sep 2026 10:00:00 GMT', length: 100 }

describe('a request for an object of S3', () => {
  const typeOf = (fields: Record<string, string>) => objectAnswerTo(fields, KNOWN).type

  it('is answered as its conditions say', () => {
    expect(typeOf({})).to.equal('whole')
    for (const match of ['"abc"', 'abc', '*', '"x", "abc"']) expect(typeOf({ 'if-match': match }), match).to.equal('whole')
    expect(typeOf({ 'if-match': '"x"' })).to.equal('changed')
    expect(typeOf({ 'if-match': 'W/"abc"' })).to.equal('changed')
    expect(typeOf({ 'if-unmodified-since': 'Tue, 01 Sep 2026 09:59:59 GMT' })).to.equal('changed')
    expect(typeOf({ 'if-unmodified-since': KNOWN.lastModified })).to.equal('whole')
    expect(typeOf({ 'if-unmodified-since': 'yesterday' })).to.equal('whole')
    // what matches need not be unmodified
    expect(typeOf({ 'if-match': '"abc"', 'if-unmodified-since': 'Tue, 01 Sep 2020 10:00:00 GMT' })).to.equal('whole')
    expect(typeOf({ 'if-none-match': '"abc"' })).to.equal('not-modified')
    expect(typeOf({ 'if-modified-since': KNOWN.lastModified })).to.equal('not-modified')
    expect(typeOf({ 'if-match': '"x"', 'if-none-match': '"abc"' })).to.equal('changed')
  })

  it('is for a range, if it is a single one that is there', () => {
    expect(objectAnswerTo({ range: 'bytes=-7' }, KNOWN)).to.deep.equal({ type: 'part', start: 93, end: 100 })
    expect(objectAnswerTo({ range: 'bytes=90-200', 'if-match': '"abc"' }, KNOWN)).to.deep.equal({
      type: 'part',
      start: 90,
      end: 100,
    })
    expect(typeOf({ range: 'bytes=100-' })).to.equal('unsatisfiable')
    for (const range of ['bytes=0-1,3-4', 'bytes=9-3', 'lines=1-2', 'bytes=']) expect(typeOf({ range }), range).to.equal('whole')
    expect(typeOf({ range: 'bytes=0-1,3-4', 'if-none-match': '"abc"' })).to.equal('not-modified')
    expect(typeOf({ range: 'bytes=0-1', 'if-range': '"x"' })).to.equal('whole')
  })
})

describe('a part of a transfer', () => {
  it('is large and begins at a round number, or is of something small', () => {
    const length = 100 * MIB + 5
    for (const [start, end] of [
      [0, 8 * MIB],
      [8 * MIB, 16 * MIB],
      [96 * MIB, length],
      [100 * MIB, length],
      [5 * MIB, 55 * MIB],
      [25 * MIB + 65_536, 50 * MIB + 131_072],
    ] as const)
      expect(isPartOfTransfer({ start, end }, length), `${start}`).to.equal(true)
    for (const [start, end] of [
      [0, 8],
      [0, MIB - 1],
      [length - 8, length],
      [8 * MIB + 1, 24 * MIB],
      [4 * MIB, 4 * MIB + 100],
    ] as const)
      expect(isPartOfTransfer({ start, end }, length), `${start}`).to.equal(false)
    expect(isPartOfTransfer({ start: 5, end: 6 }, 8 * MIB)).to.equal(true)
    expect(isPartOfTransfer({ start: 5, end: 6 }, 8 * MIB + 1)).to.equal(false)
  })
})
