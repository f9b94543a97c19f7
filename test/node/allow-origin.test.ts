// What a seed reads for others, and what for itself; what becomes of those whom it refuses.
import { expect } from 'chai'
import { rendezvousOrder } from '../../src/core/rendezvous.ts'
import { makeTask } from '../../src/core/task.ts'
import { startHost } from '../../src/net/host.ts'
import { serveResolve } from '../../src/net/resolve.ts'
import type { Progress } from '../../src/node/api/get-options.ts'
import type { ResolveReply, ResolveRequest } from '../../src/wire/codec-resolve.ts'
import { until } from '../waiting.ts'
import { Asker } from '../world/asker.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import { LOOPBACK } from '../world/loopback.ts'
import type { TestOrigin } from '../world/origin.ts'
import type { Observed, World } from '../world/world.ts'
import { seedForEach } from '../world/world-for-each.ts'

const BODY = content('allowed', 3 * PIECE + 5)

describe('a seed that reads public origins only', () => {
  let world: World
  let origin: TestOrigin
  let seed: Observed

  seedForEach(
    BODY,
    (w, o, s) => {
      world = w
      origin = o
      seed = s
    },
    { options: { allowOrigins: [] } },
  )

  const url = () => `${origin.url}/file.bin`

  async function ask(at: Observed, changes: Partial<ResolveRequest> = {}): Promise<ResolveReply> {
    return await (await Asker.start(world, at)).ask(at, url(), changes)
  }

  it('refuses others an origin on its own host, and never connects there', async () => {
    const reply = await ask(seed)
    expect(reply).to.include({ type: 'failed', code: 'origin-refused' })
    expect(reply)
      .to.have.property('message')
      .that.matches(/^refused to read 127\.0\.0\.1 for others: /)
    expect(origin.asked).to.equal(0)
  })

  it('is not led there by a redirect of an origin that it may read', async () => {
    const open = await world.seed({ allowOrigins: [new URL(origin.url).host] })
    expect(await ask(open)).to.include({ type: 'resolved' })
    const inside = await world.origin(BODY)
    origin.redirectTo = `${inside.url}/secret`
    expect(await ask(open, { url: `${origin.url}/led` })).to.include({ type: 'failed', code: 'origin-refused' })
    expect(origin.gets.at(-1)).to.include({ path: '/led', status: 302 })
    expect(inside.asked).to.equal(0)
  })

  it('leaves a peer to read the origin itself, which is told why', async () => {
    const peer = await world.node({ seeds: [seed.address] })
    const path = world.path()
    const receipt = await peer.node.download(url(), path)
    expect(receipt).to.include({ fromOrigin: BODY.length, fromSeeds: 0, trust: 'origin' })
    expect(await fileHash(path)).to.equal(hex(BODY))
    expect(peer.said(/^seed \S+ refused to read 127\.0\.0\.1 for others: .* --allow-origin/)).to.have.length(1)
  })

  it('is asked once, not again and again as a seed that has other trouble, while the peer reads by itself', async () => {
    origin.hold(PIECE)
    const busy = await troubled()
    const peer = await world.node({ seeds: [seed.address, busy.address] })
    const download = peer.node.download(url(), world.path())
    await until(() => busy.asked() >= 3, 'the seed in trouble is asked again, twice')
    origin.release()
    await download
    expect(peer.said(/^seed \S+ refused to read/)).to.have.length(1)
  })

  /** A seed that fails every request with a trouble of its own. */
  async function troubled() {
    const host = await startHost({ listen: [LOOPBACK] })
    world.atEnd(() => host.stop())
    let asked = 0
    await serveResolve(host, async (_peer, _request, say) => {
      asked++
      say({ type: 'failed', code: 'internal', message: 'it has trouble', status: undefined, retryAfter: undefined })
    })
    return { address: host.addresses[0] as string, asked: () => asked }
  }

  it('fails a peer that may not, with a hint for the operator', async () => {
    const peer = await world.node({ seeds: [seed.address] })
    const error = await peer.node.download(url(), world.path(), { origin: false }).catch(e => e)
    expect(error).to.include({ code: 'origin-refused', hint: 'start the seed with --allow-origin HOST' })
    expect(origin.asked).to.equal(0)
  })

  it('asks the next seed when one refuses', async () => {
    const open = await world.seed()
    const peer = await world.node({ seeds: [seed.address, open.address] })
    const first = (path: string) => {
      const { id } = makeTask({ url: origin.url + path })
      return rendezvousOrder(id, [{ peer: seed.id }, { peer: open.id }])[0]?.peer
    }
    const path = Array.from({ length: 1000 }, (_, i) => `/${i}`).find(p => first(p) === seed.id)
    const receipt = await peer.node.download(`${origin.url}${path}`, world.path(), { origin: false })
    expect(receipt).to.include({ fromSeeds: BODY.length, trust: 'seed' })
    expect(peer.said(/refused to read/)).to.have.length(1)
  })

  it('tells its operator the host, once, and nothing else of the URL', async () => {
    for (let i = 0; i < 5; i++) await ask(seed, { url: `${origin.url}/secret-path-${i}?token=hidden` })
    expect(seed.said(/refused/)).to.deep.equal([
      'refused to read 127.0.0.1 for others: not a public address; start the seed with --allow-origin 127.0.0.1',
    ])
    expect(seed.said(/secret|hidden/)).to.deep.equal([])
  })

  it('reads for itself what it likes, but not so that others get it, however fresh it is', async () => {
    origin.cacheControl = 'max-age=600'
    origin.hold(PIECE)
    const own = seed.node.download(url(), world.path())
    await until(() => origin.asked === 1, 'its own read')
    expect(await ask(seed), 'while it reads').to.include({ type: 'failed', code: 'origin-refused' })
    origin.release()
    expect(await own).to.include({ fromOrigin: BODY.length })
    expect(await ask(seed), 'when it has it').to.include({ type: 'failed', code: 'origin-refused' })
    expect(origin.asked).to.equal(1)
  })

  it('reads for itself what others have asked for and are about to be refused', async () => {
    const open = await world.seed({ allowOrigins: [new URL(origin.url).host] })
    const inside = await world.origin(BODY)
    origin.redirectTo = `${inside.url}/secret`
    origin.mute()
    const reply = ask(open)
    await until(() => origin.asked === 1, 'the read for others')
    const own = open.node.download(url(), world.path())
    await until(() => origin.asked === 2, 'the read for itself')
    origin.release()
    expect(await reply).to.include({ type: 'failed', code: 'origin-refused' })
    expect(await own).to.include({ fromOrigin: BODY.length })
  })

  it('does not show what an earlier run of its own left in the store', async () => {
    const store = world.path()
    origin.cacheControl = 'max-age=600'
    const before = await world.node({ store, allowOrigins: [] })
    await before.node.download(url(), world.path(), { keep: true })
    await before.node.stop()
    const again = await world.seed({ store, allowOrigins: [] })
    expect(await ask(again)).to.include({ type: 'failed', code: 'origin-refused' })
    expect(origin.asked).to.equal(1)
  })

  it('reads once for itself and for others, where it may', async () => {
    const open = await world.seed()
    origin.hold(PIECE)
    const peer = await world.node({ seeds: [open.address] })
    const known = new Set<string>()
    const tells = (who: string) => ({ onProgress: ({ length }: Progress) => length !== undefined && known.add(who) })
    origin.hold(PIECE)
    const theirs = peer.node.download(url(), world.path(), { origin: false, ...tells('peer') })
    await until(() => known.has('peer'), 'the read for others')
    const own = open.node.download(url(), world.path(), tells('seed'))
    await until(() => known.has('seed'), 'its own download')
    origin.release()
    expect((await Promise.all([theirs, own])).map(r => r.bytes)).to.deep.equal([BODY.length, BODY.length])
    expect(origin.asked).to.equal(1)
  })

  it('cannot be started with what is no pattern', async () => {
    const error = await world.node({ allowOrigins: ['https://registry.corp.example/'] }).catch(e => e)
    expect(error).to.include({ code: 'bad-option' })
  })

  const bad: [string, string, string][] = [
    ['connection', 'x-secret', 'cannot be given'],
    ['Keep-Alive', 'timeout=5', 'cannot be given'],
    ['proxy-authorization', 'Basic x', 'cannot be given'],
    ['proxy-anything', 'x', 'cannot be given'],
    ['te', 'trailers', 'cannot be given'],
    ['trailer', 'x', 'cannot be given'],
    ['transfer-encoding', 'chunked', 'cannot be given'],
    ['upgrade', 'h2c', 'cannot be given'],
    ['host', '169.254.169.254', 'cannot be given'],
    ['content-length', '5', 'cannot be given'],
    ['range', 'bytes=0-1', 'cannot be given'],
    ['if-range', '"one"', 'cannot be given'],
    ['if-none-match', '*', 'cannot be given'],
    ['accept-encoding', 'gzip', 'cannot be given'],
    ['x-http-method-override', 'DELETE', 'only reads'],
    ['x-split', 'a\r\nhost: evil', 'forbidden character'],
    ['x split', 'a', 'no valid name'],
  ]
  it(`refuses headers that are not an asker's to give: ${bad.map(([name]) => name).join(', ')}`, async () => {
    const open = await world.seed()
    for (const [name, value, says] of bad) {
      const reply = await ask(open, { headers: [[name, value]] })
      expect(reply, name).to.include({ type: 'failed', code: 'bad-header' })
      expect(reply).to.have.property('message').that.includes(says)
    }
    expect(origin.asked).to.equal(0)
    expect(await ask(open, { headers: [['x-mine', 'yes']] })).to.include({ type: 'resolved' })
    expect(origin.gets[0]?.headers).to.include({ 'x-mine': 'yes' })
  })
})
