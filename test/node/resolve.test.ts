// A seed's duty: one read of the origin for many, its errors told as they are, its changes noticed, its absence survived.
import { expect } from 'chai'
import type { ResolveReply } from '../../src/wire/codec-resolve.ts'
import { passTime } from '../clock.ts'
import { until } from '../waiting.ts'
import { Asker } from '../world/asker.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import type { Observed, World } from '../world/world.ts'
import { seedForEach } from '../world/world-for-each.ts'

const BODY = content('duty', 4 * PIECE - 1)
const CHANGED = content('changed', 3 * PIECE + 9)

describe('a seed', () => {
  let world: World
  let origin: TestOrigin
  let seed: Observed

  seedForEach(BODY, (w, o, s) => {
    world = w
    origin = o
    seed = s
  })

  const url = () => `${origin.url}/file.bin`

  async function download(peer: Observed, to = url()): Promise<string> {
    const path = world.path()
    await peer.node.download(to, path, { origin: false })
    return await fileHash(path)
  }

  /** The origin is not asked again for a second, whatever it said. */
  const pastFreshness = () => passTime(1001)
  const asker = () => Asker.start(world, seed)

  for (const [status, code] of [
    [404, 'origin-not-found'],
    [403, 'origin-forbidden'],
    [410, 'origin-not-found'],
    [400, 'origin-error'],
  ] as const) {
    it(`tells that the origin said ${status}`, async () => {
      origin.status = status
      origin.cacheControl = 'no-store'
      const peer = await world.node({ seeds: [seed.address] })
      const error = await peer.node.download(url(), world.path()).catch(e => e)
      expect(error).to.include({ code, status })
      expect(error.message).to.include(String(status))
      expect(origin.gets).to.have.length(1)
      origin.status = 200
      pastFreshness()
      expect(await download(peer)).to.equal(hex(BODY))
    })
  }

  it('tells that the origin is in trouble, after having tried again', async () => {
    origin.status = 500
    const one = await asker()
    expect(await one.ask(seed, url())).to.include({ type: 'failed', code: 'origin-error', status: 500 })
    expect(origin.gets.length).to.be.above(1)
  })

  describe('that has read its origin', () => {
    /** The next thing that it says of its origin. */
    async function rateFrom(replies: AsyncGenerator<ResolveReply>) {
      for (;;) {
        // a loop of its own would end the listening
        const { done, value } = await replies.next()
        if (done === true) throw new Error('the seed said no more')
        if (value.type === 'origin-rate') return value
      }
    }

    it('tells every listener how fast that was, and again when there are more of them', async () => {
      const [one, two] = [await asker(), await asker()]
      const replies = one.answers(seed, url())
      expect((await replies.next()).value).to.have.property('type', 'resolved')
      const { rate, peers } = (await replies.next()).value as Extract<ResolveReply, { type: 'origin-rate' }>
      expect(peers).to.equal(1)
      expect(rate).to.be.above(1024)
      const second = two.answers(seed, url())
      expect((await second.next()).value).to.have.property('type', 'resolved')
      expect(await rateFrom(second)).to.deep.equal({ type: 'origin-rate', rate, peers: 2 })
      expect((await replies.next()).value).to.deep.equal({ type: 'origin-rate', rate, peers: 2 })
    })

    it('does not tell it of another URL that has the same content', async () => {
      const one = await asker()
      await rateFrom(one.answers(seed, url()))
      const digest = Buffer.from(hex(BODY), 'hex')
      const replies = one.answers(seed, `${origin.url}/mirror.bin`, { digest })
      expect((await replies.next()).value).to.have.property('type', 'resolved')
      const news = replies.next()
      const other = await asker()
      await rateFrom(other.answers(seed, url()))
      expect(await Promise.race([news.then(() => 'news'), Promise.resolve('nothing')])).to.equal('nothing')
    })
  })

  it('reads the origin once for 20 askers at the same moment', async () => {
    origin.hold(PIECE)
    const one = await asker()
    const answers = await Promise.all(Array.from({ length: 20 }, () => one.ask(seed, url())))
    for (const reply of answers) expect(reply).to.include({ type: 'resolved', version: 'etag "one"', length: BODY.length })
    const peer = await world.node({ seeds: [seed.address] })
    const got = download(peer)
    origin.release()
    expect(await got).to.equal(hex(BODY))
    expect(origin.gets).to.have.length(1)
  })

  it('goes on reading for those who are left when an asker vanishes', async () => {
    origin.hold(PIECE)
    const one = await asker()
    await one.ask(seed, url())
    const two = await asker()
    await two.ask(seed, url())
    await one.host.stop()
    const peer = await world.node({ seeds: [seed.address] })
    const path = download(peer)
    origin.release()
    expect(await path).to.equal(hex(BODY))
    expect(origin.gets).to.have.length(1)
  })

  it('stops reading when the last asker vanishes, and serves the next one', async () => {
    origin.hold(PIECE)
    const first = await asker()
    await first.ask(seed, url())
    await first.host.stop()
    origin.release()
    const peer = await world.node({ seeds: [seed.address] })
    expect(await download(peer)).to.equal(hex(BODY))
    expect(seed.said(/./)).to.deep.equal([])
  })

  describe('that has all of it', () => {
    beforeEach(async () => {
      await download(await world.node({ seeds: [seed.address] }))
      origin.gets.length = 0
      pastFreshness()
    })

    it('asks the origin whether it has changed, and gives what it has when not', async () => {
      const peers = await Promise.all(Array.from({ length: 3 }, () => world.node({ seeds: [seed.address] })))
      expect(await Promise.all(peers.map(p => download(p)))).to.deep.equal(Array(3).fill(hex(BODY)))
      expect(origin.gets.map(g => g.status)).to.deep.equal([304])
    })

    it('reads the new version when it has, and mixes nothing', async () => {
      const old = await world.node({ seeds: [seed.address] })
      expect(await download(old)).to.equal(hex(BODY))
      pastFreshness()
      origin.body = CHANGED
      origin.etag = '"two"'
      const peer = await world.node({ seeds: [seed.address] })
      expect(await download(peer)).to.equal(hex(CHANGED))
      expect(await download(peer)).to.equal(hex(CHANGED))
      // who has the old version gets the new one too
      expect(await download(old)).to.equal(hex(CHANGED))
    })

    it('lets nobody begin with the old version while it asks a slow origin', async () => {
      origin.body = CHANGED
      origin.etag = '"two"'
      origin.mute()
      const holder = await world.scriptedPeer(url())
      const spy = await holder.say(seed.address)
      expect(spy.hello.version, 'the seed still has the old version').to.equal('etag "one"')
      const peer = await world.node({ seeds: [seed.address] })
      const got = download(peer)
      await until(() => origin.asked === 2, 'the seed asks')
      // somebody who has the old version finds the peer before the seed knows better
      const late = await world.scriptedPeer(url())
      await late.meet(peer.address)
      for (const m of holder.heard) if (m.type === 'part' || m.type === 'head') late.links[0]?.send(m)
      late.links[0]?.send({ ...late.hello(peer.id, 'etag "one"') })
      origin.release()
      expect(await got).to.equal(hex(CHANGED))
    })

    it('goes on serving while the origin is gone', async () => {
      await origin.stop()
      const peer = await world.node({ seeds: [seed.address] })
      expect(await download(peer)).to.equal(hex(BODY))
      await until(() => seed.said(/in trouble/).length > 0, 'the seed says so')
    })

    it('does not go on serving what the origin denies', async () => {
      origin.status = 404
      const peer = await world.node({ seeds: [seed.address] })
      const error = await peer.node.download(url(), world.path()).catch(e => e)
      expect(error).to.include({ code: 'origin-not-found', status: 404 })
    })

    it('knows it by its digest under another URL, and does not read that', async () => {
      const one = await asker()
      const digest = Buffer.from(hex(BODY), 'hex')
      expect(await one.ask(seed, `${origin.url}/mirror.bin`, { digest })).to.have.property('type', 'resolved')
      const peer = await world.node({ seeds: [seed.address] })
      const path = world.path()
      await peer.node.download(`${origin.url}/mirror.bin`, path, { origin: false, digest: `sha256:${hex(BODY)}` })
      expect(await fileHash(path)).to.equal(hex(BODY))
      expect(origin.gets).to.deep.equal([])
    })

    it('gives what the digest names without asking, unless asked to, and the new version to who names that', async () => {
      const named = async (body: Buffer, options = {}) => {
        const peer = await world.node({ seeds: [seed.address] })
        const path = world.path()
        await peer.node.download(url(), path, { origin: false, digest: `sha256:${hex(body)}`, ...options })
        return await fileHash(path)
      }
      expect(await named(BODY)).to.equal(hex(BODY))
      expect(origin.gets).to.deep.equal([])
      expect(await named(BODY, { revalidate: true })).to.equal(hex(BODY))
      expect(origin.gets.map(g => g.status)).to.deep.equal([304])
      origin.body = CHANGED
      origin.etag = '"two"'
      pastFreshness()
      expect(await named(CHANGED)).to.equal(hex(CHANGED))
    })

    it('does not know it by its digest for who has credentials', async () => {
      const one = await asker()
      const digest = Buffer.from(hex(BODY), 'hex')
      await one.ask(seed, `${origin.url}/mirror.bin`, { digest, headers: [['authorization', 'x']] })
      expect(origin.gets.map(g => g.headers.range)).to.deep.equal(['bytes=0-0', undefined])
    })
  })

  it('hands the headers to the origin, and to nobody else', async () => {
    const peer = await world.node({ seeds: [seed.address] })
    const headers = [['authorization', 'Bearer of good news']] as const
    const path = world.path()
    await peer.node.download(url(), path, { headers, origin: false })
    // the proof that it opens the door, then the whole
    expect(origin.gets.map(g => g.headers.range)).to.deep.equal(['bytes=0-0', undefined])
    for (const { headers } of origin.gets) expect(headers.authorization).to.equal('Bearer of good news')
    const other = await world.node({ seeds: [seed.address] })
    origin.status = 403
    const error = await other.node.download(url(), world.path(), { origin: false }).catch(e => e)
    expect(error).to.have.property('code', 'origin-forbidden')
    expect([...peer.said(/good news/), ...seed.said(/good news/)]).to.deep.equal([])
  })
})
