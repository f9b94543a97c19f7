// Reads through a forward proxy: for oneself and for others, and what is told when the proxy fails.
import type { LookupAddress } from 'node:dns'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, LookupFunction } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { AllowedOrigins } from '../../src/origin/allowed-origins.ts'
import { Guard } from '../../src/origin/guard.ts'
import type { OriginOptions } from '../../src/origin/options.ts'
import type { Origin } from '../../src/origin/origin.ts'
import { Proxies } from '../../src/origin/proxies.ts'
import { LOOPBACK_CERTIFICATE, LOOPBACK_KEY } from './certificate.ts'
import { cleanUp, failure, impatient, readAll } from './fixtures.ts'
import { type ForwardProxy, type ForwardProxyOptions, forwardProxy } from './forward-proxy.ts'
import { deadUrl, type HostileOrigin, honest, hostileOrigin } from './hostile-origin.ts'

const FOUND = Buffer.from('found')

describe('origin: through a proxy', () => {
  let dir: string
  let ca: { path: string; source: string }
  let secure: Server
  let secureUrl: string
  const proxies: ForwardProxy[] = []

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'df-proxied-'))
    ca = { path: join(dir, 'ca.pem'), source: 'ca' }
    await writeFile(ca.path, LOOPBACK_CERTIFICATE)
    secure = createServer({ cert: LOOPBACK_CERTIFICATE, key: LOOPBACK_KEY }, (_, response) => response.end('found'))
    await new Promise<void>(resolve => secure.listen(0, '127.0.0.1', resolve))
    secureUrl = `https://127.0.0.1:${(secure.address() as AddressInfo).port}/x`
  })
  after(async () => {
    secure.closeAllConnections()
    await new Promise(resolve => secure.close(resolve))
    await rm(dir, { recursive: true })
  })
  afterEach(async () => {
    await cleanUp()
    await Promise.all(proxies.splice(0).map(proxy => proxy.stop()))
  })

  async function start(options: ForwardProxyOptions = {}): Promise<ForwardProxy> {
    const proxy = await forwardProxy(options)
    proxies.push(proxy)
    return proxy
  }

  const reader = (proxy: string, options: OriginOptions = {}): Origin =>
    impatient({ ...options, ca, proxies: new Proxies({ proxy, noProxy: '' }, {}) })
  const read = async (origin: Origin, url: string) => String(await readAll(await origin.open({ url, headers: [] })))
  const server = (): Promise<HostileOrigin> => hostileOrigin(r => honest(r, FOUND, { etag: '"a"' }))
  const withUser = (url: string, user: string) => url.replace('//', `//${user}@`)

  it('http is asked for in absolute form, over a connection that is kept, and the origin sees an ordinary request', async () => {
    const [home, proxy] = [await server(), await start({ credentials: 'user:p@ss' })]
    const origin = reader(withUser(proxy.url, 'user:p%40ss'))
    const url = `${new URL("/a'b", home.url).href}?c=%20`
    for (let i = 0; i < 2; i++) expect(await read(origin, url)).to.equal('found')
    expect(proxy.asked).to.deep.equal([`GET ${url}`, `GET ${url}`])
    expect(proxy.headers[0]).to.include({ host: new URL(home.url).host })
    expect(home.requests[0]?.url).to.equal("/a'b?c=%20")
    expect(home.requests[0]?.headers['proxy-authorization']).to.equal(undefined)
  })

  it('https goes through a tunnel, with the certificate of the origin checked', async () => {
    const proxy = await start({ credentials: 'user:pass' })
    const url = withUser(proxy.url, 'user:pass')
    const origin = reader(url)
    for (let i = 0; i < 2; i++) expect(await read(origin, secureUrl)).to.equal('found')
    expect(proxy.asked).to.deep.equal([`CONNECT ${new URL(secureUrl).host}`])
    const untrusting = impatient({ proxies: new Proxies({ proxy: url, noProxy: '' }, {}) })
    const error = await failure(untrusting.open({ url: secureUrl, headers: [] }), 'origin-unreachable')
    expect(error.message).to.match(
      /^no secure connection to 127\.0\.0\.1:\d+: self-signed certificate, through the proxy http:\/\//,
    )
    expect(error.hint).to.include('--cacert FILE')
  })

  it('the proxy may be one that is spoken to over TLS', async () => {
    const [home, proxy] = [await server(), await start({ tls: { cert: LOOPBACK_CERTIFICATE, key: LOOPBACK_KEY } })]
    expect(await read(reader(proxy.url), home.url)).to.equal('found')
    expect(await read(reader(proxy.url), secureUrl)).to.equal('found')
    expect(proxy.asked).to.have.length(2)
    const untrusting = impatient({ proxies: new Proxies({ proxy: proxy.url, noProxy: '' }, {}) })
    const error = await failure(untrusting.open({ url: home.url, headers: [] }), 'origin-unreachable')
    expect(error.message).to.match(/^no secure connection to the proxy https:\/\/127\.0\.0\.1:\d+: self-signed certificate$/)
  })

  it('a redirect takes the way of its own place', async () => {
    const [there, proxy] = [await server(), await start()]
    const home = await hostileOrigin(() => ({ status: 302, headers: { location: there.url } }))
    const noProxy = new URL(there.url).host
    const origin = impatient({ proxies: new Proxies({ proxy: proxy.url, noProxy }, {}) })
    expect(await read(origin, home.url)).to.equal('found')
    expect(proxy.asked).to.deep.equal([`GET ${home.url}`])
  })

  it('407 says what to do, for http and https, and shows no password', async () => {
    const proxy = await start({ credentials: 'user:pass' })
    const home = await server()
    for (const url of [home.url, secureUrl]) {
      const { host } = new URL(url)
      const without = await failure(reader(proxy.url).open({ url, headers: [] }), 'origin-unreachable')
      expect(without.message).to.equal(`the proxy ${proxy.url} refuses ${host}: 407 Proxy Authentication Required`)
      expect(without.hint).to.equal(`give user and password in the proxy's URL: ${withUser(proxy.url, 'USER:PASSWORD')}`)
      expect(without.retryable).to.equal(false)
      const wrong = await failure(reader(withUser(proxy.url, 'user:secret')).open({ url, headers: [] }), 'origin-unreachable')
      expect(wrong.hint).to.equal("check user and password in the proxy's URL")
      expect(wrong.message).to.not.include('secret')
    }
    expect(home.requests).to.have.length(0)
  })

  it('a proxy that cannot get there, refuses, is down, or is none', async () => {
    const { port } = new URL(await deadUrl())
    const proxy = await start()
    for (const scheme of ['http', 'https']) {
      const url = `${scheme}://127.0.0.1:${port}/`
      const error = await failure(reader(proxy.url, { attempts: 1 }).open({ url, headers: [] }), 'origin-unreachable')
      expect(error.message).to.equal(`the proxy ${proxy.url} cannot reach 127.0.0.1:${port}: 502 Bad Gateway`)
      expect(error.retryable).to.equal(true)
    }
    const strict = await start({ status: 403 })
    const refused = await failure(reader(strict.url).open({ url: secureUrl, headers: [] }), 'origin-unreachable')
    expect(refused.message).to.match(/^the proxy \S+ refuses \S+: 403 Forbidden$/)
    const dead = `http://127.0.0.1:${port}`
    for (const url of ['http://x.invalid/', 'https://x.invalid/']) {
      const down = await failure(reader(dead, { attempts: 1 }).open({ url, headers: [] }), 'origin-unreachable')
      expect(down.message).to.equal(`cannot connect to the proxy ${dead}: connection refused`)
      const unknown = await failure(
        reader('http://p.invalid:1', { attempts: 1 }).open({ url, headers: [] }),
        'origin-unreachable',
      )
      expect(unknown.message).to.equal('unknown host p.invalid of the proxy http://p.invalid:1')
    }
    const mute = await hostileOrigin(() => ({ hangUp: true }))
    const none = await failure(reader(mute.url, { attempts: 1 }).open({ url: secureUrl, headers: [] }), 'origin-unreachable')
    expect(none.message).to.match(/^the proxy \S+ gave no valid answer$/)
  })

  it('a variable that names no proxy is told when it counts', async () => {
    const origin = impatient({ proxies: new Proxies({}, { http_proxy: 'socks5://u:secret@p:1' }) })
    const error = await failure(origin.open({ url: 'http://x.invalid/', headers: [] }), 'bad-option')
    expect(error.message).to.equal('http_proxy: SOCKS proxies (socks5://) are not supported')
  })

  it('authorities that cannot be read are told', async () => {
    await writeFile(join(dir, 'empty.pem'), 'no certificate')
    for (const [path, what] of [
      ['absent.pem', /^ca: cannot read the certificates in .*absent\.pem: it does not exist$/],
      ['empty.pem', /^ca: no certificates in .*empty\.pem$/],
    ] as const) {
      const origin = impatient({ ca: { path: join(dir, path), source: 'ca' } })
      expect((await failure(origin.open({ url: secureUrl, headers: [] }), 'bad-option')).message).to.match(what)
    }
  })

  describe('for others', () => {
    /** Reads where `allowed` says, through the proxy. Names not in `names` cannot be resolved here. */
    function guarded(proxy: ForwardProxy, allowed: string[], names: Record<string, string[]> = {}): Origin {
      const lookup: LookupFunction = (host, _options, callback) => {
        const found = names[host]
        if (found === undefined) return callback(Object.assign(new Error('unknown'), { code: 'ENOTFOUND' }), [])
        callback(
          null,
          found.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })),
        )
      }
      return reader(proxy.url, { guard: new Guard(new AllowedOrigins(allowed), { lookup }), attempts: 1 })
    }
    const isRefused = async (origin: Origin, url: string, why: RegExp): Promise<void> => {
      expect((await failure(origin.open({ url, headers: [] }), 'origin-refused')).message).to.match(why)
    }
    const PUBLIC = '93.184.215.14'

    it('the proxy is sent to no address that is not public', async () => {
      const proxy = await start()
      const names = { 'inside.example': ['10.0.0.1'], 'both.example': [PUBLIC, '10.0.0.1'], 'meta.example': ['169.254.169.254'] }
      const origin = guarded(proxy, [], names)
      for (const host of ['127.0.0.1', '10.0.0.1', '[::1]']) {
        for (const scheme of ['http', 'https']) await isRefused(origin, `${scheme}://${host}/`, /: not a public address$/)
      }
      await isRefused(origin, 'https://inside.example/', /: not a public address$/)
      await isRefused(origin, 'https://both.example/', /: not a public address$/)
      const named = guarded(proxy, ['*.example', 'any'], names)
      for (const scheme of ['http', 'https']) await isRefused(named, `${scheme}://meta.example/`, /metadata address$/)
      expect(proxy.asked).to.deep.equal([])
    })

    it('a name that the proxy resolves needs a pattern, unless it is public here and the certificate proves it', async () => {
      const proxy = await start({ port: Number(new URL((await server()).url).port) })
      const names = { 'public.example': [PUBLIC] }
      const why = /: only the proxy knows the address that it would connect to$/
      const origin = guarded(proxy, [], names)
      await isRefused(origin, 'http://public.example/', why)
      await isRefused(origin, 'https://unknown.example/', why)
      await isRefused(guarded(proxy, ['private', '10.0.0.0/8', '0.0.0.0/1']), 'http://unknown.example/', why)
      expect(proxy.asked).to.deep.equal([])
      // the proxy of this test leads to a server that has no such certificate
      await failure(origin.open({ url: 'https://public.example/', headers: [] }), 'origin-unreachable')
      expect(proxy.asked).to.deep.equal(['CONNECT public.example:443'])
      for (const allowed of ['unknown.example', '*.example', 'unknown.example:80', 'any']) {
        expect(await read(guarded(proxy, [allowed]), 'http://unknown.example/'), allowed).to.equal('found')
      }
      expect(await read(origin, `http://${PUBLIC}/`)).to.equal('found')
    })

    it('a redirect leads nowhere else either', async () => {
      const home = await hostileOrigin(() => ({ status: 302, headers: { location: 'http://10.0.0.1/secret' } }))
      const proxy = await start({ port: Number(new URL(home.url).port) })
      await isRefused(guarded(proxy, ['a.example']), 'http://a.example/', /^refused to read 10\.0\.0\.1 /)
      expect(proxy.asked).to.deep.equal(['GET http://a.example/'])
    })
  })
})
