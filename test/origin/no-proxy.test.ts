// Which proxy a connection takes: the rules alone, without any connection.
import { expect } from 'chai'
import { NoProxy } from '../../src/origin/no-proxy.ts'
import { Proxies, type ProxyOptions } from '../../src/origin/proxies.ts'
import { parseProxy } from '../../src/origin/proxy.ts'

describe('origin: no_proxy', () => {
  const covers = (list: string, url: string) => new NoProxy(list).covers(new URL(url))

  for (const [list, yes, no] of [
    ['', [], ['http://example.org/', 'http://127.0.0.1/']],
    ['*', ['http://example.org/', 'https://[::1]:8/'], []],
    [
      'example.org',
      ['http://example.org/', 'https://EXAMPLE.org.:8/', 'http://a.b.example.org/'],
      ['http://notexample.org/', 'http://org/'],
    ],
    ['.example.org', ['http://example.org/', 'http://a.example.org/'], ['http://notexample.org/']],
    ['*.example.org', ['http://a.example.org/'], ['http://example.org/']],
    [' a.example,\tExample.ORG. ', ['http://a.example/', 'http://example.org/'], ['http://b.example/']],
    ['localhost', ['http://localhost/'], ['http://127.0.0.1/', 'http://[::1]/']],
    ['127.0.0.1', ['http://127.0.0.1:81/', 'http://127.1/'], ['http://127.0.0.2/', 'http://localhost/']],
    ['10.0.0.0/8', ['http://10.1.2.3/'], ['http://11.0.0.1/', 'http://10.example/']],
    ['::1,fd00::/8', ['http://[::1]/', 'http://[fd12::1]/'], ['http://[fe80::1]/', 'http://127.0.0.1/']],
    ['[::1]:81,example.org:443', ['http://[::1]:81/', 'https://example.org/'], ['http://[::1]/', 'http://example.org/']],
  ] as [string, string[], string[]][]) {
    it(`of "${list}"`, () => {
      for (const url of yes) expect(covers(list, url), url).to.equal(true)
      for (const url of no) expect(covers(list, url), url).to.equal(false)
    })
  }
})

describe('origin: the choice of a proxy', () => {
  const chosen = (url: string, env: NodeJS.ProcessEnv, options: ProxyOptions = {}) =>
    new Proxies(options, env).for(new URL(url))?.shown

  it('is by the scheme, lower case before upper case, all_proxy for the rest', () => {
    const env = { http_proxy: 'http://a:1', HTTPS_PROXY: 'b:2', all_proxy: 'http://c:3' }
    expect(chosen('http://x/', env)).to.equal('http://a:1')
    expect(chosen('https://x/', env)).to.equal('http://b:2')
    expect(chosen('https://x/', { ...env, https_proxy: 'https://d:4' })).to.equal('https://d:4')
    expect(chosen('https://x/', { http_proxy: 'http://a:1' })).to.equal(undefined)
    expect(chosen('https://x/', { ALL_PROXY: 'http://c:3' })).to.equal('http://c:3')
    expect(chosen('http://x/', { http_proxy: '', all_proxy: '' })).to.equal(undefined)
  })

  it('takes HTTP_PROXY, but not in a CGI process, where a client could set it', () => {
    expect(chosen('http://x/', { HTTP_PROXY: 'http://a:1' })).to.equal('http://a:1')
    expect(chosen('http://x/', { HTTP_PROXY: 'http://a:1', REQUEST_METHOD: 'GET' })).to.equal(undefined)
    expect(chosen('http://x/', { http_proxy: 'http://a:1', REQUEST_METHOD: 'GET' })).to.equal('http://a:1')
  })

  it('obeys what was named, and no_proxy beside it; an empty name is no proxy', () => {
    const env = { http_proxy: 'http://a:1', no_proxy: 'x' }
    expect(chosen('http://y/', env, { proxy: 'p:9' })).to.equal('http://p:9')
    expect(chosen('http://x/', env, { proxy: 'p:9' })).to.equal(undefined)
    expect(chosen('http://x/', env, { proxy: 'p:9', noProxy: 'y' })).to.equal('http://p:9')
    expect(chosen('http://y/', env, { proxy: 'p:9', noProxy: 'y' })).to.equal(undefined)
    expect(chosen('http://y/', env, { proxy: '' })).to.equal(undefined)
  })

  it('makes no exception for loopback, as curl', () => {
    for (const host of ['localhost', '127.0.0.1', '[::1]']) {
      expect(chosen(`http://${host}/`, { http_proxy: 'p:1' }), host).to.equal('http://p:1')
    }
  })

  it('minds a malformed variable only when it counts, and names it', () => {
    const env = { all_proxy: 'socks5://u:secret@p:1', no_proxy: 'x' }
    expect(chosen('http://x/', env)).to.equal(undefined)
    expect(() => chosen('http://y/', env)).to.throw(/^all_proxy: SOCKS proxies \(socks5:\/\/\) are not supported$/)
  })
})

describe('origin: the URL of a proxy', () => {
  it('gives credentials to the proxy alone, decoded', () => {
    const { shown, authorization, url } = parseProxy('https://us%40er:p%3Ass@p.example:3128/path')
    expect(shown).to.equal('https://p.example:3128')
    expect(url.href).to.equal('https://p.example:3128/')
    expect(authorization).to.equal(`Basic ${Buffer.from('us@er:p:ss').toString('base64')}`)
    expect(parseProxy('p.example:3128').authorization).to.equal(undefined)
  })

  it('is refused without showing what may be a password', () => {
    for (const text of ['http://', 'http://u:secret@', 'ftp://u:secret@p:1', 'http://u:secret@p:99999', 'socks5h://u:secret@p']) {
      let message = ''
      try {
        parseProxy(text, 'https_proxy')
      } catch (error) {
        message = (error as Error).message
      }
      expect(message, text).to.match(/^https_proxy: /)
      expect(message).to.not.include('secret')
    }
  })
})
