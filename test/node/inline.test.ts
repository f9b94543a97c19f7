// Tiny contents come in the answer of a seed itself: no link, and believed as little as anything else.
import { expect } from 'chai'
import { startHost } from '../../src/net/host.ts'
import { serveResolve } from '../../src/net/resolve.ts'
import type { InlineContent, Resolved } from '../../src/wire/codec-resolve.ts'
import { Asker } from '../world/asker.ts'
import { content, fileHash, hex } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import type { Observed, World } from '../world/world.ts'
import { seedForEach } from '../world/world-for-each.ts'

const TINY = content('tiny', 16 * 1024)

describe('a tiny content', () => {
  let world: World
  let origin: TestOrigin
  let seed: Observed

  seedForEach(TINY, (w, o, s) => {
    world = w
    origin = o
    seed = s
  })

  const url = () => `${origin.url}/tiny.bin`
  /** Links that the seed has had. */
  const links = () => seed.events.filter(({ code }) => code === 'link-opened').length

  async function get(seeds = [seed.address], options = {}) {
    const peer = await world.node({ seeds })
    const path = world.path()
    const receipt = await peer.node.download(url(), path, { origin: false, ...options })
    return { receipt, hash: await fileHash(path) }
  }

  it('comes with the answer, and needs no link', async () => {
    for (let i = 0; i < 2; i++) {
      const { receipt, hash } = await get()
      expect(hash).to.equal(hex(TINY))
      expect(receipt).to.include({ fromSeeds: TINY.length, fromPeers: 0, fromOrigin: 0, trust: 'seed' })
    }
    expect(links()).to.equal(0)
    expect(origin.gets).to.have.length(1)
  })

  it('comes so only to who takes it, and only while it is tiny', async () => {
    await get()
    const asker = await Asker.start(world, seed)
    expect(await asker.ask(seed, url()))
      .to.include({ type: 'resolved' })
      .and.not.have.property('inline')
    expect(((await asker.ask(seed, url(), { takesInline: true })) as Resolved).inline?.payload).to.deep.equal(
      new Uint8Array(TINY),
    )
    origin.body = content('more', TINY.length + 1)
    origin.etag = '"two"'
    const more = (await asker.ask(seed, url(), { takesInline: true, revalidate: true })) as Resolved
    expect(more)
      .to.include({ type: 'resolved', length: TINY.length + 1 })
      .and.not.have.property('inline')
  })

  /** What comes to one that trusts the seed, which is gone, and another one, which passes on what it said, changed. */
  async function through(change: (inline: InlineContent) => InlineContent) {
    await get()
    const asker = await Asker.start(world, seed)
    const told = (await asker.ask(seed, url(), { takesInline: true })) as Resolved
    await asker.leave()
    const known = seed.address
    await seed.node.stop()
    const host = await startHost({ listen: ['/ip4/127.0.0.1/tcp/0'] })
    world.atEnd(() => host.stop())
    await serveResolve(host, async (_peer, request, say, gone) => {
      expect(request.takesInline).to.equal(true)
      say({ ...told, inline: change(told.inline as InlineContent) })
      await new Promise<void>(done => gone.addEventListener('abort', () => done(), { once: true }))
    })
    return await get([host.addresses[0] as string, known], { origin: true })
  }

  it('is believed by its signature, whoever says it', async () => {
    const { receipt, hash } = await through(inline => inline)
    expect(hash).to.equal(hex(TINY))
    expect(receipt).to.include({ fromSeeds: TINY.length, fromOrigin: 0 })
  })

  const changes: Record<string, (inline: InlineContent) => InlineContent> = {
    'other bytes': inline => ({ ...inline, payload: inline.payload.map(byte => byte ^ 1) }),
    'fewer bytes': inline => ({ ...inline, payload: inline.payload.subarray(1) }),
    'another head': inline => ({ ...inline, head: inline.head.map((byte, i) => (i < 200 ? byte : byte ^ 1)) }),
  }
  for (const [what, change] of Object.entries(changes)) {
    it(`with ${what} is not, and the origin is read instead`, async () => {
      const { receipt, hash } = await through(change)
      expect(hash).to.equal(hex(TINY))
      expect(receipt).to.include({ fromSeeds: 0, fromOrigin: TINY.length })
    })
  }
})
