import { expect } from 'chai'
import { NoRangesError } from '../../src/origin/failures.ts'
import { cleanUp, expectBytes, failure, impatient } from './fixtures.ts'
import { type Act, content, honest, hostileOrigin } from './hostile-origin.ts'

const DATE = 'Wed, 21 Oct 2015 07:28:00 GMT'
const LENGTH = 1_000_000
const BYTES = content(LENGTH)
const A = { etag: '"a"' }

describe('origin: range', () => {
  afterEach(cleanUp)

  for (const [start, end] of [
    [0, 1],
    [0, LENGTH],
    [LENGTH - 1, LENGTH],
    [262_143, 524_289],
    [5, 5],
  ] as const) {
    it(`gives exactly bytes ${start} to ${end}`, async () => {
      const { url, requests } = await hostileOrigin(r => honest(r, BYTES, A))
      const bytes = await impatient().range({ url, headers: [] }, 'etag "a"', { start, end }, LENGTH)
      expectBytes(bytes, BYTES.subarray(start, end))
      expect(requests.map(r => r.headers.range)).to.deep.equal(start === end ? [] : [`bytes=${start}-${end - 1}`])
    })
  }

  it('knows a version by its date, and needs no length', async () => {
    const { url, requests } = await hostileOrigin(r => honest(r, BYTES, { lastModified: DATE }))
    const piece = { start: 10, end: 20 }
    expectBytes(
      await impatient().range({ url, headers: [] }, `modified ${DATE} ${LENGTH}`, piece, undefined),
      BYTES.subarray(10, 20),
    )
    expect(requests[0]?.headers['if-range']).to.equal(DATE)
  })

  it('knows a version whose ETag was too long to be its name', async () => {
    const etag = `"${'x'.repeat(300)}"`
    const { url, requests } = await hostileOrigin(r => honest(r, BYTES, { etag }))
    const origin = impatient()
    const { version, cancel } = await origin.open({ url, headers: [] }).then(read => ({
      version: read.version,
      cancel: () => read.cancel(),
    }))
    await cancel()
    expect(version).to.match(/^etag sha256:/)
    expectBytes(await origin.range({ url, headers: [] }, version, { start: 7, end: 9 }, LENGTH), BYTES.subarray(7, 9))
    expect(requests[1]?.headers['if-range']).to.equal(undefined)
  })

  it('gets the missing bytes only, after a break', async () => {
    const { url, requests } = await hostileOrigin((r, nth) => ({
      ...honest(r, BYTES, A),
      ...(nth < 3 ? { cutAfter: 1000 } : {}),
    }))
    const bytes = await impatient({ attempts: 2 }).range({ url, headers: [] }, 'etag "a"', { start: 10, end: 5010 }, LENGTH)
    expectBytes(bytes, BYTES.subarray(10, 5010))
    expect(requests.map(r => r.headers.range)).to.deep.equal(['bytes=10-5009', 'bytes=1010-5009', 'bytes=2010-5009'])
  })

  it('uses one connection for many pieces', async () => {
    const origin = await hostileOrigin(r => honest(r, BYTES, A))
    const client = impatient()
    for (let i = 0; i < 10; i++) {
      await client.range({ url: origin.url, headers: [] }, 'etag "a"', { start: i * 1000, end: i * 1000 + 1000 }, LENGTH)
    }
    expect(origin.connections).to.equal(1)
  })

  it('says that the origin has no ranges', async () => {
    const { url, requests } = await hostileOrigin(r => honest(r, BYTES, { ...A, ranges: false }))
    const error = await failure(
      impatient().range({ url: `${url}?hush`, headers: [] }, 'etag "a"', { start: 1, end: 2 }, LENGTH),
      'origin-error',
    )
    expect(error).to.be.instanceOf(NoRangesError)
    expect(error.message).to.equal(`origin gives no ranges of ${url}: it sent the whole content instead`)
    expect(requests).to.have.lengthOf(1)
  })

  it('asks for no range of a version without strong validator', async () => {
    const { url, requests } = await hostileOrigin(r => honest(r, BYTES, A))
    for (const version of ['once 1', 'weak W/"a" 1000000']) {
      const call = impatient().range({ url, headers: [] }, version, { start: 1, end: 2 }, LENGTH)
      expect(await failure(call, 'origin-error')).to.be.instanceOf(NoRangesError)
    }
    expect(requests).to.have.lengthOf(0)
  })

  const range = (text: string): Record<string, string> => ({ ...A, 'content-range': text })
  const TROUBLE: [string, string, Act][] = [
    ['another version, whole', 'origin-changed', { body: BYTES, headers: { etag: '"b"' } }],
    [
      'another version, range',
      'origin-changed',
      { status: 206, body: 'xx', headers: { ...range('bytes 10-11/1000000'), etag: '"b"' } },
    ],
    ['no version', 'origin-changed', { status: 206, body: 'xx', headers: { 'content-range': 'bytes 10-11/1000000' } }],
    ['another range', 'origin-lies', { status: 206, body: 'xx', headers: range('bytes 11-12/1000000') }],
    ['a shorter range', 'origin-lies', { status: 206, body: 'x', headers: range('bytes 10-10/1000000') }],
    ['a longer range', 'origin-lies', { status: 206, body: 'xxx', headers: range('bytes 10-12/1000000') }],
    ['another total', 'origin-lies', { status: 206, body: 'xx', headers: range('bytes 10-11/999') }],
    ['too short a body', 'origin-lies', { status: 206, body: 'x', chunked: true, headers: range('bytes 10-11/*') }],
    ['too long a body', 'origin-lies', { status: 206, body: 'xxx', chunked: true, headers: range('bytes 10-11/*') }],
    ['another Content-Length', 'origin-lies', { status: 206, body: 'xxx', headers: range('bytes 10-11/1000000') }],
    ['no Content-Range', 'origin-lies', { status: 206, body: 'xx', headers: A }],
    ['416', 'origin-lies', { status: 416, headers: range('bytes */1000000') }],
    ['416 of another version', 'origin-changed', { status: 416, headers: { etag: '"b"', 'content-range': 'bytes */5' } }],
    ['404', 'origin-not-found', { status: 404 }],
  ]
  for (const [name, code, act] of TROUBLE) {
    it(`${name} is ${code}`, async () => {
      const { url, requests } = await hostileOrigin(() => act)
      await failure(impatient().range({ url, headers: [] }, 'etag "a"', { start: 10, end: 12 }, LENGTH), code)
      expect(requests).to.have.lengthOf(1)
    })
  }

  it('gives up on an origin that stalls', async () => {
    const { url } = await hostileOrigin(r => ({ ...honest(r, BYTES, A), stallAfter: 0 }))
    const call = impatient({ idleTimeoutMs: 50, attempts: 1 }).range(
      { url, headers: [] },
      'etag "a"',
      { start: 0, end: 9 },
      LENGTH,
    )
    await failure(call, 'origin-timeout')
  })
})
