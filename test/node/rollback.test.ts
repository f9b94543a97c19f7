// An old version's head stays signed. Whoever may ask the origin does, before it believes a peer that only passes such a head on.
import { expect } from 'chai'
import { splitDigests } from '../../src/core/piece.ts'
import { givesPiecesOf } from '../malicious/gives-bytes.ts'
import { relaysManifest } from '../malicious/relays-manifest.ts'
import { until } from '../waiting.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import { together } from '../world/together.ts'
import type { Observed, World } from '../world/world.ts'

const COUNT = 4
const [OLD, NEW] = ['before', 'after'].map(name => content(`rollback ${name}`, COUNT * PIECE - 7)) as [Buffer, Buffer]

interface Scene {
  origin: TestOrigin
  url: string
  /** Dead. */
  seed: { address: string; id: string }
  attacker: { address: string }
}

/** A seed has signed the old version and is gone; an attacker passes its head on, and gives the right pieces of it. */
async function scene(world: World): Promise<Scene> {
  const origin = await world.origin(OLD)
  const url = `${origin.url}/file.bin`
  const { node, address, id } = await world.seed()
  await node.download(url, world.path())
  const spy = await world.scriptedPeer(url)
  await spy.say(address)
  await until(() => spy.heard.some(m => m.type === 'head'), 'the seed tells its manifest')
  const head = spy.heard.flatMap(m => (m.type === 'head' ? [m.envelope] : []))[0] as Uint8Array
  const digests = spy.heard.flatMap(m => (m.type === 'part' ? splitDigests(m.digests) : []))
  await node.stop()
  const part = { from: 0, digests: Buffer.concat(digests) }
  const attacker = await world.scriptedPeer(url, {
    ...relaysManifest(head, [part], 'etag "one"', COUNT),
    message: (message, link) => {
      if (message.type !== 'hello') return
      link.send({ type: 'part', ...part })
      link.send({ type: 'head', envelope: head })
    },
    ask: givesPiecesOf(OLD, PIECE),
  })
  return { origin, url, seed: { address, id }, attacker }
}

async function get(world: World, { url }: Scene, victim: Observed): Promise<{ body: string; fromOrigin: number }> {
  const path = world.path()
  const { fromOrigin } = await victim.node.download(url, path)
  return { body: await fileHash(path), fromOrigin }
}

async function expectNew(world: World, found: Scene, victim: Observed): Promise<void> {
  found.origin.body = NEW
  found.origin.etag = '"two"'
  const { body, fromOrigin } = await get(world, found, victim)
  expect(body).to.equal(hex(NEW))
  expect(fromOrigin).to.equal(NEW.length)
}

describe('node: a signed head of an old version', () => {
  together([
    [
      'is not believed while the origin shows another one, when the seed is dead',
      async world => {
        const found = await scene(world)
        const victim = await world.node({ seeds: [found.seed.address], bootstrap: [found.attacker.address] })
        await expectNew(world, found, victim)
      },
    ],
    [
      'is not believed by those who name no seed, but trust one',
      async world => {
        const found = await scene(world)
        const victim = await world.node({ trust: [found.seed.id], bootstrap: [found.attacker.address] })
        await expectNew(world, found, victim)
      },
    ],
    [
      'is not believed when the origin has no such content any more',
      async world => {
        const found = await scene(world)
        found.origin.status = 404
        const victim = await world.node({ seeds: [found.seed.address], bootstrap: [found.attacker.address] })
        const error = await get(world, found, victim).catch(error => error)
        expect(error).to.have.property('code', 'origin-not-found')
      },
    ],
    [
      'is believed when the origin shows that version: it gives one byte',
      async world => {
        const found = await scene(world)
        const victim = await world.node({ seeds: [found.seed.address], bootstrap: [found.attacker.address] })
        const before = found.origin.gets.length
        expect(await get(world, found, victim)).to.deep.equal({ body: hex(OLD), fromOrigin: 0 })
        expect(found.origin.gets.slice(before).map(({ headers }) => headers.range)).to.deep.equal(['bytes=0-0'])
      },
    ],
    [
      'is believed when the origin cannot be reached: nobody can say better',
      async world => {
        const found = await scene(world)
        await found.origin.stop()
        const victim = await world.node({ seeds: [found.seed.address], bootstrap: [found.attacker.address] })
        expect(await get(world, found, victim)).to.deep.equal({ body: hex(OLD), fromOrigin: 0 })
      },
    ],
    [
      'is believed by those who may not read the origin: they ask nothing of it',
      async world => {
        const found = await scene(world)
        const victim = await world.node({ seeds: [found.seed.address], bootstrap: [found.attacker.address] })
        const before = found.origin.asked
        const path = world.path()
        await victim.node.download(found.url, path, { origin: false })
        expect(await fileHash(path)).to.equal(hex(OLD))
        expect(found.origin.asked).to.equal(before)
      },
    ],
  ])
})
