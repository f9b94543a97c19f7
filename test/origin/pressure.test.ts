// What one origin host has to bear from us: requests at a time, bytes a second, none while it asks for peace or is down.
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { DragonflyError } from '../../src/core/errors.ts'
import { Gates, MAX_HOSTS } from '../../src/origin/gates.ts'
import { settings } from '../../src/origin/options.ts'
import { passTime } from '../clock.ts'
import { until } from '../waiting.ts'
import { cleanUp, failure, impatient, readAll } from './fixtures.ts'
import { content, deadUrl, honest, hostileOrigin } from './hostile-origin.ts'

describe('origin: no pressure', () => {
  let server: Server | undefined
  afterEach(async () => {
    await cleanUp()
    server?.closeAllConnections()
    server?.close()
  })

  /** Answers when told to; knows how many wait for it, and on how many connections. */
  async function slowOrigin() {
    const open: { response: ServerResponse; path: string }[] = []
    const seen = { paths: [] as string[], most: 0, sockets: 0, mostSockets: 0 }
    server = createServer((request, response) => {
      open.push({ response, path: request.url ?? '' })
      seen.paths.push(request.url ?? '')
      seen.most = Math.max(seen.most, open.length)
    })
    server.on('connection', socket => {
      seen.mostSockets = Math.max(seen.mostSockets, ++seen.sockets)
      socket.on('close', () => seen.sockets--)
    })
    await new Promise<void>(resolve => server?.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const answer = (body = 'x') => open.shift()?.response.end(body)
    return { url, open, seen, answer }
  }

  describe('connections', () => {
    it('are limited for one host, and taken in the order of asking', async () => {
      const { url, open, seen, answer } = await slowOrigin()
      const origin = impatient({ connections: 3 })
      const reads = Array.from({ length: 12 }, (_, i) => origin.open({ url: `${url}/${i}`, headers: [] }).then(readAll))
      for (let i = 0; i < 12; i++) {
        await until(() => open.length === Math.min(3, 12 - i), 'so many requests are here')
        answer()
      }
      expect((await Promise.all(reads)).map(String)).to.deep.equal(Array(12).fill('x'))
      expect(seen.paths).to.deep.equal(Array.from({ length: 12 }, (_, i) => `/${i}`))
      expect(seen.most).to.equal(3)
      expect(seen.mostSockets).to.be.at.most(3)
    })

    it('count for all clients with the same gates together', async () => {
      const { url, open, seen, answer } = await slowOrigin()
      const gates = new Gates(settings({ connections: 1 }))
      const reads = ['/a', '/b'].map(path =>
        impatient({ gates })
          .open({ url: url + path, headers: [] })
          .then(readAll),
      )
      for (const path of ['/a', '/b']) {
        await until(() => open.length === 1, 'so many requests are here')
        expect(seen.paths.at(-1)).to.equal(path)
        answer()
      }
      await Promise.all(reads)
      expect(seen.most).to.equal(1)
    })

    it('are not shared with another host', async () => {
      const { url, open, answer } = await slowOrigin()
      const other = await hostileOrigin(() => ({ body: 'y' }))
      const origin = impatient({ connections: 1 })
      const slow = origin.open({ url, headers: [] })
      await until(() => open.length === 1, 'so many requests are here')
      expect(String(await readAll(await origin.open({ url: other.url, headers: [] })))).to.equal('y')
      answer()
      await readAll(await slow)
    })

    it('are not waited for longer than the caller wants', async () => {
      const { url, open, seen, answer } = await slowOrigin()
      const origin = impatient({ connections: 1 })
      const first = origin.open({ url: `${url}/first`, headers: [] })
      await until(() => open.length === 1, 'so many requests are here')
      const leave = new AbortController()
      const second = failure(origin.open({ url: `${url}/second`, headers: [] }, { signal: leave.signal }), 'aborted')
      const third = origin.open({ url: `${url}/third`, headers: [] })
      leave.abort()
      await second
      answer()
      await readAll(await first)
      await until(() => open.length === 1, 'so many requests are here')
      answer()
      await readAll(await third)
      expect(seen.paths).to.deep.equal(['/first', '/third'])
    })

    const body = content(100_000)
    const ends: Record<string, (origin: ReturnType<typeof impatient>, url: string) => Promise<unknown>> = {
      'a read to its end': async (origin, url) => await readAll(await origin.open({ url, headers: [] })),
      'a read that is cancelled': async (origin, url) => await (await origin.open({ url, headers: [] })).cancel(),
      'a read that is left early': async (origin, url) => {
        for await (const _ of await origin.open({ url, headers: [] })) break
      },
      'a range': (origin, url) => origin.range({ url, headers: [] }, 'etag "a"', { start: 1, end: 9 }, undefined),
      'a content that is not there': (origin, url) =>
        failure(origin.open({ url: `${url}/404`, headers: [] }), 'origin-not-found'),
      'a redirect': async (origin, url) => await readAll(await origin.open({ url: `${url}/moved`, headers: [] })),
      'a check that finds the same': (origin, url) => origin.check({ url, headers: [] }, 'etag "a"', { etag: '"a"' } as never),
      'a check without conditions': (origin, url) => origin.check({ url, headers: [] }, 'etag "a"', {} as never),
      'a read that begins at the end': async (origin, url) => {
        await readAll(await origin.open({ url, headers: [] }, { from: body.length, version: 'etag "a"' }))
      },
    }
    for (const [what, use] of Object.entries(ends)) {
      it(`are free again after ${what}`, async () => {
        const { url } = await hostileOrigin(request => {
          if (request.url?.endsWith('404') === true) return { status: 404, body: 'not here' }
          if (request.url?.endsWith('moved') === true) return { status: 302, headers: { location: '/' } }
          return honest(request, body, { etag: '"a"' })
        })
        const origin = impatient({ connections: 1 })
        for (let i = 0; i < 3; i++) await use(origin, url)
      })
    }

    it('are free again after a connection that was refused', async () => {
      const url = await deadUrl()
      const origin = impatient({ connections: 1 })
      for (let i = 0; i < 3; i++) await failure(origin.open({ url, headers: [] }), 'origin-unreachable')
    })
  })

  it('sends no more requests a second for others than allowed', async () => {
    const { url, requests } = await hostileOrigin(() => ({ body: 'x' }))
    const origin = impatient({ requestsPerSecond: 20, requestBurst: 5, forOthers: true })
    const begun = performance.now()
    await Promise.all(Array.from({ length: 15 }, () => origin.open({ url, headers: [] }).then(readAll)))
    expect(requests).to.have.lengthOf(15)
    // the burst of five at once, ten more at 20 a second
    expect(performance.now() - begun).to.be.at.least(495)
  })

  describe('a rate of bytes', () => {
    it('is kept by all reads of a host together, and not before they are read', async () => {
      const body = content(1_500_000)
      const { url } = await hostileOrigin(() => ({ body }))
      const origin = impatient({ bytesPerSecond: 2_000_000 })
      const begun = performance.now()
      const reads = await Promise.all([1, 2].map(async () => await readAll(await origin.open({ url, headers: [] }))))
      const ms = performance.now() - begun
      for (const read of reads) expect(Buffer.compare(read, body)).to.equal(0)
      // 100 ms of it may come at once
      expect(ms).to.be.at.least(1390)
    })

    it('is smooth', async () => {
      const { url } = await hostileOrigin(() => ({ body: content(600_000) }))
      const origin = impatient({ bytesPerSecond: 1_000_000 })
      const parts: { at: number; bytes: number }[] = []
      for await (const chunk of await origin.open({ url, headers: [] }))
        parts.push({ at: performance.now(), bytes: chunk.length })
      for (const [i, { at }] of parts.entries()) {
        const window = parts.slice(i).filter(part => part.at < at + 100)
        // one window's worth, one that was saved, and the part that is on the edge
        expect(window.reduce((sum, part) => sum + part.bytes, 0)).to.be.at.most(300_000)
      }
    })

    it('pushes back: the origin cannot send what is not read', async () => {
      const { url, open } = await slowOrigin()
      const origin = impatient({ bytesPerSecond: 1_000_000 })
      const reading = origin.open({ url, headers: [] })
      await until(() => open.length === 1, 'so many requests are here')
      const { response } = open[0] as { response: ServerResponse }
      let sent = 0
      const more = () => {
        while (sent < 200_000_000 && response.write(Buffer.alloc(100_000))) sent += 100_000
      }
      response.on('drain', more)
      more()
      let got = 0
      for await (const chunk of await reading) {
        got += chunk.length
        if (got >= 500_000) break
      }
      // the rest is in the buffers of the two systems
      expect(sent).to.be.below(50_000_000)
    })

    it('is not waited for by a read that is given up', async () => {
      const { url } = await hostileOrigin(() => ({ body: content(10_000) }))
      const origin = impatient({ bytesPerSecond: 10 })
      const leave = new AbortController()
      const read = readAll(await origin.open({ url, headers: [] }, { signal: leave.signal }))
      leave.abort()
      await failure(read, 'aborted')
    })
  })

  describe('a pause that an origin asks for', () => {
    for (const status of [429, 503]) {
      it(`by ${status} holds back every other request to it, and none to others`, async () => {
        const times: number[] = []
        const { url } = await hostileOrigin((_, nth) => {
          times.push(performance.now())
          return nth === 1 ? { status, headers: { 'retry-after': '1' } } : { body: 'x' }
        })
        const other = await hostileOrigin(() => ({ body: 'y' }))
        const heard = Promise.withResolvers<void>()
        const origin = impatient({ onRetry: () => heard.resolve() })
        const first = origin.open({ url, headers: [] }).then(readAll)
        await heard.promise
        const later = Array.from({ length: 5 }, () => origin.open({ url: `${url}.other`, headers: [] }).then(readAll))
        expect(String(await readAll(await origin.open({ url: other.url, headers: [] })))).to.equal('y')
        expect(times).to.have.lengthOf(1)
        expect((await Promise.all([first, ...later])).map(String)).to.deep.equal(Array(6).fill('x'))
        expect((times[1] as number) - (times[0] as number)).to.be.at.least(995)
      })
    }

    it('is told at once to whoever would not wait so long', async () => {
      const { url, requests } = await hostileOrigin(() => ({ status: 429, headers: { 'retry-after': '100' } }))
      const origin = impatient()
      await failure(origin.open({ url, headers: [] }), 'origin-error')
      const error = await failure(origin.open({ url: `${url}.other`, headers: [] }), 'origin-error')
      expect(error).to.include({ status: 429, retryable: true })
      expect(error.retryAfter).to.be.within(90_000, 100_000)
      expect(error.message).to.match(/^origin answered 429 Too Many Requests for 127\.0\.0\.1:\d+; it asked to wait another \d/)
      expect(requests).to.have.lengthOf(1)
    })

    it('is not waited for by a check: whoever checks has something', async () => {
      const { url } = await hostileOrigin(() => ({ status: 503, headers: { 'retry-after': '5' } }))
      const check = impatient().check({ url, headers: [] }, 'etag "a"', { etag: '"a"', lastModified: undefined, length: 1 })
      expect(await failure(check, 'origin-error')).to.include({ status: 503, retryAfter: 5000 })
    })
  })

  describe('an origin that is down', () => {
    const impatience = { attempts: 1, breakerFailures: 3, coolingMs: 60_000 }

    it('is left alone after some failures in a row, and whoever asks hears its last words', async () => {
      const { url, requests } = await hostileOrigin(() => ({ status: 500 }))
      const origin = impatient(impatience)
      const ask = (path: string) => failure(origin.open({ url: new URL(path, url).href, headers: [] }), 'origin-error')
      for (let i = 0; i < 3; i++) await ask('/secret')
      const error = await ask('/other')
      expect(requests).to.have.lengthOf(3)
      expect(error).to.include({ status: 500, retryable: true })
      expect(error.retryAfter).to.be.within(30_000, 60_000)
      expect(error.message).to.match(
        /^origin answered 500 Internal Server Error for 127\.0\.0\.1:\d+; it is left alone for another/,
      )
    })

    for (const [what, code, make] of [
      ['refuses connections', 'origin-unreachable', deadUrl],
      ['hangs up', 'origin-unreachable', async () => (await hostileOrigin(() => ({ hangUp: true }))).url],
      ['says nothing', 'origin-timeout', async () => (await hostileOrigin(() => ({ silent: true }))).url],
    ] as const) {
      it(`is one that ${what}`, async () => {
        const url = await make()
        const origin = impatient({ ...impatience, headersTimeoutMs: 50 })
        for (let i = 0; i < 3; i++)
          expect((await failure(origin.open({ url, headers: [] }), code)).retryAfter).to.equal(undefined)
        expect((await failure(origin.open({ url, headers: [] }), code)).retryAfter).to.be.a('number')
      })
    }

    it('is not one that others have given up on, nor one that denies', async () => {
      const { url, requests } = await hostileOrigin((_, nth) => (nth <= 5 ? { silent: true } : { status: 404 }))
      const origin = impatient(impatience)
      for (let i = 1; i <= 5; i++) {
        const leave = new AbortController()
        const asking = failure(origin.open({ url, headers: [] }, { signal: leave.signal }), 'aborted')
        await until(() => requests.length === i, 'so many requests are here')
        leave.abort()
        await asking
      }
      for (let i = 0; i < 5; i++) await failure(origin.open({ url, headers: [] }), 'origin-not-found')
      expect(requests).to.have.lengthOf(10)
    })

    it('is tried by one when it has cooled down; the others wait for what that shows', async () => {
      const { url, open, seen, answer } = await slowOrigin()
      const deny = () => open.shift()?.response.writeHead(502).end()
      const origin = impatient({ ...impatience, coolingMs: 60_000 })
      const ask = () => origin.open({ url, headers: [] }).then(readAll)
      const fails = async () => {
        const error = failure(ask(), 'origin-error')
        await until(() => open.length === 1, 'so many requests are here')
        deny()
        expect((await error).retryAfter).to.equal(undefined)
      }
      for (let i = 0; i < 3; i++) await fails()
      passTime(60_001)
      const trial = failure(ask(), 'origin-error')
      const crowd = Array.from({ length: 5 }, () => failure(ask(), 'origin-error'))
      await until(() => open.length === 1, 'so many requests are here')
      deny()
      expect((await trial).message).to.match(/^origin answered 502 Bad Gateway for http/)
      for (const error of await Promise.all(crowd)) expect(error.message).to.match(/; it is left alone for another [\d.]+ \w+$/)
      expect(seen.paths, 'one trial').to.have.lengthOf(4)
      passTime(120_001)
      const attempts = Array.from({ length: 5 }, ask)
      await until(() => open.length === 1, 'so many requests are here')
      answer()
      await until(() => open.length === 4, 'so many requests are here')
      expect(seen.most, 'all at once, once it is well').to.equal(4)
      for (let i = 0; i < 4; i++) answer()
      expect((await Promise.all(attempts)).map(String)).to.deep.equal(Array(5).fill('x'))
    })

    it('is outlasted by a read that has begun', async () => {
      const body = content(1000)
      const { url } = await hostileOrigin((request, nth) => {
        const act = honest(request, body, { etag: '"a"' })
        return nth === 1 ? { ...act, cutAfter: 500 } : nth < 5 ? { status: 500 } : act
      })
      const origin = impatient({ breakerFailures: 3, coolingMs: 30 })
      const read = await origin.open({ url, headers: [] })
      expect(Buffer.compare(await readAll(read), body)).to.equal(0)
    })
  })

  it('forgets hosts that need not be remembered', async () => {
    const gates = new Gates(settings({ requestBurst: 1, requestsPerSecond: 1e9 }))
    for (let i = 0; i < MAX_HOSTS; i++) gates.at(`http://h${i}`)
    const bad = gates.at('http://h0')
    const url = new URL('http://h0/x')
    const turn = await bad.enter({ patienceMs: 0 }, new AbortController().signal)
    turn.ended(new DragonflyError('origin-timeout', 'x'), url)
    gates.at('http://one-more')
    expect(gates.size).to.be.at.most(2)
    expect(gates.at('http://h0')).to.equal(bad)
  })
})
