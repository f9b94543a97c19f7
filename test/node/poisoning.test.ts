// What one asker sends to the origin, or leaves out of the identity, never decides what another one gets from a seed.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import type { GetOptions } from '../../src/node/api/get-options.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import { World } from '../world/world.ts'

const GOOD = content('good', 2 * PIECE + 5)
const EVIL = content('evil', 2 * PIECE + 5)

/** Which of its bodies an origin shows to a request. */
type Chooses = (request: IncomingMessage, url: URL) => Buffer

describe('cache poisoning', () => {
  let world: World
  let requests: string[]

  beforeEach(async () => {
    world = await World.open()
    requests = []
  })
  afterEach(() => world.close())

  /** An origin that names each body by a strong ETag, forgets Vary, and says that everything is fresh. */
  async function origin(choose: Chooses): Promise<string> {
    const answer = (request: IncomingMessage, response: ServerResponse) => {
      const url = new URL(request.url ?? '/', 'http://origin')
      requests.push(`${request.headers.range ?? 'whole'} ${url.search}`)
      const body = choose(request, url)
      const headers = { etag: `"${hex(body).slice(0, 16)}"`, 'cache-control': 'max-age=3600', 'accept-ranges': 'bytes' }
      const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
      if (from === undefined) return response.writeHead(200, { ...headers, 'content-length': body.length }).end(body)
      const end = to === '' || to === undefined ? body.length : Number(to) + 1
      const part = body.subarray(Number(from), end)
      const range = `bytes ${from}-${end - 1}/${body.length}`
      response.writeHead(206, { ...headers, 'content-length': part.length, 'content-range': range }).end(part)
    }
    const server = createServer(answer)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    world.atEnd(async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/app.tgz`
  }

  /** Two hosts that know one seed. Each reads through it only. */
  async function hosts() {
    const seed = await world.seed()
    const get = async (url: string, options: GetOptions = {}) => {
      const peer = await world.node({ seeds: [seed.address] })
      const path = world.path()
      await peer.node.download(url, path, { origin: false, ...options })
      return await fileHash(path)
    }
    return { evil: get, honest: get }
  }

  const byVersionId: Chooses = (_, url) => (url.search.includes('evil') ? EVIL : GOOD)

  it('a filtered parameter does not get others what it chose: the bare URL', async () => {
    const url = await origin(byVersionId)
    const { evil, honest } = await hosts()
    expect(await evil(`${url}?versionId=evil`, { filter: ['versionId'] })).to.equal(hex(EVIL))
    expect(await honest(url)).to.equal(hex(GOOD))
    expect(await honest(url, { filter: ['versionId'] })).to.equal(hex(GOOD))
  })

  it('nor who filters the same parameter with another value', async () => {
    const url = await origin(byVersionId)
    const { evil, honest } = await hosts()
    expect(await evil(`${url}?versionId=evil`, { filter: ['versionId'] })).to.equal(hex(EVIL))
    expect(await honest(`${url}?versionId=1`, { filter: ['versionId'] })).to.equal(hex(GOOD))
  })

  it('nor when the filter swallows part of a value', async () => {
    const url = await origin(byVersionId)
    const { evil, honest } = await hosts()
    expect(await evil(`${url}?f=good&x;f=evil`, { filter: ['x;f'] })).to.equal(hex(EVIL))
    expect(await honest(`${url}?f=good`)).to.equal(hex(GOOD))
  })

  for (const [name, value] of [
    ['user-agent', 'evil'],
    ['referer', 'http://evil/'],
    ['origin', 'http://evil'],
    ['cache-control', 'max-age=9, evil'],
  ] as const) {
    it(`a header that is no part of the task is not sent for others: ${name}`, async () => {
      const url = await origin(({ headers }) => (headers[name]?.includes('evil') === true ? EVIL : GOOD))
      const { evil, honest } = await hosts()
      expect(await evil(url, { headers: [[name, value]] })).to.equal(hex(GOOD))
      expect(await honest(url)).to.equal(hex(GOOD))
    })
  }

  it('signatures that differ share one read, each after the origin has shown its own URL the same version', async () => {
    const url = await origin(() => GOOD)
    const { honest } = await hosts()
    const signed = async (signature: string) => await honest(`${url}?sig=${signature}`, { filter: ['sig'] })
    expect(await signed('a')).to.equal(hex(GOOD))
    expect(await signed('b')).to.equal(hex(GOOD))
    expect(requests.filter(r => r.startsWith('whole'))).to.have.length(1)
    expect(requests.some(r => r.endsWith('?sig=b') && !r.startsWith('whole'))).to.equal(true)
  })

  it('a signature that the origin does not take gets nothing', async () => {
    let dead = ''
    const url = await origin((_, { search }) => (search === dead ? EVIL : GOOD))
    const { honest } = await hosts()
    expect(await honest(`${url}?sig=a`, { filter: ['sig'] })).to.equal(hex(GOOD))
    dead = '?sig=dead'
    expect(await honest(`${url}?sig=dead`, { filter: ['sig'] }), 'another version, hence not the kept one').to.equal(hex(EVIL))
  })
})
