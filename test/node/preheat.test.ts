// Preheating: a seed fetches before anyone asks, once, and who asked it to takes nothing of it.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { expect } from 'chai'
import { sha256 } from '../../src/core/piece.ts'
import { rendezvousOrder } from '../../src/core/rendezvous.ts'
import { makeTask } from '../../src/core/task.ts'
import { serveResolve } from '../../src/net/resolve.ts'
import type { PreheatOptions, PreheatProgress } from '../../src/node/api/preheat-options.ts'
import type { Progress } from '../../src/wire/codec-resolve.ts'
import { passTime } from '../clock.ts'
import { until } from '../waiting.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import type { Observed, World } from '../world/world.ts'
import { worldForEach } from '../world/world-for-each.ts'

const VERSION = 'etag "one"'
const BODY = content('preheat', 12 * PIECE + 7)

describe('preheat', () => {
  let world: World
  let origin: TestOrigin

  worldForEach(BODY, (w, o) => {
    world = w
    origin = o
  })

  const url = (name = 'file.bin') => `${origin.url}/${name}`
  const bodies = () => origin.gets.filter(({ status }) => status === 200 || status === 206).length

  /** Who preheats: it listens nowhere. */
  async function asker(...seeds: Observed[]): Promise<Observed> {
    return await world.node({ listen: [], dhtServer: false, seeds: seeds.map(s => s.address) })
  }

  async function failure(work: Promise<unknown>) {
    return await work.then(
      () => expect.fail('was preheated'),
      error => error,
    )
  }

  async function downloaded(seed: Observed, to = url()): Promise<string> {
    const peer = await world.node({ seeds: [seed.address] })
    const path = world.path()
    const receipt = await peer.node.download(to, path, { origin: false })
    expect(receipt.fromSeeds).to.equal(receipt.bytes)
    return await fileHash(path)
  }

  describe('at one seed', () => {
    let seed: Observed
    let peer: Observed

    beforeEach(async () => {
      seed = await world.seed()
      peer = await asker(seed)
    })
    const preheat = (options: PreheatOptions = {}) => peer.node.preheat(url(), options)

    it('costs the origin one read, twice too, and none is left for a download', async () => {
      const first = await preheat()
      expect(first).to.include({ bytes: BODY.length, seed: seed.id, alreadyThere: false })
      expect(first.seconds).to.be.above(0)
      expect(bodies()).to.equal(1)
      expect(await preheat()).to.include({ bytes: BODY.length, seed: seed.id, alreadyThere: true })
      expect(await downloaded(seed)).to.equal(hex(BODY))
      expect(bodies()).to.equal(1)
    })

    for (const length of [0, 1, PIECE, PIECE + 1]) {
      it(`knows whether ${length} bytes were there before`, async () => {
        origin.body = content('small', length)
        expect(await preheat()).to.include({ bytes: length, alreadyThere: false })
        expect(await preheat()).to.include({ bytes: length, alreadyThere: true })
      })
    }

    it('carries no payload', async () => {
      const wire = await meter(world, seed)
      expect(await peer.node.preheat(url(), { at: wire.address })).to.include({ bytes: BODY.length })
      expect(wire.received()).to.be.within(1, 64 * 1024)
    })

    it('tells how far the seed is, and ends when it has the last piece', async () => {
      origin.hold(5 * PIECE + 9)
      const told: PreheatProgress[] = []
      let isDone = false
      const work = preheat({ onProgress: p => told.push(p) }).then(done => {
        isDone = true
        return done
      })
      await until(() => told.some(({ bytes }) => bytes === 5 * PIECE), 'five pieces are there')
      expect(isDone).to.equal(false)
      origin.release()
      await work
      expect(told.at(-1)).to.deep.equal({ seed: seed.id, bytes: BODY.length, length: BODY.length })
      for (const [i, { bytes }] of told.entries()) expect(bytes).to.be.within(told[i - 1]?.bytes ?? 0, BODY.length)
    })

    it('fetches again what the origin has changed', async () => {
      await preheat()
      origin.body = content('changed', 3 * PIECE)
      origin.etag = '"two"'
      passTime(1001)
      expect(await preheat()).to.include({ bytes: 3 * PIECE, alreadyThere: false })
      expect(await downloaded(seed)).to.equal(hex(origin.body))
    })

    it('tells what the origin said', async () => {
      origin.status = 404
      expect(await failure(preheat())).to.include({ code: 'origin-not-found', status: 404 })
      origin.status = 403
      // of the first URL the denial is remembered
      expect(await failure(peer.node.preheat(url('other.bin')))).to.include({ code: 'origin-forbidden', status: 403 })
    })

    it('sends headers, and keeps private content apart', async () => {
      const headers = [['Authorization', 'Bearer one']] as const
      expect(await preheat({ headers })).to.include({ alreadyThere: false })
      // whether they open the door, then the whole
      expect(origin.gets.map(get => get.headers.authorization)).to.deep.equal(['Bearer one', 'Bearer one'])
      expect(origin.gets.map(get => get.headers.range)).to.deep.equal(['bytes=0-0', undefined])
      expect(await preheat()).to.include({ alreadyThere: false })
      const wholes = () => origin.gets.filter(({ status }) => status === 200).length
      const before = wholes()
      // read no more
      expect(await preheat({ headers })).to.include({ bytes: BODY.length, alreadyThere: true })
      expect(wholes()).to.equal(before)
    })

    it('holds the seed to a digest, and finds the same bytes under another URL', async () => {
      const wrong = `sha256:${hex(Buffer.from('else'))}`
      expect(await failure(preheat({ digest: wrong }))).to.include({ code: 'digest-mismatch' })
      expect(await preheat({ digest: origin.digest })).to.include({ bytes: BODY.length })
      const reads = bodies()
      const elsewhere = await peer.node.preheat(url('copy.bin'), { digest: origin.digest })
      expect(elsewhere).to.include({ bytes: BODY.length, alreadyThere: true })
      expect(bodies()).to.equal(reads)
    })

    it('of one content many times at once is one read', async () => {
      const all = await Promise.all(Array.from({ length: 5 }, () => preheat()))
      for (const { bytes } of all) expect(bytes).to.equal(BODY.length)
      expect(all.some(({ alreadyThere }) => !alreadyThere)).to.equal(true)
      expect(bodies()).to.equal(1)
    })

    it('goes beside a download of the same content on the same node', async () => {
      origin.hold(5 * PIECE)
      const path = world.path()
      const download = peer.node.download(url(), path, { origin: false })
      const told: PreheatProgress[] = []
      const work = preheat({ onProgress: p => told.push(p) })
      await until(() => told.some(({ bytes }) => bytes === 5 * PIECE), 'five pieces are there')
      origin.release()
      expect(await work).to.include({ bytes: BODY.length })
      await download
      expect(await fileHash(path)).to.equal(hex(BODY))
      expect(bodies()).to.equal(1)
    })

    it('ends when it is told to, while it waits for another too', async () => {
      origin.hold(PIECE)
      const leave = new AbortController()
      const told: PreheatProgress[] = []
      const ended = failure(preheat({ signal: leave.signal, onProgress: p => told.push(p) }))
      await until(() => told.length > 0, 'the seed is at work')
      expect(await failure(preheat({ signal: AbortSignal.timeout(50) }))).to.include({ code: 'timeout' })
      leave.abort()
      expect(await ended).to.include({ code: 'aborted' })
    })

    it('ends with its node', async () => {
      origin.hold(PIECE)
      const ended = failure(preheat())
      await until(() => origin.gets.length > 0, 'the seed is at work')
      await peer.node.stop()
      expect(await ended).to.include({ code: 'aborted' })
      expect(await failure(preheat())).to.include({ code: 'aborted' })
    })

    it('says no-source when the seed goes away midway', async () => {
      origin.hold(PIECE)
      const told: PreheatProgress[] = []
      const ended = failure(preheat({ onProgress: p => told.push(p) }))
      await until(() => told.length > 0, 'the seed is at work')
      await seed.node.stop()
      expect(await ended).to.include({ code: 'no-source' })
    })
  })

  describe('at several seeds', () => {
    let seeds: Observed[]
    let peer: Observed

    beforeEach(async () => {
      seeds = [await world.seed(), await world.seed()]
      peer = await asker(...seeds)
    })

    /** The seeds in the order in which they are asked for a URL. */
    function order(of = url()): [Observed, Observed] {
      const ids = seeds.map(seed => ({ peer: seed.id, seed }))
      return rendezvousOrder(makeTask({ url: of }).id, ids).map(({ seed }) => seed) as [Observed, Observed]
    }

    it('is the errand of the responsible one, for each URL', async () => {
      const names = Array.from({ length: 50 }, (_, i) => `${i}.bin`)
      for (const seed of seeds) {
        const name = names.find(name => order(url(name))[0] === seed) as string
        expect(await peer.node.preheat(url(name))).to.include({ seed: seed.id, alreadyThere: false })
        expect(await peer.node.preheat(url(name), { at: seed.address })).to.include({ alreadyThere: true })
      }
    })

    it('is the errand of exactly the one that is named', async () => {
      const [first, second] = order()
      expect(await peer.node.preheat(url(), { at: second.address })).to.include({ seed: second.id, alreadyThere: false })
      expect(await peer.node.preheat(url(), { at: first.address })).to.include({ seed: first.id, alreadyThere: false })
    })

    it('goes on at the successor when the responsible one dies midway', async () => {
      origin.hold(PIECE)
      const [first, second] = order()
      const told: PreheatProgress[] = []
      const work = peer.node.preheat(url(), { onProgress: p => told.push(p) })
      await until(() => told.length > 0, 'the first is at work')
      await first.node.stop()
      origin.release()
      expect(await work).to.include({ bytes: BODY.length, seed: second.id })
      expect(peer.said(/does not preheat/)).to.have.length(1)
    })

    it('does not ask the successor for what the origin does not have', async () => {
      origin.status = 404
      expect(await failure(peer.node.preheat(url()))).to.include({ code: 'origin-not-found' })
      expect(origin.gets).to.have.length(1)
    })
  })

  it('says what is missing without a seed, without a network, and for a malformed request', async () => {
    const alone = await asker()
    expect(await failure(alone.node.preheat(url()))).to.include({ code: 'bad-option' })
    expect((await failure(alone.node.preheat(url()))).hint).to.include('--seed')
    expect(await failure(alone.node.preheat('ftp://x/y'))).to.include({ code: 'bad-scheme' })
    expect(await failure(alone.node.preheat(url(), { at: 'x' }))).to.include({ code: 'bad-multiaddr' })
    expect(await failure(alone.node.preheat(url(), { digest: 'md5:1' }))).to.include({ code: 'bad-digest' })
    const offline = await world.node({ network: false })
    expect(await failure(offline.node.preheat(url()))).to.include({ code: 'bad-option' })
  })

  it('takes the word of the seed alone, and holds it to the digest', async () => {
    const seed = await world.scriptedPeer(url())
    const said: Omit<Progress, 'type'>[] = []
    await serveResolve(seed.host, async (_peer, { progress }, say, gone) => {
      expect(progress).to.equal(true)
      say({ type: 'resolved', topic: seed.topic, version: VERSION, pieceLength: PIECE, length: BODY.length, fileName: '' })
      for (const one of said) say({ type: 'progress', ...one })
      await new Promise(resolve => gone.addEventListener('abort', resolve))
    })
    const peer = await asker()
    const whole = { bytes: BODY.length, length: BODY.length, sha256: sha256(BODY), wasHere: true }
    said.push({ bytes: PIECE, length: undefined, sha256: undefined, wasHere: true }, whole)
    const preheat = (digest: string) => peer.node.preheat(url(), { at: seed.address, digest })
    expect(await preheat(origin.digest)).to.include({ bytes: BODY.length, alreadyThere: true })
    expect(await failure(preheat(`sha256:${hex(Buffer.from('else'))}`))).to.include({ code: 'digest-mismatch' })
  })

  it('says no-source when nobody is there', async () => {
    const seed = await world.seed()
    const peer = await asker(seed)
    await seed.node.stop()
    const error = await failure(peer.node.preheat(url()))
    expect(error).to.include({ code: 'no-source' })
    expect(error.message).to.include(seed.id)
  })
})

/** A way to a seed that counts the bytes which come from it. */
async function meter(world: World, seed: Observed) {
  const port = Number(/\/tcp\/(\d+)\//.exec(seed.address)?.[1])
  const sockets: Socket[] = []
  let received = 0
  const server = createServer(near => {
    const far = connect(port, '127.0.0.1')
    far.on('data', chunk => {
      received += chunk.byteLength
    })
    for (const socket of [near, far]) sockets.push(socket.on('error', () => {}))
    near.pipe(far).pipe(near)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  world.atEnd(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port: own } = server.address() as { port: number }
  return { address: `/ip4/127.0.0.1/tcp/${own}/p2p/${seed.id}`, received: () => received }
}
