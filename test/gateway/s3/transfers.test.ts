// How often a slow store is asked for one object: parts one after the other, clients that leave, parts whose store breaks off.
import { createHash, randomBytes } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { guestOf } from '../../../src/gateway/front/guest.ts'
import { ObjectFactsReader } from '../../../src/gateway/s3/object-facts.ts'
import { S3Objects } from '../../../src/gateway/s3/objects.ts'
import { OpenAnswers } from '../../../src/gateway/s3/open-answers.ts'
import { S3Store } from '../../../src/origin/sources/s3-store.ts'
import { Upstream } from '../../../src/origin/upstream.ts'
import { withVariables } from '../../origin/sources/environment.ts'
import { until } from '../../waiting.ts'
import { World } from '../../world/world.ts'
import { ask, startMirror } from '../registry/mirror-lab.ts'

const VIA = '1.1 tests'
const MIB = 1024 * 1024
const BODY = randomBytes(12 * MIB + 3)
const ETAG = `"${createHash('md5').update(BODY).digest('hex')}"`

/** A store with one object, which it sends in blocks of 256 KiB with pauses. */
class SlowStore {
  readonly url: string
  readonly reads: { range: string | undefined; sent: number; isOver: boolean }[] = []
  pauseMs = 10
  /** Each answer ends after so many bytes. */
  cut = Infinity
  etag = ETAG
  /** An answer that is no range is silent after so many bytes. */
  hang = Infinity
  readonly #server: http.Server

  private constructor(server: http.Server) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('request', (request, response) => void this.#answer(request, response))
  }

  static async start(): Promise<SlowStore> {
    const server = http.createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return new SlowStore(server)
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
    const start = Number(from ?? 0)
    const end = to ? Number(to) + 1 : BODY.length
    const isPart = from !== undefined
    response.writeHead(isPart ? 206 : 200, {
      etag: this.etag,
      'content-length': end - start,
      'accept-ranges': 'bytes',
      ...(isPart && { 'content-range': `bytes ${start}-${end - 1}/${BODY.length}` }),
    })
    if (request.method === 'HEAD') return void response.end()
    const read = { range: request.headers.range, sent: 0, isOver: false }
    this.reads.push(read)
    response.once('close', () => {
      read.isOver = true
    })
    for (let at = start; at < end && !response.destroyed; at += MIB / 4) {
      if (read.sent >= this.cut) return void response.destroy()
      if (!isPart && read.sent >= this.hang) return
      const block = BODY.subarray(at, Math.min(end, at + MIB / 4))
      response.write(block)
      read.sent += block.length
      await sleep(this.pauseMs)
    }
    response.end()
  }
}

