// Token servers that have moved.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { HOST_METRIC_NAMES } from '../../../src/node/api/metrics.ts'
import { Counters } from '../../../src/node/context/counters.ts'
import { type TokenCounters, TokenServers } from '../../../src/origin/registries/token-servers.ts'
import { Upstream } from '../../../src/origin/upstream.ts'

interface Seen {
  method: string
  url: string
  authorization: string | undefined
  body: string
}

describe('a token server that has moved', () => {
  const ends: Array<() => Promise<unknown> | unknown> = []
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  /** What it is asked, and its URL. */
  async function server(answer: (request: IncomingMessage, response: ServerResponse) => void) {
    const seen: Seen[] = []
    const listening = createServer(async (request, response) => {
      const { method = '', url = '', headers } = request
      seen.push({ method, url, authorization: headers.authorization, body: await text(request) })
      answer(request, response)
    })
    await new Promise<void>(done => listening.listen(0, '127.0.0.1', done))
    ends.push(() => new Promise(done => listening.close(done)))
    ends.push(() => listening.closeAllConnections())
    return { seen, url: new URL(`http://127.0.0.1:${(listening.address() as AddressInfo).port}/token`) }
  }

  function servers(counters?: TokenCounters): TokenServers {
    const upstream = new Upstream({})
    ends.push(() => upstream.stop())
    return new TokenServers(upstream, counters)
  }

  const BASIC = ['authorization', 'Basic YWxpY2U6czNjcmV0']

  it('is counted by what became of it', async () => {
    const counters = new Counters(HOST_METRIC_NAMES)
    const asking = servers(counters)
    const answers = [200, 401, 500]
    const { url } = await server((_, response) => response.writeHead(answers.shift() ?? 200).end('{}'))
    for (let i = 0; i < 3; i++) await asking.send({ method: 'GET', url, headers: [] })
    await asking.send({ method: 'GET', url: new URL('http://127.0.0.1:1/token'), headers: [] }).catch(() => {})
    const counts = (['granted', 'refused', 'failed'] as const).map(outcome =>
      counters.value('dragonfly_token_requests_total', { outcome }),
    )
    expect(counts).to.deep.equal([1, 1, 2])
    expect(counters.value('dragonfly_token_requests_waiting')).to.equal(0)
  })

  it('is followed on its own host with the credential', async () => {
    const { seen, url } = await server((request, response) =>
      request.url === '/new' ? response.end('{}') : response.writeHead(301, { location: '/new' }).end(),
    )
    expect(await servers().send({ method: 'GET', url, headers: BASIC })).to.include({ status: 200 })
    expect(seen.map(({ url, authorization }) => [url, authorization])).to.deep.equal([
      ['/token', BASIC[1]],
      ['/new', BASIC[1]],
    ])
  })

  it('is followed to another host without it', async () => {
    const other = await server((_, response) => response.end('{}'))
    const { url } = await server((_, response) => response.writeHead(307, { location: other.url.href }).end())
    expect(await servers().send({ method: 'GET', url, headers: [...BASIC, 'cookie', 'a=b'] })).to.include({ status: 200 })
    expect(other.seen).to.deep.equal([{ method: 'GET', url: '/token', authorization: undefined, body: '' }])
  })

  it('is sent no refresh token elsewhere', async () => {
    const other = await server((_, response) => response.end('{}'))
    const moved = await server((request, response) => {
      const location = request.url === '/token' ? '/here' : other.url.href
      response.writeHead(307, { location }).end()
    })
    const body = 'grant_type=refresh_token&refresh_token=secret'
    expect(await servers().send({ method: 'POST', url: moved.url, headers: [], body })).to.include({ status: 307 })
    expect(moved.seen.map(({ body }) => body)).to.deep.equal([body, body])
    expect(other.seen).to.deep.equal([])
  })

  it('is followed three times, and never to what is no web address', async () => {
    const round = await server((_, response) => response.writeHead(302, { location: '/token' }).end())
    expect(await servers().send({ method: 'GET', url: round.url, headers: [] })).to.include({ status: 302 })
    expect(round.seen).to.have.length(4)
    for (const location of ['file:///etc/passwd', 'http://user:secret@127.0.0.1:1/', 'http://[']) {
      const { seen, url } = await server((_, response) => response.writeHead(302, { location }).end())
      expect(await servers().send({ method: 'GET', url, headers: [] })).to.include({ status: 302 })
      expect(seen).to.have.length(1)
    }
  })
})
