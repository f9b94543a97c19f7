// A range of a content of which nothing is known before: which request is made, what is believed, and how it goes on.
import { expect } from 'chai'
import fc from 'fast-check'
import { parseRange, type RangeSpec } from '../../src/core/range.ts'
import type { Origin } from '../../src/origin/origin.ts'
import { cleanUp, expectBytes, failure, impatient, readAll } from './fixtures.ts'
import { type Act, content, honest, hostileOrigin } from './hostile-origin.ts'

const LENGTH = 100_000
const BYTES = content(LENGTH)
const A = { etag: '"a"' }

async function read(origin: Origin, url: string, range: RangeSpec, version?: string): Promise<Buffer> {
  return await readAll(await origin.slice({ url, headers: [] }, range, version === undefined ? {} : { version }))
}

describe('origin: slice', () => {
  afterEach(cleanUp)

  const PLACES: [string, number, number][] = [
    ['0-0', 0, 1],
    ['0-', 0, LENGTH],
    ['10-19', 10, 20],
    ['10-', 10, LENGTH],
    ['-10', LENGTH - 10, LENGTH],
    ['-100001', 0, LENGTH],
    [`${LENGTH - 1}-`, LENGTH - 1, LENGTH],
    ['99990-200000', 99_990, LENGTH],
  ]
  for (const ranges of [true, false]) {
    for (const [text, start, end] of PLACES) {
      it(`reads ${text} of an origin with${ranges ? '' : 'out'} ranges, by one request`, async () => {
        const { url, requests } = await hostileOrigin(r => honest(r, BYTES, { ...A, ranges }))
        const slice = await impatient().slice({ url, headers: [] }, parseRange(text))
        expect(slice).to.include({ version: 'etag "a"', length: LENGTH, start, end })
        expectBytes(await readAll(slice), BYTES.subarray(start, end))
        expect(requests.map(r => r.headers.range)).to.deep.equal([`bytes=${text}`])
      })
    }

    it(`gives what a slice gives, with${ranges ? '' : 'out'} ranges`, async () => {
      const { url } = await hostileOrigin(r => honest(r, BYTES, { ...A, ranges }))
      const origin = impatient()
      await fc.assert(
        fc.asyncProperty(fc.nat(LENGTH - 1), fc.integer({ min: 1, max: 2 * LENGTH }), async (start, size) => {
          expectBytes(await read(origin, url, { start, end: start + size }), BYTES.subarray(start, start + size))
        }),
        { numRuns: 30 },
      )
    })

    it(`goes on where the origin breaks off, with${ranges ? '' : 'out'} ranges`, async () => {
      const cut = (nth: number): number => (ranges ? 1000 : 1000 * nth)
      const { url, requests } = await hostileOrigin((r, nth) => ({
        ...honest(r, BYTES, { ...A, ranges }),
        ...(nth < 4 && { cutAfter: cut(nth) }),
      }))
      expectBytes(await read(impatient(), url, { start: 500, end: 6000 }), BYTES.subarray(500, 6000))
      expect(requests[1]?.headers).to.include({ 'if-range': '"a"' })
      expect(requests[1]?.headers.range).to.match(/-5999$/)
    })

    it(`says that it begins beyond the end, with${ranges ? '' : 'out'} ranges`, async () => {
      const { url, requests } = await hostileOrigin(r => honest(r, BYTES, { ...A, ranges }))
      const error = await failure(read(impatient(), url, { start: LENGTH }), 'range-unsatisfiable')
      expect(error.message).to.equal(`the content has no bytes ${LENGTH}-: it has ${LENGTH} bytes`)
      expect(requests).to.have.lengthOf(1)
    })
  }

  it('never mixes two versions', async () => {
    const { url } = await hostileOrigin((r, nth) =>
      nth === 1 ? { ...honest(r, BYTES, A), cutAfter: 1000 } : honest(r, content(LENGTH, 1), { etag: '"b"' }),
    )
    await failure(read(impatient(), url, { start: 500, end: 6000 }), 'origin-changed')
  })

  it('does not go on with a version that has no strong validator', async () => {
    const { url, requests } = await hostileOrigin(r => ({ ...honest(r, BYTES, { etag: 'W/"a"' }), cutAfter: 1000 }))
    await failure(read(impatient(), url, { start: 500, end: 6000 }), 'origin-truncated')
    expect(requests).to.have.lengthOf(1)
  })

  it('gives the wanted version only', async () => {
    const { url, requests } = await hostileOrigin(r => honest(r, BYTES, A))
    expectBytes(await read(impatient(), url, { start: 5, end: 9 }, 'etag "a"'), BYTES.subarray(5, 9))
    await failure(read(impatient(), url, { start: 5, end: 9 }, 'etag "b"'), 'origin-changed')
    await failure(read(impatient(), url, { start: 5, end: 9 }, 'weak W/"a" 100000'), 'origin-error')
    expect(requests.map(r => r.headers['if-range'])).to.deep.equal(['"a"', '"b"'])
  })

  it('reads to the end of a content whose length nobody tells', async () => {
    const { url } = await hostileOrigin(() => ({ body: BYTES, chunked: true, headers: A }))
    const slice = await impatient().slice({ url, headers: [] }, { start: 99_000 })
    expect(slice).to.include({ length: undefined, end: undefined })
    expectBytes(await readAll(slice), BYTES.subarray(99_000))
    expect(slice).to.include({ length: LENGTH, end: LENGTH })
    expectBytes(await read(impatient(), url, { start: 99_990, end: 200_000 }), BYTES.subarray(99_990))
    await failure(read(impatient(), url, { start: LENGTH }), 'range-unsatisfiable')
    await failure(read(impatient(), url, { last: 5 }), 'origin-error')
  })

  const range = (text: string): Record<string, string> => ({ ...A, 'content-range': text })
  const TROUBLE: [string, string, Act][] = [
    ['another range', 'origin-lies', { status: 206, body: 'xx', headers: range('bytes 11-12/1000000') }],
    ['a shorter range', 'origin-lies', { status: 206, body: 'x', headers: range('bytes 10-10/1000000') }],
    ['a longer range', 'origin-lies', { status: 206, body: 'xxx', headers: range('bytes 10-12/1000000') }],
    ['several ranges', 'origin-lies', { status: 206, headers: { ...A, 'content-type': 'multipart/byteranges; boundary=x' } }],
    ['too short a body', 'origin-lies', { status: 206, body: 'x', chunked: true, headers: range('bytes 10-11/*') }],
    ['too long a body', 'origin-lies', { status: 206, body: 'xxx', chunked: true, headers: range('bytes 10-11/*') }],
    ['another Content-Length', 'origin-lies', { status: 206, body: 'xxx', headers: range('bytes 10-11/1000000') }],
    ['no Content-Range', 'origin-lies', { status: 206, body: 'xx', headers: A }],
    ['416 that says nothing', 'range-unsatisfiable', { status: 416 }],
    ['404', 'origin-not-found', { status: 404 }],
    ['403', 'origin-forbidden', { status: 403 }],
  ]
  for (const [name, code, act] of TROUBLE) {
    it(`${name} is ${code}`, async () => {
      const { url } = await hostileOrigin(() => act)
      await failure(read(impatient({ attempts: 1 }), url, { start: 10, end: 12 }), code)
    })
  }

  it('believes no open end without a total', async () => {
    const { url } = await hostileOrigin(() => ({ status: 206, body: 'xx', headers: range('bytes 10-11/*') }))
    await failure(read(impatient(), url, { start: 10 }), 'origin-lies')
  })
})

describe('origin: look', () => {
  afterEach(cleanUp)

  it('says what there is, and whether ranges work', async () => {
    const headers = { 'content-type': 'text/plain', 'content-disposition': 'attachment; filename="a.txt"' }
    for (const ranges of [true, false]) {
      const { url, requests } = await hostileOrigin(r => {
        const act = honest(r, BYTES, { ...A, ranges })
        return { ...act, headers: { ...act.headers, ...headers } }
      })
      const head = await impatient().look({ url, headers: [] })
      expect(head).to.include({ version: 'etag "a"', length: LENGTH, type: 'text/plain', fileName: 'a.txt', ranges })
      expect(requests.map(r => [r.method, r.headers.range])).to.deep.equal([['GET', 'bytes=0-0']])
    }
  })

  it('tells no type that could not be sent on', async () => {
    for (const type of ['x'.repeat(256), 'caf\u00e9/x']) {
      const { url } = await hostileOrigin(() => ({ body: 'x', headers: { 'content-type': type } }))
      expect((await impatient().look({ url, headers: [] })).type).to.equal(undefined)
    }
  })
})