describe('transfers of objects of a slow store', () => {
  let store: SlowStore
  let world: World

  beforeEach(async () => {
    world = await World.open()
    store = await SlowStore.start()
  })
  afterEach(async () => {
    await world.close()
    await store.stop()
  })

  const withGateway = (work: (url: string) => Promise<void>) =>
    withVariables({ AWS_ENDPOINT_URL_S3: store.url }, async () =>
      work(`${await startMirror(world, { s3: 'host' })}/s3/models/weights.bin`),
    )
  const part = async (url: string, start: number, end: number) => {
    const { status, body } = await ask(url, { range: `bytes=${start}-${end - 1}` })
    expect(status).to.equal(206)
    expect(body.equals(BODY.subarray(start, end))).to.equal(true)
  }

  it('parts one after the other, with pauses, are one read', () =>
    withGateway(async url => {
      for (let start = 0; start < BODY.length; start += 3 * MIB) {
        await part(url, start, Math.min(BODY.length, start + 3 * MIB))
        await sleep(30)
      }
      expect(store.reads.map(({ sent }) => sent)).to.deep.equal([BODY.length])
    }))

  it('single reads while it is read whole take no read of their own, before it they do', () =>
    withGateway(async url => {
      await part(url, 5 * MIB + 1, 5 * MIB + 11)
      expect(store.reads.map(({ sent }) => sent)).to.deep.equal([10])
      await Promise.all([part(url, 0, 4 * MIB), part(url, 8 * MIB, BODY.length), part(url, 7 * MIB + 9, 7 * MIB + 99)])
      const large = store.reads.filter(({ sent }) => sent > 100)
      expect(large.map(({ sent }) => sent)).to.deep.equal([BODY.length])
    }))

  it('what is complete is given to one client while another one is slow', () =>
    withGateway(async url => {
      store.pauseMs = 0
      await part(url, 0, 8 * MIB)
      await until(() => store.reads[0]?.sent === BODY.length && store.reads[0].isOver, 'the whole is here')
      const left = new AbortController()
      const slow = await fetch(url, { signal: left.signal })
      const begun = performance.now()
      await part(url, MIB, 9 * MIB)
      await part(url, 5, 7)
      expect(performance.now() - begun).to.be.below(5000)
      expect(store.reads).to.have.length(1)
      expect(Buffer.from(await slow.arrayBuffer()).equals(BODY)).to.equal(true)
      left.abort()
    }))

  it('a client that hangs up ends the read, and the next one goes on', () =>
    withGateway(async url => {
      store.pauseMs = 50
      const left = new AbortController()
      const answer = await fetch(url, { headers: { range: `bytes=0-${8 * MIB - 1}` }, signal: left.signal })
      await answer.body?.getReader().read()
      left.abort()
      await until(() => store.reads[0]?.isOver === true, 'the read ends')
      expect(store.reads[0]?.sent).to.be.below(BODY.length)
      store.pauseMs = 1
      await part(url, 0, 8 * MIB)
    }))

  it('late parts wait for those before them as long as these arrive, and no longer', async () => {
    await withVariables({ AWS_ENDPOINT_URL_S3: store.url }, async () => {
      const upstream = new Upstream({})
      const { node } = await world.node({ store: 'memory', network: false })
      const facade = new S3Store(upstream, 'host')
      const objects = new S3Objects(node, facade, new OpenAnswers(), { silence: 1000, turn: 10_000 })
      const name = { bucket: 'models', key: 'weights.bin', query: [] }
      const facts = await new ObjectFactsReader(facade).read(name, true, VIA)
      const server = http.createServer((request, response) => {
        if (facts.kind === 'object') void objects.give(guestOf(request, response), { ...name, via: VIA }, facts)
      })
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      world.atEnd(async () => {
        server.closeAllConnections()
        await new Promise(resolve => server.close(resolve))
        await upstream.stop()
      })
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      // 3 s for the whole
      store.pauseMs = 60
      await Promise.all([part(url, 0, 4 * MIB), part(url, 8 * MIB, BODY.length)])
      expect(store.reads.map(({ sent }) => sent)).to.deep.equal([BODY.length])
      store.etag = '"other"'
      store.hang = 4 * MIB
      const changed = await new ObjectFactsReader(facade).read(name, true, VIA)
      Object.assign(facts, changed)
      await part(url, 8 * MIB, BODY.length)
      expect(store.reads.slice(1).map(({ range }) => range)).to.deep.equal([undefined, `bytes=${8 * MIB}-${BODY.length - 1}`])
    })
  })

  it('are completed where the store breaks each answer off', () =>
    withGateway(async url => {
      store.cut = 3 * MIB
      store.pauseMs = 1
      await Promise.all([part(url, 0, 8 * MIB), part(url, 8 * MIB, BODY.length)])
      const whole = await ask(url)
      expect(whole.body.equals(BODY)).to.equal(true)
    }))

  it('never mix two versions', () =>
    withGateway(async url => {
      await part(url, 0, 8 * MIB)
      store.etag = '"other"'
      // what the store said counts for 2 s
      await sleep(2100)
      const { headers } = await ask(url, { range: 'bytes=0-9' })
      expect(headers.etag).to.equal('"other"')
      const before = await ask(url, { range: 'bytes=0-9', 'if-match': ETAG })
      expect(before.status).to.equal(412)
    }))
})
