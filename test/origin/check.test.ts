import { expect } from 'chai'
import type { CheckResult } from '../../src/origin/origin.ts'
import { cleanUp, expectBytes, failure, impatient, readAll } from './fixtures.ts'
import { content, honest, hostileOrigin } from './hostile-origin.ts'

const DATE = 'Wed, 21 Oct 2015 07:28:00 GMT'
const BYTES = content(500_000)
const NONE = { etag: undefined, lastModified: undefined, length: undefined }

describe('origin: check', () => {
  afterEach(cleanUp)

  for (const honesty of [{ etag: '"a"' }, { etag: 'W/"a"' }, { lastModified: DATE }, { etag: '"a"', lastModified: DATE }]) {
    it(`still the same, told by 304: ${Object.keys(honesty)} ${Object.values(honesty)[0]}`, async () => {
      const { url, requests } = await hostileOrigin(r => honest(r, BYTES, honesty))
      const origin = impatient()
      const read = await origin.open({ url, headers: [] })
      await readAll(read)
      expect(await origin.check({ url, headers: [] }, read.version, read.validators)).to.include({ state: 'same' })
      const header = 'etag' in honesty ? 'if-none-match' : 'if-modified-since'
      expect(requests[1]?.headers[header]).to.equal(Object.values(honesty)[0])
      expect(requests).to.have.lengthOf(2)
    })
  }

  it('still the same, told by a whole answer that is not read', async () => {
    const endless = await hostileOrigin(() => ({ body: BYTES, headers: { etag: '"a"' }, stallAfter: 10 }))
    const result = await impatient().check({ url: endless.url, headers: [] }, 'etag "a"', { ...NONE, etag: '"a"' })
    expect(result).to.include({ state: 'same' })
    await endless.idle()
  })

  it('changed: the answer is the new read', async () => {
    const { url, requests } = await hostileOrigin(r => honest(r, BYTES, { etag: '"b"' }))
    const read = changedRead(await impatient().check({ url, headers: [] }, 'etag "a"', { ...NONE, etag: '"a"' }))
    expect(read).to.include({ version: 'etag "b"', start: 0, length: BYTES.length })
    expectBytes(await readAll(read), BYTES)
    expect(requests).to.have.lengthOf(1)
  })

  it('the new read goes on after a break', async () => {
    const { url } = await hostileOrigin((r, nth) => ({
      ...honest(r, BYTES, { etag: '"b"' }),
      ...(nth === 1 ? { cutAfter: 10 } : {}),
    }))
    const read = changedRead(await impatient().check({ url, headers: [] }, 'etag "a"', { ...NONE, etag: '"a"' }))
    expectBytes(await readAll(read), BYTES)
  })

  it('nobody can tell without validators: changed', async () => {
    const { url } = await hostileOrigin(() => ({ body: 'abc' }))
    const read = changedRead(await impatient().check({ url, headers: [] }, 'once 1', NONE))
    expect(read.version).to.match(/^once /)
    await read.cancel()
  })

  it('fails as open does', async () => {
    const { url, requests } = await hostileOrigin((_, nth) => (nth === 1 ? { status: 503 } : { status: 404 }))
    await failure(impatient().check({ url, headers: [] }, 'etag "a"', { ...NONE, etag: '"a"' }), 'origin-not-found')
    expect(requests).to.have.lengthOf(2)
    const odd = await hostileOrigin(() => ({ status: 304 }))
    await failure(impatient().check({ url: odd.url, headers: [] }, 'once 1', NONE), 'origin-error')
  })
})

function changedRead(result: CheckResult) {
  if (result.state !== 'changed') throw new Error('said to be the same')
  return result.read
}
