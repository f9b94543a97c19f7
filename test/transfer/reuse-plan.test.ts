// What a new version is built of: the same chunks however a file is read, and exactly the right bytes of the old one.
import { expect } from 'chai'
import fc from 'fast-check'
import { decodeChunks, digestKey, encodeChunk, type ListedChunk } from '../../src/core/chunk-list.ts'
import { MIN_CHUNK_AVERAGE } from '../../src/core/chunks.ts'
import { type ReadAt, scanChunks } from '../../src/transfer/chunk-scan.ts'
import { ReusePlan } from '../../src/transfer/reuse-plan.ts'
import { content } from '../world/content.ts'

const AVERAGE = MIN_CHUNK_AVERAGE
const PIECE = 256 * 1024
const OLD = content('old', 40 * AVERAGE)

/** Reads no more than `most` bytes at a time. */
function reader(bytes: Uint8Array, most = Infinity): ReadAt {
  return async (offset, into) => {
    const part = bytes.subarray(offset, offset + Math.min(into.length, most))
    into.set(part)
    return part.length
  }
}

async function listOf(bytes: Uint8Array, most?: number): Promise<ListedChunk[]> {
  const entries: Uint8Array[] = []
  for await (const { digest, length } of scanChunks(reader(bytes, most), AVERAGE)) entries.push(encodeChunk(digest, length))
  return decodeChunks(Buffer.concat(entries), AVERAGE, bytes.length)
}

async function planOf(body: Uint8Array, old: Uint8Array): Promise<ReusePlan> {
  const plan = new ReusePlan(await listOf(body))
  for await (const { digest, offset, length } of scanChunks(reader(old), AVERAGE)) plan.found(digestKey(digest), offset, length)
  return plan
}

describe('a scan for chunks', () => {
  it('finds the same ones however the bytes come', async () => {
    const whole = await listOf(OLD)
    for (const most of [1000, 65536, 2 ** 20 + 1]) expect(await listOf(OLD, most)).to.deep.equal(whole)
    expect(await listOf(new Uint8Array())).to.deep.equal([])
  })
})

describe('a plan for pieces', () => {
  it('names exactly the bytes that a piece has, after any changes', async () => {
    const change = fc.record({ at: fc.nat(OLD.length), removed: fc.nat(30_000), added: fc.uint8Array({ maxLength: 300 }) })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 3 }), async changes => {
        let body: Buffer = OLD
        for (const { at, removed, added } of changes) {
          body = Buffer.concat([body.subarray(0, at), added, body.subarray(at + removed)])
        }
        const plan = await planOf(body, OLD)
        let covered = 0
        for (let start = 0; start < body.length; start += PIECE) {
          const end = Math.min(body.length, start + PIECE)
          const ranges = plan.rangesOf(start, end)
          if (ranges === undefined) continue
          covered++
          const built = Buffer.concat(ranges.map(({ at, length }) => OLD.subarray(at, at + length)))
          expect(built.equals(body.subarray(start, end))).to.equal(true)
        }
        // a change costs the pieces in which its chunks lie: four at most, and one that is cut off at the end
        expect(covered).to.be.at.least(Math.floor(body.length / PIECE) - 4 * changes.length - 1)
      }),
      { numRuns: 15, seed: 3 },
    )
  })

  it('knows chunks that a content has twice', async () => {
    const plan = await planOf(Buffer.concat([OLD, OLD]), OLD)
    expect(plan.rangesOf(0, PIECE)).to.deep.equal([{ at: 0, length: PIECE }])
    expect(plan.rangesOf(OLD.length + 2 * PIECE, OLD.length + 3 * PIECE)).to.deep.equal([{ at: 2 * PIECE, length: PIECE }])
  })

  it('does not believe a list that gives a chunk another length', async () => {
    const [first, ...rest] = await listOf(OLD)
    const plan = new ReusePlan([{ ...(first as ListedChunk), length: (first as ListedChunk).length + 1 }, ...rest])
    expect(plan.found((first as ListedChunk).key, 0, (first as ListedChunk).length)).to.equal(false)
    expect(plan.rangesOf(0, 10)).to.equal(undefined)
  })
})
