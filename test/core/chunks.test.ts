import { expect } from 'chai'
import fc from 'fast-check'
import { CHUNK_ENTRY_BYTES, decodeChunks, digestKey, encodeChunk } from '../../src/core/chunk-list.ts'
import {
  chooseChunkAverage,
  chunkDigest,
  cutAt,
  isChunkAverage,
  longestChunk,
  MAX_CHUNK_AVERAGE,
  MAX_CHUNKS,
  MIN_CHUNK_AVERAGE,
  shortestChunk,
} from '../../src/core/chunks.ts'
import { content } from '../world/content.ts'

const AVERAGE = MIN_CHUNK_AVERAGE
const BODY = content('to be cut', 48 * AVERAGE)

/** Where the chunks end. */
function ends(bytes: Uint8Array, average = AVERAGE): number[] {
  const all: number[] = []
  for (let at = 0; at < bytes.length; all.push(at)) at += cutAt(bytes, at, bytes.length, average)
  return all
}

describe('content-defined chunks', () => {
  it('are cut where they always were: other hosts have to cut there, too', () => {
    expect(ends(BODY).slice(0, 6)).to.deep.equal([68391, 145592, 230686, 301067, 389371, 501210])
  })

  it('are within their bounds, about as long as the average, and end with the content', () => {
    for (const average of [MIN_CHUNK_AVERAGE, 2 * MIN_CHUNK_AVERAGE]) {
      const all = ends(BODY, average)
      const lengths = all.map((end, i) => end - (all[i - 1] ?? 0))
      expect(all.at(-1)).to.equal(BODY.length)
      expect(Math.max(...lengths)).to.be.at.most(longestChunk(average))
      expect(Math.min(...lengths.slice(0, -1))).to.be.at.least(shortestChunk(average))
      expect(BODY.length / all.length).to.be.within(average / 2, average * 2)
    }
  })

  it('of bytes without any variety are the longest there are', () => {
    expect(ends(new Uint8Array(10 * AVERAGE))).to.deep.equal([4 * AVERAGE, 8 * AVERAGE, 10 * AVERAGE])
  })

  it('are the same again soon behind any change', () => {
    const change = fc.record({ at: fc.nat(BODY.length), removed: fc.nat(5000), added: fc.uint8Array({ maxLength: 5000 }) })
    const before = ends(BODY)
    fc.assert(
      fc.property(change, ({ at, removed, added }) => {
        const rest = Math.min(BODY.length, at + removed)
        const shift = at + added.length - rest
        const after = ends(Buffer.concat([BODY.subarray(0, at), added, BODY.subarray(rest)]))
        expect(after.filter(end => end <= at - longestChunk(AVERAGE))).to.deep.equal(
          before.filter(end => end <= at - longestChunk(AVERAGE)),
        )
        // two sequences of cuts meet within some chunks; here always within 12 of them
        const far = rest + 12 * AVERAGE
        expect(after.map(end => end - shift).filter(end => end > far)).to.deep.equal(before.filter(end => end > far))
      }),
      { numRuns: 15, seed: 7 },
    )
  })

  it('are larger in large contents, so that a list stays short', () => {
    expect(chooseChunkAverage(0)).to.equal(MIN_CHUNK_AVERAGE)
    expect(chooseChunkAverage(8 * 2 ** 30)).to.equal(MIN_CHUNK_AVERAGE)
    expect(chooseChunkAverage(8 * 2 ** 30 + 1)).to.equal(2 * MIN_CHUNK_AVERAGE)
    expect(chooseChunkAverage(2 ** 50)).to.equal(MAX_CHUNK_AVERAGE)
    for (const bad of [0, 1, 2 ** 15, 2 ** 16 + 1, 2 ** 21, Number.NaN]) expect(isChunkAverage(bad)).to.equal(false)
  })
})

describe('a list of chunks', () => {
  const digest = chunkDigest(Buffer.from('chunk'))
  const list = (...lengths: number[]) => Buffer.concat(lengths.map(length => encodeChunk(digest, length)))

  it('has the place of each chunk', () => {
    expect(decodeChunks(list(AVERAGE, 5), AVERAGE, AVERAGE + 5)).to.deep.equal([
      { offset: 0, length: AVERAGE, key: digestKey(digest) },
      { offset: AVERAGE, length: 5, key: digestKey(digest) },
    ])
    expect(decodeChunks(list(), AVERAGE, 0)).to.deep.equal([])
  })

  const BAD: [string, Uint8Array, number, number][] = [
    ['another length than the content', list(AVERAGE), AVERAGE, AVERAGE + 1],
    ['a chunk without bytes', list(AVERAGE, 0), AVERAGE, AVERAGE],
    ['a chunk that is too long', list(4 * AVERAGE + 1), AVERAGE, 4 * AVERAGE + 1],
    ['lengths that overflow', list(0xffffffff, 0xffffffff), AVERAGE, 2 * 0xffffffff],
    ['an average that is none', list(5), 5, 5],
    ['half an entry', list(5).subarray(1), AVERAGE, 5],
    ['too many entries', new Uint8Array((MAX_CHUNKS + 1) * CHUNK_ENTRY_BYTES), AVERAGE, 0],
  ]
  for (const [what, entries, average, length] of BAD) {
    it(`is refused with ${what}`, () => {
      expect(() => decodeChunks(entries, average, length)).to.throw(/malformed/)
    })
  }

  it('of any bytes is a list of the whole content, or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(2 ** 20), (bytes, length) => {
        try {
          const chunks = decodeChunks(bytes, AVERAGE, length)
          expect(chunks.reduce((sum, chunk) => sum + chunk.length, 0)).to.equal(length)
        } catch (error) {
          expect(error).to.have.property('code', 'protocol')
        }
      }),
    )
  })
})
