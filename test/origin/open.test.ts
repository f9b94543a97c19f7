import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { cleanUp, expectBytes, failure, impatient, readAll } from './fixtures.ts'
import { content, honest, hostileOrigin } from './hostile-origin.ts'

const KiB = 1024
const DATE = 'Wed, 21 Oct 2015 07:28:00 GMT'

describe('origin: open', () => {
  afterEach(cleanUp)

  // Nothing, one byte, the edges of undici's and Node's buffers, many buffers.
  for (const length of [0, 1, 16 * KiB, 64 * KiB - 1, 64 * KiB, 64 * KiB + 1, 3 * 1024 * KiB + 7]) {
    it(`reads ${length} bytes`, async () => {
      const bytes = content(length)
      const { url, requests } = await hostileOrigin(r => honest(r, bytes, { etag: '"a"', lastModified: DATE }))
      const read = await impatient().open({ url, headers: [] })
      expect(read).to.include({ version: 'etag "a"', length, start: 0, rangesSupported: true, fileName: '' })
      expect(read.validators).to.deep.equal({ etag: '"a"', lastModified: DATE, length })
      expectBytes(await readAll(read), bytes)
      expect(requests).to.have.lengthOf(1)
    })

    it(`reads ${length} bytes of a length that is not announced`, async () => {
      const bytes = content(length)
      const { url } = await hostileOrigin(() => ({ body: bytes, chunked: true }))
      const read = await impatient().open({ url, headers: [] })
      expect(read.length).to.equal(undefined)
      expect(read.version).to.match(/^once .{36}$/)
      expectBytes(await readAll(read), bytes)
      expect(read.length).to.equal(length)
    })
  }

  it('names the version by date and length without an ETag', async () => {
    const { url } = await hostileOrigin(() => ({ body: 'abc', headers: { 'last-modified': DATE } }))
    const read = await impatient().open({ url, headers: [] })
    expect(read.version).to.equal(`modified ${DATE} 3`)
    expect(read.rangesSupported).to.equal(false)
    await readAll(read)
  })

  it('sends what it must, and what the caller gives', async () => {
    const { url, requests } = await hostileOrigin(() => ({ body: 'x' }))
    const origin = impatient()
    await readAll(await origin.open({ url, headers: [] }))
    const headers = [
      ['x-key', 'grün'],
      ['user-agent', 'mine'],
      ['accept', 'text/plain'],
      ['x-two', '1'],
      ['x-two', '2'],
    ] as const
    await readAll(await origin.open({ url: `${url}?q=1`, headers }))
    const [plain, given] = requests
    expect(plain).to.include({ method: 'GET', url: '/dir/file.bin' })
    expect(plain?.headers).to.include({ 'user-agent': 'dragonfly-p2p', accept: '*/*', 'accept-encoding': 'identity' })
    expect(plain?.headers).to.not.have.any.keys('range', 'if-range', 'authorization')
    expect(given?.url).to.equal('/dir/file.bin?q=1')
    expect(given?.headers).to.include({ 'user-agent': 'mine', accept: 'text/plain', 'x-two': '1, 2' })
    expect(Buffer.from(String(given?.headers['x-key']), 'latin1').toString('utf8')).to.equal('grün')
  })

  it('passes an encoded body as it is', async () => {
    const body = gzipSync('hello')
    const { url } = await hostileOrigin(() => ({ body, headers: { 'content-encoding': 'gzip' } }))
    expectBytes(await readAll(await impatient().open({ url, headers: [] })), body)
  })

  it('takes the file name from Content-Disposition, cleaned', async () => {
    const names = ['attachment; filename="../../etc/pass wd"', "attachment; filename*=UTF-8''na%C3%AFve.txt", 'inline', '"']
    const { url } = await hostileOrigin((_, nth) => ({ headers: { 'content-disposition': names[nth - 1] ?? '' } }))
    const origin = impatient()
    const found: string[] = []
    for (const _ of names) {
      const read = await origin.open({ url, headers: [] })
      found.push(read.fileName)
      await readAll(read)
    }
    expect(found).to.deep.equal(['pass wd', 'naïve.txt', '', ''])
  })

  it('goes on with an earlier read where the origin has ranges, and where it has none', async () => {
    const bytes = content(200_000)
    for (const ranges of [true, false]) {
      const { url, requests } = await hostileOrigin(r => honest(r, bytes, { etag: '"a"', ranges }))
      const read = await impatient().open({ url, headers: [] }, { version: 'etag "a"', from: 150_001 })
      expect(read).to.include({ start: 150_001, length: 200_000, version: 'etag "a"', rangesSupported: ranges })
      expectBytes(await readAll(read), bytes.subarray(150_001))
      expect(requests).to.have.lengthOf(1)
      expect(requests[0]?.headers).to.include({ range: 'bytes=150001-', 'if-range': '"a"' })
    }
  })

  it('goes on by date', async () => {
    const bytes = content(1000)
    const { url, requests } = await hostileOrigin(r => honest(r, bytes, { lastModified: DATE }))
    const read = await impatient().open({ url, headers: [] }, { version: `modified ${DATE} 1000`, from: 999 })
    expectBytes(await readAll(read), bytes.subarray(999))
    expect(requests[0]?.headers['if-range']).to.equal(DATE)
  })

  it('goes on from the very end: nothing is left', async () => {
    const bytes = content(1000)
    for (const etag of ['"a"', undefined]) {
      const { url } = await hostileOrigin(r => {
        const act = honest(r, bytes, { etag: '"a"' })
        return etag === undefined ? { ...act, headers: { 'content-range': 'bytes */1000' } } : act
      })
      const read = await impatient().open({ url, headers: [] }, { version: 'etag "a"', from: 1000 })
      expect(read.length).to.equal(1000)
      expect(await readAll(read)).to.have.lengthOf(0)
    }
  })

  it('refuses to go on beyond the end', async () => {
    const { url } = await hostileOrigin(r => honest(r, content(1000), { etag: '"b"' }))
    await failure(impatient().open({ url, headers: [] }, { version: 'etag "b"', from: 1001 }), 'origin-lies')
  })

  for (const [version, from] of [
    ['etag "a"', 500],
    ['etag "a"', 1000],
    ['etag "a"', 0],
    ['once gone', 500],
    ['weak W/"b" 1000', 500],
    ['etag "b" +gzip', 500],
  ] as const) {
    it(`begins at byte 0 where it finds another version than ${version}`, async () => {
      const { url } = await hostileOrigin(r => honest(r, content(1000), { etag: '"b"' }))
      const read = await impatient().open({ url, headers: [] }, { version, from })
      expect(read).to.include({ version: 'etag "b"', start: 0 })
      expectBytes(await readAll(read), content(1000))
    })
  }

  it('goes on with a weak version from byte 0 only, under its name', async () => {
    const { url, requests } = await hostileOrigin(r => honest(r, content(1000), { etag: 'W/"b"' }))
    const read = await impatient().open({ url, headers: [] }, { version: 'weak W/"b" 1000', from: 500 })
    expect(read).to.include({ version: 'weak W/"b" 1000', start: 0 })
    expectBytes(await readAll(read), content(1000))
    expect(requests.map(r => r.headers.range)).to.deep.equal([undefined])
  })

  describe('with the bytes before the wanted one', () => {
    const bytes = content(300_000)
    const want = { version: 'etag "a"', from: 200_000, tail: bytes.subarray(199_000, 200_000) }

    for (const ranges of [true, false]) {
      it(`goes on where they are the same${ranges ? '' : ', without ranges too'}`, async () => {
        const { url, requests } = await hostileOrigin(r => honest(r, bytes, { etag: '"a"', ranges }))
        const read = await impatient().open({ url, headers: [] }, want)
        expect(read).to.include({ version: 'etag "a"', start: 200_000 })
        expectBytes(await readAll(read), bytes.subarray(200_000))
        expect(requests.map(r => r.headers.range)).to.deep.equal(['bytes=199000-'])
      })

      it(`begins at byte 0 where one ETag has other bytes${ranges ? '' : ', without ranges too'}`, async () => {
        const other = content(300_000, 1)
        const { url } = await hostileOrigin(r => honest(r, other, { etag: '"a"', ranges }))
        const read = await impatient().open({ url, headers: [] }, want)
        expect(read).to.include({ version: 'etag "a"', start: 0 })
        expectBytes(await readAll(read), other)
      })
    }

    it('is patient when the connection breaks within them', async () => {
      const { url, requests } = await hostileOrigin((r, nth) => ({
        ...honest(r, bytes, { etag: '"a"' }),
        ...(nth === 1 && { cutAfter: 10 }),
      }))
      expectBytes(await readAll(await impatient().open({ url, headers: [] }, want)), bytes.subarray(200_000))
      expect(requests).to.have.lengthOf(2)
    })
  })

  it('is read only once', async () => {
    const { url } = await hostileOrigin(() => ({ body: 'abc' }))
    const read = await impatient().open({ url, headers: [] })
    await readAll(read)
    await failure(readAll(read), 'internal')
  })
})
