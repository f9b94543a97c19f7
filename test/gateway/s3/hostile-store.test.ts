// S3 of the gateway before a store that lies, repeats what it is told, or is the gateway itself.
import { once } from 'node:events'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { withVariables } from '../../origin/sources/environment.ts'
import { World } from '../../world/world.ts'
import { ask, startMirror } from '../registry/mirror-lab.ts'

const MIB = 1024 * 1024
const KEYS = {
  AWS_ACCESS_KEY_ID: 'AKIAALICE0000000AAAA',
  AWS_SECRET_ACCESS_KEY: 'alicesecretkey77',
  AWS_SESSION_TOKEN: 'session/token77',
}

interface Version {
  body: Buffer
  etag: string
}

/** Gives whole or range, and looks at no condition. `pauseMs`: after each 256 KiB. */
async function give(request: IncomingMessage, response: ServerResponse, { body, etag }: Version, pauseMs = 0): Promise<void> {
  const [, first = '0', last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
  const [start, end] = [Number(first), last ? Math.min(body.length, Number(last) + 1) : body.length]
  response.writeHead(request.headers.range === undefined ? 200 : 206, {
    etag,
    'content-length': end - start,
    ...(request.headers.range !== undefined && { 'content-range': `bytes ${start}-${end - 1}/${body.length}` }),
  })
  if (request.method === 'HEAD') return void response.end()
  for (let at = start; at < end && !response.destroyed; at += MIB / 4) {
    response.write(body.subarray(at, Math.min(end, at + MIB / 4)))
    if (pauseMs > 0) await sleep(pauseMs)
  }
  response.end()
}

describe('S3 of the gateway before a hostile store', () => {
  let world: World
  let answer: (request: IncomingMessage, response: ServerResponse) => void
  let asked: string[]

  beforeEach(async () => {
    world = await World.open()
    asked = []
  })
  afterEach(() => world.close())

  async function withGateway(work: (at: string) => Promise<void>, s3: 'host' | 'anonymous' = 'host'): Promise<void> {
    const store = http.createServer((request, response) => {
      asked.push(`${request.method} ${request.headers.range ?? 'whole'}`)
      answer(request, response)
    })
    store.listen(0, '127.0.0.1')
    await once(store, 'listening')
    world.atEnd(async () => {
      store.closeAllConnections()
      await new Promise(resolve => store.close(resolve))
    })
    const url = `http://127.0.0.1:${(store.address() as AddressInfo).port}`
    await withVariables({ AWS_ENDPOINT_URL_S3: url, ...KEYS }, async () =>
      work(`${await startMirror(world, { s3 })}/s3/models/key`),
    )
  }

  it('never puts bytes of another version after those that it gave, though the store ignores If-Match', () =>
    withGateway(async at => {
      let now: Version = { body: Buffer.alloc(6 * MIB, 'A'), etag: '"a"' }
      answer = (request, response) => {
        if (request.method === 'HEAD' || now.etag === '"b"') return void give(request, response, now)
        response.writeHead(200, { etag: now.etag, 'content-length': now.body.length }).write(now.body.subarray(0, 3 * MIB))
        setTimeout(() => {
          now = { body: Buffer.alloc(6 * MIB, 'B'), etag: '"b"' }
          response.destroy()
        }, 600)
      }
      const got = await ask(at).catch(error => error)
      expect(got).to.be.an('error')
      expect((await ask(at)).body.equals(now.body)).to.equal(true)
    }))

  it('gives what the store has when the request comes, without a HEAD before it', () =>
    withGateway(async at => {
      for (let version = 0; version < 4; version++) {
        const now = { body: Buffer.from(`version ${version}`), etag: `"v${version}"` }
        answer = (request, response) => void give(request, response, now)
        expect((await ask(at)).body.toString()).to.equal(`version ${version}`)
        expect((await ask(at, { range: 'bytes=0-6' })).headers.etag).to.equal(now.etag)
        const next = { ...now, etag: `"w${version}"` }
        answer = (request, response) => void give(request, response, next)
        // what is remembered may refuse nothing
        expect((await ask(at, { range: 'bytes=2-3', 'if-match': next.etag })).status).to.equal(206)
      }
    }))

  it('asks anew for who comes while an older question is under way, and once for all of them', () =>
    withGateway(async at => {
      const old = { body: Buffer.from('old'), etag: '"old"' }
      const now = { body: Buffer.from('new'), etag: '"new"' }
      const heads: (() => void)[] = []
      answer = (request, response) => {
        if (request.method === 'HEAD' && heads.length === 0) heads.push(() => void give(request, response, old))
        else void give(request, response, now)
      }
      const first = ask(at, {}, 'HEAD')
      while (heads.length === 0) await sleep(5)
      const later = Promise.all(Array.from({ length: 20 }, async () => (await ask(at)).body.toString()))
      await sleep(200)
      heads[0]?.()
      expect((await first).headers.etag).to.equal('"old"')
      expect(new Set(await later)).to.deep.equal(new Set(['new']))
      expect(asked.filter(each => each.startsWith('HEAD')).length).to.equal(2)
    }))

  it('reads alone what would wait for too much before it', () =>
    withGateway(async at => {
      const now = { body: Buffer.alloc(40 * MIB, 'x'), etag: '"a"' }
      answer = (request, response) => void give(request, response, now, 80)
      const whole = ask(at)
      await sleep(500)
      const begun = performance.now()
      expect((await ask(at, { range: `bytes=-100` })).body.length).to.equal(100)
      expect(performance.now() - begun).to.be.within(2500, 6000)
      expect(asked.filter(each => each.startsWith('GET')).length).to.equal(2)
      expect((await whole).body.equals(now.body)).to.equal(true)
    }))

  it('says nothing of its keys, whatever the store repeats of a request', () =>
    withGateway(async at => {
      answer = ({ url = '', method }, response) => {
        const text = `<Error><Code>Odd</Code><Message>${url} ${url.replaceAll('&', '&amp;')} ${encodeURIComponent(url)} ${KEYS.AWS_ACCESS_KEY_ID}</Message></Error>`
        response.writeHead(418, { 'x-asked': url, location: url, 'access-control-allow-origin': '*' })
        response.end(method === 'HEAD' ? undefined : url.includes('Signature') ? text : '')
      }
      for (const path of [at, `${at}?partNumber=1`, at.replace('/key', '?list-type=2')]) {
        answer = (inner => (request, response) => {
          if (!request.url?.includes('Signature')) return void response.writeHead(403).end()
          inner(request, response)
        })(answer)
        const { status, headers, body } = await ask(path)
        expect(status).to.equal(418)
        expect(body.toString()).to.match(/<Code>Odd<.*Signature=…/)
        expect(body.toString() + JSON.stringify(headers)).not.to.match(/AKIA|Signature(?:=|%3D)\w|session|\/token77/)
        expect(headers).not.to.have.any.keys('location', 'access-control-allow-origin', 'x-asked')
      }
    }))

  it('waits for the end of a refusal no longer than 10 s', async function () {
    this.timeout(30_000)
    await withGateway(async at => {
      answer = ({ method }, response) => {
        response.writeHead(403)
        if (method === 'HEAD') return void response.end()
        const drip = setInterval(() => response.write('x'), 300)
        response.once('close', () => clearInterval(drip))
      }
      expect((await ask(at)).status).to.equal(403)
    }, 'anonymous')
  })

  it('passes on a file name in any letters, and outlives headers that nobody can write', () =>
    withGateway(async at => {
      const named = 'attachment; filename="\u65e5.bin"'
      for (const value of [named, 'a\u0001b']) {
        answer = ({ method, socket }) => {
          const head = `HTTP/1.1 200 OK\r\nContent-Length: 5\r\nEtag: "a"\r\nContent-Disposition: ${value}\r\nConnection: close\r\n\r\n`
          socket.end(method === 'HEAD' ? head : `${head}hello`)
        }
        for (const query of ['', '?partNumber=1']) {
          const { status, headers } = await ask(at + query)
          expect(status).to.equal(value === named ? 200 : 503)
          if (value === named) expect(Buffer.from(headers['content-disposition'] ?? '', 'latin1').toString()).to.equal(named)
        }
      }
    }))

  it('sees that its store is itself, by whatever name, and that it is asked in a circle', async () => {
    const at = await startMirror(world, { s3: 'anonymous', host: '0.0.0.0' })
    const { port } = new URL(at)
    await withVariables({ AWS_ENDPOINT_URL_S3: `http://${hostname()}:${port}/s3` }, async () => {
      const begun = performance.now()
      expect((await ask(`http://127.0.0.1:${port}/s3/models/key`)).status).to.equal(508)
      expect((await ask(`http://127.0.0.1:${port}/s3/models?list-type=2`)).status).to.equal(508)
      expect(performance.now() - begun).to.be.below(5000)
    })
    await withGateway(async url => {
      answer = (request, response) => void give(request, response, { body: Buffer.from('x'), etag: '"a"' })
      expect((await ask(url, { via: '1.1 another' })).status).to.equal(200)
      expect((await ask(url, { via: Array(40).fill('1.1 dragonfly-abcdef').join(', ') })).status).to.equal(508)
    })
  })

  it('has room for others though clients take nothing of what the store gives', async function () {
    this.timeout(60_000)
    await withGateway(async at => {
      const now = { body: Buffer.alloc(16 * MIB, 'x'), etag: '"a"' }
      answer = (request, response) => {
        if (request.url?.includes('partNumber') === true) void give(request, response, now)
        else void give(request, response, { ...now, body: Buffer.from('small') })
      }
      const { port, pathname } = new URL(at)
      const hang = () => {
        const socket = connect(Number(port), '127.0.0.1').pause()
        socket.on('error', () => {}).write(`GET ${pathname}?partNumber=1 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`)
        return socket
      }
      const hung = Array.from({ length: 48 }, hang)
      // who has taken nothing for 5 s makes room for others
      await sleep(6000)
      hung.push(...Array.from({ length: 80 }, hang))
      const begun = performance.now()
      expect((await ask(at)).body.toString()).to.equal('small')
      expect((await ask(`${at}?partNumber=1`)).body.length).to.equal(now.body.length)
      expect(performance.now() - begun).to.be.below(20_000)
      for (const socket of hung) socket.destroy()
    })
  })

  it('refuses what would be taken for done', () =>
    withGateway(async at => {
      answer = (request, response) => void give(request, response, { body: Buffer.from('x'), etag: '"a"' })
      for (const name of ['x-amz-expected-bucket-owner', 'x-amz-server-side-encryption-customer-key'])
        expect((await ask(at, { [name]: '123456789012' })).status).to.equal(501)
      expect((await ask(`${at}?versionId=..`)).status).to.equal(400)
    }))
})
