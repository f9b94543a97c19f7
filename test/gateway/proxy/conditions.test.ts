// Conditional and range requests for a content whose validators are known (RFC 9110 §13, §14).
import { expect } from 'chai'
import { answerTo, type Fields } from '../../../src/gateway/proxy/conditions.ts'

const DATE = 'Wed, 21 Oct 2026 07:28:00 GMT'
const HEAD = { etag: '"one"', lastModified: DATE, length: 100, ranges: true }

describe('answers by validators', () => {
  const cases: [what: string, fields: Fields, answer: object][] = [
    ['nothing special', {}, { type: 'whole' }],
    ['the same ETag', { 'if-none-match': '"zero", "one"' }, { type: 'not-modified' }],
    ['another ETag', { 'if-none-match': '"two"' }, { type: 'whole' }],
    ['another ETag, though the date is the same', { 'if-none-match': '"two"', 'if-modified-since': DATE }, { type: 'whole' }],
    ['the same date', { 'if-modified-since': DATE }, { type: 'not-modified' }],
    ['an older date', { 'if-modified-since': 'Wed, 21 Oct 2020 07:28:00 GMT' }, { type: 'whole' }],
    ['a range', { range: 'bytes=10-19' }, { type: 'part', start: 10, end: 20 }],
    ['a range to the end', { range: 'bytes=90-' }, { type: 'part', start: 90, end: 100 }],
    ['the last bytes', { range: 'bytes=-5' }, { type: 'part', start: 95, end: 100 }],
    ['a range beyond the end', { range: 'bytes=100-' }, { type: 'unsatisfiable' }],
    ['several ranges', { range: 'bytes=0-1,5-6' }, { type: 'origin' }],
    ['a range in another unit', { range: 'lines=1-2' }, { type: 'origin' }],
    ['a range if the ETag is the same', { range: 'bytes=0-0', 'if-range': '"one"' }, { type: 'part', start: 0, end: 1 }],
    ['a range if the date is the same', { range: 'bytes=0-0', 'if-range': DATE }, { type: 'part', start: 0, end: 1 }],
    ['a range of another version', { range: 'bytes=0-0', 'if-range': '"two"' }, { type: 'whole' }],
    ['If-Match', { 'if-match': '"one"' }, { type: 'origin' }],
  ]
  for (const [what, fields, answer] of cases) {
    it(what, () => expect(answerTo(fields, HEAD)).to.deep.equal(answer))
  }

  it('gives the whole where the length is unknown', () =>
    expect(answerTo({ range: 'bytes=0-1' }, { ...HEAD, length: undefined })).to.deep.equal({ type: 'whole' }))

  it('takes no weak ETag for If-Range', () =>
    expect(answerTo({ range: 'bytes=0-1', 'if-range': 'W/"one"' }, { ...HEAD, etag: 'W/"one"' })).to.deep.equal({
      type: 'whole',
    }))
})
