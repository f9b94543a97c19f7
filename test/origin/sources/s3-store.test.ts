// A store of S3 that is passed requests: in which region it is asked, and what is kept of its refusals.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { type S3Ask, S3Store } from '../../../src/origin/sources/s3-store.ts'
import { Upstream } from '../../../src/origin/upstream.ts'
import { withVariables } from './environment.ts'

const ENDLESS = 'x'.repeat(1024 * 1024)
const HEAD: S3Ask = { method: 'HEAD', bucket: 'models', key: 'a b', query: [], headers: [] }
const KEYS = { AWS_ACCESS_KEY_ID: 'AKIAALICE0000000AAAA', AWS_SECRET_ACCESS_KEY: 'alicesecretkey77' }

describe('a store of S3 that is passed requests', () => {
  let server: http.Server
  let upstream: Upstream
  let asked: { method: string; url: URL; headers: http.IncomingHttpHeaders }[]
  let answer: (request: { method: string; url: URL }, response: http.ServerResponse) => void

  beforeEach(async () => {
    asked = []
    upstream = new Upstream({})
    server = http.createServer((request, response) => {
      const one = { method: request.method ?? '', url: new URL(request.url ?? '', 'http://store'), headers: request.headers }
      asked.push(one)
      answer(one, response)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  })
  afterEach(async () => {
    await upstream.stop()
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  })

  const as = (more: Record<string, string>, work: () => Promise<void>) => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return withVariables({ AWS_ENDPOINT_URL_S3: url, ...more }, work)
  }
  const regionOf = (url: URL) => url.searchParams.get('X-Amz-Credential')?.split('/')[2]
  const never = new AbortController().signal

  for (const how of ['header', 'text'] as const) {
    it(`is asked in the region that its ${how} names, from then on`, () =>
      as(KEYS, async () => {
        answer = ({ method, url }, response) => {
          const region = regionOf(url)
          if (region === undefined) return void response.writeHead(403).end()
          if (region === 'eu-north-1') return void response.writeHead(200, { etag: '"1"' }).end()
          const text = '<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-north-1</Region></Error>'
          const headers = how === 'header' ? { 'x-amz-bucket-region': 'eu-north-1' } : {}
          response.writeHead(400, headers).end(method === 'HEAD' || how === 'header' ? undefined : text)
        }
        const store = new S3Store(upstream, 'host')
        expect((await store.ask(HEAD, never)).status).to.equal(200)
        expect(asked.at(-1)?.url.pathname).to.equal('/models/a%20b')
        const before = asked.length
        expect((await store.ask(HEAD, never)).status).to.equal(200)
        expect(asked.slice(before).map(({ url }) => regionOf(url))).to.deep.equal(['eu-north-1'])
      }))
  }

  it('shows nothing of this host where nobody has to sign, and asks for checksums as it signs', () =>
    as(KEYS, async () => {
      answer = ({ url }, response) =>
        void response.writeHead(url.pathname.endsWith('/open') || url.search !== '' ? 200 : 403).end()
      await new S3Store(upstream, 'host').ask({ ...HEAD, key: 'open', hasChecksums: true }, never)
      expect(asked).to.have.length(1)
      expect(asked[0]?.url.search).to.equal('')
      expect(asked[0]?.headers).to.include({ 'x-amz-checksum-mode': 'ENABLED' })
      await new S3Store(upstream, 'host').ask({ ...HEAD, hasChecksums: true }, never)
      expect(asked.at(-1)?.url.searchParams.get('x-amz-checksum-mode')).to.equal('ENABLED')
      expect(asked.at(-1)?.headers).not.to.have.property('x-amz-checksum-mode')
      const reply = await new S3Store(upstream, 'anonymous').ask(HEAD, never)
      expect(reply.status).to.equal(403)
    }))

  it('keeps a bounded part of a refusal', () =>
    as({}, async () => {
      answer = (_, response) => void response.writeHead(404, { 'content-length': ENDLESS.length }).end(ENDLESS)
      const reply = await new S3Store(upstream, 'host').ask({ ...HEAD, method: 'GET' }, never)
      expect(reply.text).to.have.length(16 * 1024)
      expect(reply.headers.map(name => name.toLowerCase())).not.to.include('content-length')
    }))

  it('says what is wrong with its endpoint and with keys', () =>
    as({ AWS_ENDPOINT_URL_S3: 'ftp://store' }, async () => {
      const error = await new S3Store(upstream, 'host').ask(HEAD, never).then(String, error => error)
      expect(error).to.have.property('code', 'bad-option')
    }))
})
