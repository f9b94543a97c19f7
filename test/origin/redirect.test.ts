import { inspect } from 'node:util'
import { expect } from 'chai'
import { Cookies, MAX_COOKIE_BYTES } from '../../src/origin/cookies.ts'
import { cleanUp, failure, impatient, readAll } from './fixtures.ts'
import { hostileOrigin } from './hostile-origin.ts'

const SECRETS = [
  ['authorization', 'Bearer hush'],
  ['cookie', 'sid=hush'],
  ['x-api-key', 'hush'],
  ['user-agent', 'mine'],
] as const

describe('origin: redirects', () => {
  afterEach(cleanUp)

  for (const status of [301, 302, 303, 307, 308]) {
    it(`follows ${status} with credentials at the same origin`, async () => {
      const { url, requests } = await hostileOrigin(r =>
        r.url === '/there?x=1' ? { body: 'found' } : { status, headers: { location: '../there?x=1#part' } },
      )
      const read = await impatient().open({ url, headers: SECRETS })
      expect(String(await readAll(read))).to.equal('found')
      expect(requests[1]).to.include({ method: 'GET', url: '/there?x=1' })
      expect(requests[1]?.headers).to.include({ authorization: 'Bearer hush', cookie: 'sid=hush', 'x-api-key': 'hush' })
    })
  }

  it('sends a user and a password of a Location to that place, and to no other', async () => {
    const home = await hostileOrigin((r, nth) =>
      nth === 1 ? { status: 302, headers: { location: away } } : { body: String(r.url) },
    )
    const abroad = await hostileOrigin(
      (_, nth) => ({ status: 302, headers: { location: nth === 1 ? '/again' : home.url } }),
      'localhost',
    )
    const away = abroad.url.replace('http://', 'http://us%65r:p%40ss@')
    await readAll(await impatient().open({ url: home.url, headers: SECRETS }))
    const basic = `Basic ${Buffer.from('user:p@ss').toString('base64')}`
    expect(abroad.requests.map(r => r.headers.authorization)).to.deep.equal([basic, basic])
    expect(home.requests.map(r => r.headers.authorization)).to.deep.equal(['Bearer hush', undefined])
  })

  it('brings back the cookies that a redirect to itself sets, with those given, and to no other origin', async () => {
    const away = await hostileOrigin(() => ({ body: 'found' }), 'localhost')
    const { url, requests } = await hostileOrigin(r => {
      if (!r.headers.cookie?.includes('seen=1')) {
        return { status: 302, headers: { location: String(r.url), 'set-cookie': 'seen=1; Path=/; HttpOnly' } }
      }
      return { status: 302, headers: { location: away.url, 'set-cookie': 'seen=; Max-Age=0' } }
    })
    const read = await impatient().open({ url, headers: [['cookie', 'sid=hush']] })
    expect(String(await readAll(read))).to.equal('found')
    expect(requests.map(r => r.headers.cookie)).to.deep.equal(['sid=hush', 'sid=hush; seen=1'])
    expect(away.requests[0]?.headers.cookie).to.equal(undefined)
  })

  it('keeps no more cookies than their limit', () => {
    const cookies = new Cookies()
    const url = new URL('http://a.example/')
    const names = Array.from({ length: 100 }, (_, i) => `n${i}=${'x'.repeat(1000)}`)
    cookies.take({ 'set-cookie': names }, url)
    const [header] = cookies.added([], url)
    expect(header?.[1].length).to.be.within(MAX_COOKIE_BYTES - 2000, MAX_COOKIE_BYTES + 100)
  })

  it('leaves a quote and a bare question mark in a Location as they are', async () => {
    const { url, requests } = await hostileOrigin(r => {
      if (r.url === '/dir/file.bin') return { status: 302, headers: { location: "/it's?a='b'" } }
      if (r.url === "/it's?a='b'") return { status: 302, headers: { location: '/end?' } }
      return { body: 'x' }
    })
    await readAll(await impatient().open({ url, headers: [] }))
    expect(requests.map(r => r.url)).to.deep.equal(['/dir/file.bin', "/it's?a='b'", '/end?'])
  })

  it('gives no credentials to another origin, not even on the way back', async () => {
    const home = await hostileOrigin((r, nth) =>
      nth === 1 ? { status: 302, headers: { location: away } } : { body: String(r.url) },
    )
    const abroad = await hostileOrigin(() => ({ status: 302, headers: { location: home.url } }), 'localhost')
    const away = abroad.url
    expect(String(await readAll(await impatient().open({ url: home.url, headers: SECRETS })))).to.equal('/dir/file.bin')
    expect(home.requests[0]?.headers['x-api-key']).to.equal('hush')
    for (const request of [abroad.requests[0], home.requests[1]]) {
      expect(inspect(request?.rawHeaders)).to.not.include('hush')
      expect(request?.headers).to.not.have.any.keys('authorization', 'cookie', 'x-api-key')
      expect(request?.headers).to.include({ 'user-agent': 'mine', accept: '*/*', 'accept-encoding': 'identity' })
    }
  })

  it('counts another port as another origin', async () => {
    const abroad = await hostileOrigin(() => ({ body: 'x' }))
    const home = await hostileOrigin(() => ({ status: 302, headers: { location: abroad.url } }))
    await readAll(await impatient().open({ url: home.url, headers: SECRETS }))
    expect(abroad.requests[0]?.headers).to.not.have.any.keys('authorization', 'cookie', 'x-api-key')
  })

  it('asks the first URL again for the rest: where it led may be gone', async () => {
    const { url, requests } = await hostileOrigin((r, nth) =>
      r.url === '/dir/file.bin'
        ? { status: 302, headers: { location: `/once-${nth}` } }
        : r.headers.range === undefined
          ? { body: 'abcdef', headers: { etag: '"a"' }, cutAfter: 2 }
          : { status: 206, body: 'cdef', headers: { etag: '"a"', 'content-range': 'bytes 2-5/6' } },
    )
    expect(String(await readAll(await impatient().open({ url, headers: [] })))).to.equal('abcdef')
    expect(requests.map(r => r.url)).to.deep.equal(['/dir/file.bin', '/once-1', '/dir/file.bin', '/once-3'])
    expect(requests[2]?.headers.range).to.equal('bytes=2-')
  })

  it('follows ten, not eleven', async () => {
    const { url, requests } = await hostileOrigin(r => {
      const left = Number(new URL(String(r.url), 'http://x').searchParams.get('left'))
      return left === 0 ? { body: 'end' } : { status: 302, headers: { location: `?left=${left - 1}` } }
    })
    const origin = impatient()
    expect(String(await readAll(await origin.open({ url: `${url}?left=10`, headers: [] })))).to.equal('end')
    const error = await failure(origin.open({ url: `${url}?left=11`, headers: [] }), 'origin-redirect')
    expect(error.message).to.equal(`origin redirects more than 10 times for ${url}`)
    expect(requests).to.have.lengthOf(22)
  })

  it('refuses loops, places that are no web, and nowhere', async () => {
    const locations: Record<string, string>[] = [{ location: '/dir/file.bin' }, { location: 'file:///etc/passwd' }, {}]
    for (const headers of [...locations, { location: 'http://[' }]) {
      const { url } = await hostileOrigin(() => ({ status: 302, headers }))
      await failure(impatient().open({ url, headers: [] }), 'origin-redirect')
    }
  })

  it('understands a Location in raw UTF-8', async () => {
    const { url, requests } = await hostileOrigin(r =>
      r.url === '/gr%C3%BCn' ? { body: 'x' } : { status: 302, headers: { location: Buffer.from('/grün').toString('latin1') } },
    )
    await readAll(await impatient().open({ url, headers: [] }))
    expect(requests[1]?.url).to.equal('/gr%C3%BCn')
  })

  it('is not held up by the body of a redirect', async () => {
    const { url } = await hostileOrigin((_, nth) =>
      nth === 1 ? { status: 302, headers: { location: '/x' }, body: Buffer.alloc(1 << 20), stallAfter: 10 } : { body: 'ok' },
    )
    expect(String(await readAll(await impatient().open({ url, headers: [] })))).to.equal('ok')
  })
})
