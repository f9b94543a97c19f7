// ipfs: URLs at the origin's client: trees of blocks that IPFS's own importer made, read whole, by range, and from gateways that fail.
import { createHash, randomBytes } from 'node:crypto'
import * as dagPb from '@ipld/dag-pb'
import { expect } from 'chai'
import fc from 'fast-check'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { sha256, sha512 } from 'multiformats/hashes/sha2'
import { HttpClient } from '../../../src/origin/http-client.ts'
import { Gateways } from '../../../src/origin/ipfs/gateways.ts'
import { settings } from '../../../src/origin/options.ts'
import type { Origin } from '../../../src/origin/origin.ts'
import { cleanUp, expectBytes, failure, impatient, readAll } from '../fixtures.ts'
import { type Cut, TrustlessGateway } from './trustless-gateway.ts'

const LENGTH = 1_234_567
const BYTES = randomBytes(LENGTH)
const RAW = 0x55
const DAG_PB = 0x70

describe('origin: ipfs', () => {
  let gateway: TrustlessGateway
  let others: TrustlessGateway[]

  beforeEach(async () => {
    gateway = await TrustlessGateway.start()
    others = []
  })
  afterEach(async () => {
    await cleanUp()
    await Promise.all([gateway, ...others].map(one => one.stop()))
  })

  const another = async (): Promise<TrustlessGateway> => {
    const one = await TrustlessGateway.start(gateway)
    others.push(one)
    return one
  }
  const client = (...gateways: TrustlessGateway[]): Origin =>
    impatient({ ipfs: () => ({ urls: (gateways.length > 0 ? gateways : [gateway]).map(({ url }) => url) }) })
  const request = (cid: CID) => ({ url: `ipfs://${cid.toV1()}`, headers: [] })
  const whole = async (origin: Origin, cid: CID) => await readAll(await origin.open(request(cid)))

  const CUTS: Record<string, Cut> = {
    'a balanced tree of raw leaves': {},
    'a balanced tree of dag-pb leaves': { rawLeaves: false },
    'a trickle tree of raw leaves': { layout: 'trickle' },
    'a trickle tree of dag-pb leaves': { layout: 'trickle', rawLeaves: false, chunk: 5000 },
    'a wide tree': { fanout: 1000, chunk: 2000 },
    'one raw block': { chunk: 2_000_000 },
    'one dag-pb block': { chunk: 2_000_000, rawLeaves: false },
  }
  for (const [what, cut] of Object.entries(CUTS)) {
    it(`reads ${what}, whole and any part of it`, async () => {
      const cid = await gateway.addFile(BYTES, cut)
      const origin = client()
      const read = await origin.open(request(cid))
      expect(read).to.include({ length: LENGTH, version: `etag "${cid.toV1()}"`, rangesSupported: true, start: 0 })
      expectBytes(await readAll(read), BYTES)
      expect(new Set(gateway.asked).size).to.equal(gateway.count)
      await fc.assert(
        fc.asyncProperty(fc.nat(LENGTH - 1), fc.integer({ min: 1, max: LENGTH }), async (start, size) => {
          const slice = await origin.slice(request(cid), { start, end: start + size })
          expectBytes(await readAll(slice), BYTES.subarray(start, start + size))
        }),
        { numRuns: 15 },
      )
      const end = await origin.slice(request(cid), { last: 100 })
      expectBytes(await readAll(end), BYTES.subarray(-100))
      await failure(origin.slice(request(cid), { start: LENGTH }), 'range-unsatisfiable')
      const piece = await origin.range(request(cid), read.version, { start: 500_000, end: 600_000 }, LENGTH)
      expectBytes(piece, BYTES.subarray(500_000, 600_000))
    })
  }

  it('asks for no more blocks than a range needs', async () => {
    const cid = await gateway.addFile(BYTES)
    const origin = client()
    await origin.look(request(cid))
    gateway.asked.length = 0
    await readAll(await origin.slice(request(cid), { start: 600_000, end: 600_100 }))
    expect(gateway.asked.length).to.be.within(1, 4)
  })

  it('reads an empty file, an inline one, and one hashed with sha2-512', async () => {
    const empty = await gateway.addFile(new Uint8Array())
    expect(await whole(client(), empty)).to.have.length(0)
    const inline = CID.createV1(RAW, identity.digest(Buffer.from('hello')) as never)
    expect((await whole(client(), inline)).toString()).to.equal('hello')
    const other = CID.createV1(RAW, await sha512.digest(BYTES.subarray(0, 1000)))
    gateway.put(other, BYTES.subarray(0, 1000))
    expectBytes(await whole(client(), other), BYTES.subarray(0, 1000))
  })

  it('states the digest that a raw CID is', async () => {
    const cid = await gateway.addFile(BYTES, { chunk: 2_000_000 })
    const read = await client().open(request(cid))
    expect(Buffer.from(read.stated?.sha256 ?? []).equals(createHash('sha256').update(BYTES).digest())).to.equal(true)
    await read.cancel()
    const tree = await client().open(request(await gateway.addFile(BYTES)))
    expect(tree.stated).to.equal(undefined)
    await tree.cancel()
  })

  it('finds that nothing has changed, without asking', async () => {
    const cid = await gateway.addFile(BYTES)
    const origin = client()
    const read = await origin.open(request(cid))
    await read.cancel()
    gateway.asked.length = 0
    const checked = await origin.check(request(cid), read.version, read.validators)
    expect(checked.state).to.equal('same')
    expect(gateway.asked).to.deep.equal([])
  })

  it('goes to the next gateway where one gives wrong bytes, and does not come back to it', async () => {
    const cid = await gateway.addFile(BYTES)
    const good = await another()
    gateway.answer = (_cid, response) => void response.end(randomBytes(10_000))
    expectBytes(await whole(client(gateway, good), cid), BYTES)
    // those that were under way when it was found out
    expect(gateway.asked.length).to.be.at.most(9)
  })

  const FAULTS: Record<string, TrustlessGateway['answer']> = {
    'answers 404': (_cid, response) => void response.writeHead(404).end(),
    'answers 500': (_cid, response) => void response.writeHead(500).end(),
    'asks for a long pause': (_cid, response) => void response.writeHead(429, { 'retry-after': '3600' }).end(),
    'breaks off': (_cid, response) => {
      response.writeHead(200, { 'content-length': 10_000 })
      response.write(randomBytes(100), () => response.destroy())
    },
    'announces a gigabyte': (_cid, response) => void response.writeHead(200, { 'content-length': 1e9 }).write('x'),
    'sends without an end': (_cid, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      }
      response.on('drain', more)
      more()
    },
    'says less than it sends': (_cid, response) => {
      response.socket?.end(`HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n${'x'.repeat(10_000)}`)
    },
    'redirects to a private address': (cid, response) =>
      void response.writeHead(302, { location: `http://169.254.169.254/ipfs/${cid}` }).end(),
    'sends a page for people': (_cid, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
  }
  for (const [what, answer] of Object.entries(FAULTS)) {
    it(`does without a gateway that ${what}`, async () => {
      const cid = await gateway.addFile(BYTES)
      const good = await another()
      gateway.answer = answer
      expectBytes(await whole(client(gateway, good), cid), BYTES)
    })
  }

  it('does without a gateway that gives a block byte by byte', async () => {
    const cid = await gateway.addFile(BYTES, { chunk: 2_000_000 })
    const good = await another()
    gateway.answer = (_cid, response) => {
      const drip = setInterval(() => response.write('x'), 20)
      response.on('close', () => clearInterval(drip))
    }
    const http = new HttpClient(settings({}))
    const signal = new AbortController().signal
    try {
      const dripping = new Gateways({ urls: [gateway.url], client: http, blockMs: 200 })
      const error = await failure(dripping.fetch(cid, signal), 'origin-timeout')
      expect(error.message).to.match(
        /^no IPFS gateway gave block \w+: gateway 127\.0\.0\.1:\d+ did not give block \w+ within 0\.2 s$/,
      )
      const both = new Gateways({ urls: [gateway.url, good.url], client: http, blockMs: 200 })
      expectBytes(await both.fetch(cid, signal), BYTES)
      // it comes last from now on
      const begun = performance.now()
      await both.fetch(cid, signal)
      expect(performance.now() - begun).to.be.below(190)
    } finally {
      await http.stop()
    }
  })

  it('ends when it is aborted, with nothing under way', async () => {
    const cid = await gateway.addFile(BYTES)
    const stop = new AbortController()
    let open = 0
    gateway.answer = (_cid, response, honest) => {
      if (gateway.asked.length < 20) return honest()
      if (open++ === 0) setTimeout(() => stop.abort(), 50)
      response.on('close', () => open--)
    }
    await failure(client().open(request(cid), { signal: stop.signal }).then(readAll), 'aborted')
    await new Promise(resolve => setTimeout(resolve, 100))
    expect(open).to.equal(0)
  })

  it('goes on in the middle where a gateway fails, and another has the rest', async () => {
    const cid = await gateway.addFile(BYTES)
    const good = await another()
    let left = 20
    gateway.answer = (_cid, response, honest) => (left-- > 0 ? honest() : void response.destroy())
    expectBytes(await whole(client(gateway, good), cid), BYTES)
    expect(good.asked.length).to.be.above(0)
  })

  it('goes on where the only gateway is in trouble for a while', async () => {
    const cid = await gateway.addFile(BYTES)
    let nth = 0
    gateway.answer = (_cid, response, honest) => (++nth % 7 === 0 ? void response.writeHead(503).end() : honest())
    expectBytes(await whole(client(), cid), BYTES)
  })

  it('says in one line that no gateway has a block, or the right bytes', async () => {
    const cid = CID.createV1(DAG_PB, await sha256.digest(BYTES))
    const missing = await failure(client().open(request(cid)), 'origin-not-found')
    expect(missing.message).to.equal(`no IPFS gateway has block ${cid}`)
    gateway.answer = (_cid, response) => void response.end('wrong')
    const wrong = await failure(client().open(request(cid)), 'origin-lies')
    expect(wrong.message).to.include(`no IPFS gateway gave block ${cid}: origin sent wrong bytes`)
    expect(wrong.retryable).to.equal(false)
  })

  it('does not tell others where the gateways are', async () => {
    const cid = CID.createV1(DAG_PB, await sha256.digest(BYTES))
    const told = async (code: string): Promise<string> => {
      const origin = impatient({ forOthers: true, ipfs: () => ({ urls: [gateway.url] }) })
      const { message, hint = '' } = await failure(origin.open(request(cid)), code)
      expect(message + hint).to.not.include('127.0.0.1')
      return message
    }
    gateway.answer = (_cid, response) => void response.end('wrong')
    expect(await told('origin-lies')).to.equal(`no IPFS gateway gave block ${cid}: wrong bytes`)
    gateway.answer = (_cid, response) => void response.writeHead(500).end()
    await told('origin-error')
    await gateway.stop()
    await told('origin-unreachable')
  })

  it('refuses a folder, and says how to get it', async () => {
    const { root } = await gateway.addFolder({ 'a/b.bin': BYTES })
    const error = await failure(client().open(request(root)), 'bad-url')
    expect(error.message).to.equal(`ipfs://${root} is a folder`)
    expect(error.hint).to.equal('download it with -P DIR')
  })

  describe('trees that contradict themselves', () => {
    const put = async (data: Uint8Array | undefined, links: { cid: CID; size?: number }[] = []): Promise<CID> => {
      const bytes = dagPb.encode(
        dagPb.prepare({ ...(data && { Data: data }), Links: links.map(l => ({ Name: '', Hash: l.cid, Tsize: 1 })) }),
      )
      const cid = CID.createV1(DAG_PB, await sha256.digest(bytes))
      gateway.put(cid, bytes)
      return cid
    }
    const file = async (links: { cid: CID; size: number }[]) =>
      await put(new UnixFS({ type: 'file', blockSizes: links.map(l => BigInt(l.size)) }).marshal(), links)
    const leaf = async (size: number): Promise<CID> => await gateway.addFile(BYTES.subarray(0, size), { chunk: 2_000_000 })
    const said = async (cid: CID): Promise<string> => (await failure(whole(client(), cid), 'bad-url')).message

    it('a child of another size', async () => {
      expect(await said(await file([{ cid: await leaf(100), size: 99 }]))).to.include('a part of 100 bytes in place of 99')
    })

    it('links without sizes, no data, and no node at all', async () => {
      const child = { cid: await leaf(10) }
      expect(await said(await put(new UnixFS({ type: 'file' }).marshal(), [child]))).to.include('links without sizes')
      expect(await said(await put(undefined))).to.include('without UnixFS data')
      const noise = CID.createV1(DAG_PB, await sha256.digest(BYTES.subarray(0, 500)))
      gateway.put(noise, BYTES.subarray(0, 500))
      expect(await said(noise)).to.include('no UnixFS node')
    })

    it('a size beyond all numbers', async () => {
      expect(
        await said(
          await file([
            { cid: await leaf(10), size: Number.MAX_SAFE_INTEGER },
            { cid: await leaf(10), size: 10 },
          ]),
        ),
      ).to.include('sizes that no file has')
    })

    it('a folder in a file', async () => {
      const { root } = await gateway.addFolder({ a: BYTES.subarray(0, 10) })
      expect(await said(await file([{ cid: root, size: 10 }]))).to.include('a part of a file that is none')
    })

    it('a tower of nodes', async () => {
      let top = await file([{ cid: await leaf(10), size: 10 }])
      for (let i = 0; i < 40; i++) top = await file([{ cid: top, size: 10 }])
      expect(await said(top)).to.include('nodes more than 32 deep')
    })

    it('a leaf hashed by something else, or of another codec', async () => {
      const hash = await sha256.digest(BYTES)
      // blake2b-256
      const strange = CID.createV1(RAW, { ...hash, code: 0xb220, bytes: Uint8Array.from([0xa0, 0xe4, 2, 32, ...hash.digest]) })
      expect(await said(await file([{ cid: CID.createV1(0x71, await sha256.digest(BYTES)), size: 10 }]))).to.include('codec 0x71')
      await failure(client().open({ url: `ipfs://${strange}`, headers: [] }), 'bad-url')
    })

    it('is no trouble where nothing of it is empty: a child of no bytes is not asked for', async () => {
      const nothing = CID.createV1(RAW, await sha256.digest(Buffer.from('never stored')))
      const cid = await file([
        { cid: nothing, size: 0 },
        { cid: await leaf(10), size: 10 },
        { cid: nothing, size: 0 },
      ])
      expectBytes(await whole(client(), cid), BYTES.subarray(0, 10))
    })

    it('of inline bytes alone lets others have their turn', async () => {
      const inline = CID.createV1(RAW, identity.digest(Buffer.from('x')))
      let top = await file(Array.from({ length: 1000 }, () => ({ cid: inline, size: 1 })))
      top = await file(Array.from({ length: 500 }, () => ({ cid: top, size: 1000 })))
      let [turns, isOver] = [0, false]
      const count = () => {
        turns++
        if (!isOver) setImmediate(count)
      }
      const read = await client().open(request(top))
      let [before, got] = [0, 0]
      for await (const bytes of read) {
        if (got === 0) count()
        // all but the first nodes are here
        if (got === 10_000) before = turns
        got += bytes.length
      }
      isOver = true
      expect(got).to.equal(500_000)
      expect(turns - before).to.be.above(20)
    })

    it('of links without bytes ends', async () => {
      const inline = CID.createV1(RAW, identity.digest(Buffer.from('x')))
      const nothing = CID.createV1(RAW, identity.digest(new Uint8Array()))
      const poor = await file([...Array.from({ length: 40_000 }, () => ({ cid: nothing, size: 0 })), { cid: inline, size: 1 }])
      const top = await file(Array.from({ length: 1000 }, () => ({ cid: poor, size: 1 })))
      expect(await said(top)).to.include('more links than so few bytes need')
    })

    it('keeps what is read ahead small, however large the file says it is', async () => {
      const child = await leaf(10_000)
      // a terabyte of the same block
      let top = await file(Array.from({ length: 100 }, () => ({ cid: child, size: 10_000 })))
      for (let size = 1e6; size < 1e12; size *= 100) top = await file(Array.from({ length: 100 }, () => ({ cid: top, size })))
      const read = await client().open(request(top))
      expect(read.length).to.equal(1e12)
      let got = 0
      for await (const bytes of read) {
        got += bytes.length
        if (got > 1e6) break
      }
      expect(gateway.asked.length).to.be.below(130)
    })
  })
})
