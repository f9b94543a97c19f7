// Peers that forge manifests: what they say is believed by nobody, and the right content comes from elsewhere.
import { expect } from 'chai'
import type { ManifestHead } from '../../src/core/manifest.ts'
import { sha256 } from '../../src/core/piece.ts'
import type { Link } from '../../src/net/link.ts'
import type { GetOptions, NodeOptions } from '../../src/node/options.ts'
import { sealHead } from '../../src/wire/envelope.ts'
import {
  content,
  digestsOf,
  fileHash,
  full,
  hex,
  type Manners,
  manifestOf,
  type Observed,
  PIECE,
  type TestOrigin,
  tellManifest,
  until,
  type Villain,
  World,
} from './villain-peers.ts'

const COUNT = 4
const BODY = content('forgers', COUNT * PIECE - 7)
const FAKE = content('fake', BODY.length)

describe('a peer that', function () {
  this.timeout(30_000)
  let world: World
  let origin: TestOrigin

  beforeEach(async () => {
    world = await World.open()
    origin = await world.origin(BODY)
  })
  afterEach(() => world.close())

  const url = () => `${origin.url}/file.bin`

  interface Outcome {
    villain: Villain
    victim: Observed
    trust: string
    fromOrigin: number
  }

  /** The victim's only way in is the villain; the origin is there. The content must come out right. */
  async function run(manners: Manners, options: NodeOptions = {}, get: GetOptions = {}): Promise<Outcome> {
    const villain = await world.villain(url(), manners)
    const victim = await world.node({ bootstrap: [villain.address], ...options })
    const path = world.path()
    const receipt = await victim.node.download(url(), path, get)
    expect(await fileHash(path)).to.equal(hex(BODY))
    expect(receipt.sha256).to.equal(hex(BODY))
    expect(villain.links, 'the victim has met the villain').to.not.deep.equal([])
    return { villain, victim, trust: receipt.trust, fromOrigin: receipt.fromOrigin }
  }

  /** Gives pieces of these bytes. */
  const gives = (body: Buffer) => (piece: number, link: Link) =>
    void link.give(piece, body.subarray(piece * PIECE, (piece + 1) * PIECE)).catch(() => {})

  /** Signs a manifest of `body` with its own key, changed as told. */
  const signs = (body: Buffer, change?: (head: ManifestHead) => ManifestHead): Manners => ({
    met: (link, villain) => tellManifest(link, villain, manifestOf(villain.task, body), change),
    ask: gives(body),
  })

  async function trusted(manners: Manners): Promise<Outcome> {
    const villain = await world.villain(url(), manners)
    const victim = await world.node({ bootstrap: [villain.address], trust: [villain.id] })
    const path = world.path()
    const receipt = await victim.node.download(url(), path)
    expect(await fileHash(path)).to.equal(hex(BODY))
    expect(villain.links).to.not.deep.equal([])
    return { villain, victim, trust: receipt.trust, fromOrigin: receipt.fromOrigin }
  }

  it('nobody trusts is not believed, and asked for nothing', async () => {
    const { villain, trust, fromOrigin } = await run(signs(FAKE))
    expect(trust).to.equal('origin')
    expect(fromOrigin).to.equal(BODY.length)
    expect(villain.asks).to.deep.equal([])
  })

  describe('relays a trusted seed’s head', () => {
    let seed: Observed
    let head: Uint8Array
    let digests: Uint8Array[]

    beforeEach(async () => {
      seed = await world.seed()
      await seed.node.download(url(), world.path())
      const spy = await world.villain(url())
      await spy.say(seed.address)
      await until(() => spy.heard.some(m => m.type === 'head'), 'the seed tells its manifest')
      head = spy.heard.flatMap(m => (m.type === 'head' ? [m.envelope] : []))[0] as Uint8Array
      digests = spy.heard.flatMap(m => (m.type === 'part' ? m.digests : []))
      expect(digests).to.have.length(COUNT)
      origin.gets.length = 0
    })

    const tells = (parts: { from: number; digests: Uint8Array[] }[], version = 'etag "one"'): Manners => ({
      met: (link, villain) => {
        link.send(villain.hello(link.peer, version))
        for (const part of parts) link.send({ type: 'part', ...part })
        link.send({ type: 'head', envelope: head })
        link.send({ type: 'pieces', have: full(COUNT), queue: 0 })
      },
      ask: gives(BODY),
    })

    it('unchanged, and gives the right bytes, is as good as the seed', async () => {
      const { trust, fromOrigin } = await run(tells([{ from: 0, digests }]), { trust: [seed.id] })
      expect(trust).to.equal('seed')
      expect(fromOrigin).to.equal(0)
    })

    it('unchanged, and gives wrong bytes, is banned, and the rest comes from the origin', async () => {
      const manners = { ...tells([{ from: 0, digests }]), ask: gives(FAKE) }
      const { victim, villain, trust, fromOrigin } = await run(manners, { trust: [seed.id] })
      expect(trust).to.equal('seed')
      expect(fromOrigin).to.equal(BODY.length)
      expect(victim.said(/^banned/)[0]).to.include(villain.id)
    })

    const broken: [string, () => { from: number; digests: Uint8Array[] }[]][] = [
      ['over other digests', () => [{ from: 0, digests: [...digests.slice(0, 3), sha256(FAKE)] }]],
      ['over too few digests', () => [{ from: 0, digests: digests.slice(0, 2) }]],
      ['over no digests', () => []],
      ['over digests that leave a gap', () => [{ from: 1, digests: digests.slice(1) }]],
      [
        'over digests that overlap',
        () => [
          { from: 0, digests: digests.slice(0, 3) },
          { from: 2, digests: digests.slice(2) },
        ],
      ],
      ['over digests in another order', () => [{ from: 0, digests: digests.toReversed() }]],
    ]
    for (const [what, parts] of broken) {
      it(`${what} is left alone`, async () => {
        const { villain, fromOrigin } = await run(tells(parts()), { trust: [seed.id] })
        expect(fromOrigin).to.equal(BODY.length)
        expect(villain.asks).to.deep.equal([])
      })
    }

    it('for another task is not believed', async () => {
      const other = `${origin.url}/other.bin`
      const villain = await world.villain(other, tells([{ from: 0, digests }]))
      const victim = await world.node({ bootstrap: [villain.address], trust: [seed.id] })
      origin.body = FAKE
      const path = world.path()
      const { fromOrigin } = await victim.node.download(other, path)
      expect(await fileHash(path)).to.equal(hex(FAKE))
      expect(fromOrigin).to.equal(FAKE.length)
      expect(villain.asks).to.deep.equal([])
    })

    it('of an older version does not mix with the new one', async () => {
      origin.body = FAKE
      origin.etag = '"two"'
      origin.hold(PIECE)
      const villain = await world.villain(url(), tells([{ from: 0, digests }]))
      const victim = await world.node({ seeds: [seed.address] })
      const path = world.path()
      const download = victim.node.download(url(), path, { origin: false })
      await until(() => origin.gets.some(g => g.status === 200), 'the seed reads the new version')
      await villain.meet(victim.address)
      await until(() => villain.ends.length > 0, 'the link ends')
      origin.release()
      await download
      expect(await fileHash(path)).to.equal(hex(FAKE))
      expect(villain.asks).to.deep.equal([])
    })
  })

  describe('is trusted, but signs', () => {
    const seals: [string, (head: ManifestHead) => ManifestHead][] = [
      ['a seal of another length', h => ({ ...h, seal: { ...(h.seal as never), length: 5 * PIECE } as never })],
      ['a seal longer than announced', h => ({ ...h, seal: { ...(h.seal as never), length: BODY.length + 1 } as never })],
      ['more pieces than fit the length', h => ({ ...h, count: COUNT + 1, seal: undefined })],
      ['a chain from nowhere', h => ({ ...h, chain: sha256(FAKE) })],
    ]
    for (const [what, change] of seals) {
      it(`${what} is not followed`, async () => {
        const { victim, fromOrigin } = await trusted(signs(BODY, change))
        expect(fromOrigin).to.equal(BODY.length)
        expect(victim.said(/broke the protocol/)).to.have.length.at.least(1)
      })
    }

    it('a head that is no head is not followed', async () => {
      const { fromOrigin } = await trusted({
        met: async (link, villain) => {
          link.send(villain.hello(link.peer, 'etag "one"'))
          const envelope = await sealHead(manifestOf(villain.task, BODY).head(), villain.host.privateKey)
          link.send({ type: 'head', envelope: envelope.map((b, i) => (i === envelope.length - 1 ? b ^ 1 : b)) })
        },
      })
      expect(fromOrigin).to.equal(BODY.length)
    })
  })

  describe('with --digest: a stranger', () => {
    const get = () => ({ digest: origin.digest })

    it('may tell and give all of it', async () => {
      const { trust, fromOrigin } = await run(signs(BODY), {}, get())
      expect(trust).to.equal('digest')
      expect(fromOrigin).to.equal(0)
    })

    it('who claims another digest is not believed', async () => {
      const { fromOrigin, villain } = await run(signs(FAKE), {}, get())
      expect(fromOrigin).to.equal(BODY.length)
      expect(villain.asks).to.deep.equal([])
    })

    it('whose whole content turns out wrong is banned, and the right one comes from the origin', async () => {
      const change = (h: ManifestHead) => ({ ...h, seal: { ...(h.seal as never), sha256: sha256(BODY) } as never })
      const { fromOrigin, victim, villain } = await run(signs(FAKE, change), {}, get())
      expect(fromOrigin).to.equal(BODY.length)
      expect(new Set(villain.asks.map(a => a.piece)).size).to.equal(COUNT)
      expect(victim.said(/^banned/)[0]).to.include(villain.id).and.to.include('digest')
    })

    it('whose manifest is never sealed is found out', async () => {
      const unsealed = (h: ManifestHead) => ({ ...h, count: 2, seal: undefined, chain: manifest2(h.task) })
      const manifest2 = (task: string) => {
        const half = manifestOf({ id: task } as never, FAKE.subarray(0, 2 * PIECE), { length: FAKE.length } as never)
        return half.chain
      }
      const manners: Manners = {
        met: async (link, villain) => {
          const envelope = await sealHead(unsealed(manifestOf(villain.task, FAKE).head()), villain.host.privateKey)
          link.send(villain.hello(link.peer, 'etag "one"'))
          link.send({ type: 'part', from: 0, digests: digestsOf(manifestOf(villain.task, FAKE)).slice(0, 2) })
          link.send({ type: 'head', envelope })
          link.send({ type: 'pieces', have: full(2), queue: 0 })
        },
        ask: gives(FAKE),
      }
      const { fromOrigin } = await run(manners, {}, get())
      expect(fromOrigin).to.equal(BODY.length)
    })

    it('whose version does not exist, and never ends, is found out', async () => {
      const manners: Manners = {
        met: async (link, villain) => {
          const manifest = manifestOf(villain.task, FAKE.subarray(0, PIECE), { version: 'etag "none"' })
          await tellManifest(link, villain, manifest, h => ({ ...h, seal: undefined }))
        },
        ask: gives(FAKE),
      }
      const { fromOrigin } = await run(manners, {}, get())
      expect(fromOrigin).to.equal(BODY.length)
    })

    it('who lies about the pieces does not get honest peers banned', async () => {
      const honest = await world.node()
      await honest.node.download(url(), world.path())
      const change = (h: ManifestHead) => ({ ...h, seal: { ...(h.seal as never), sha256: sha256(BODY) } as never })
      const villain = await world.villain(url(), { ...signs(FAKE, change), ask: (piece, link) => link.refuse(piece, 'too-busy') })
      const victim = await world.node({ bootstrap: [villain.address, honest.address] })
      const path = world.path()
      await victim.node.download(url(), path, get())
      expect(await fileHash(path)).to.equal(hex(BODY))
      for (const ban of victim.said(/^banned/)) expect(ban).to.not.include(honest.id)
    })
  })
})
