// The same bytes under two URLs: peers of one swarm find those of the other by the root, once they know it.
import { expect } from 'chai'
import { CID } from 'multiformats/cid'
import type { Link } from '../../src/net/link.ts'
import type { Hello } from '../../src/wire/codec-hello.ts'
import { sealHead } from '../../src/wire/envelope.ts'
import { givesAlways, givesPiecesOf } from '../malicious/gives-bytes.ts'
import type { ScriptedPeer } from '../malicious/scripted-peer.ts'
import { until } from '../waiting.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import { digestsOf, full, manifestOf } from '../world/manifest.ts'
import type { TestOrigin } from '../world/origin.ts'
import { together } from '../world/together.ts'
import type { Observed, World } from '../world/world.ts'

const COUNT = 24
const BODY = content('same bytes', COUNT * PIECE - 5)
const MiB = 1024 * 1024

interface Mirrors {
  a: string
  b: string
  origins: TestOrigin[]
  seed: Observed
}

/** Two origins that name the same bytes differently, and a seed that has read both. */
async function mirrors(world: World): Promise<Mirrors> {
  const origins = [await world.origin(BODY), await world.origin(BODY)] as [TestOrigin, TestOrigin]
  origins[1].etag = '"of the mirror"'
  const [a, b] = origins.map(({ url }) => `${url}/file.bin`) as [string, string]
  const seed = await world.seed()
  for (const url of [a, b]) await seed.node.download(url, world.path())
  return { a, b, origins, seed }
}

const NO_ORIGIN = { origin: false } as const

/** One that nobody finds in the DHT: who hears of it was told by a peer. */
function unlisted(world: World, seed: Observed): Promise<Observed> {
  return world.node({ seeds: [seed.address], dhtServer: false })
}

/** One that has it and goes on serving it. */
async function holder(world: World, url: string, seed: Observed): Promise<Observed> {
  const peer = await unlisted(world, seed)
  await peer.node.download(url, world.path(), NO_ORIGIN)
  return peer
}

/** What a node is linked with, besides seeds. */
function links({ events }: Observed, peer: Observed | ScriptedPeer): number {
  return events.filter(event => event.code === 'link-opened' && event.peer === peer.id).length
}

async function root(world: World, url: string): Promise<string> {
  const { task } = await world.scriptedPeer(url)
  return manifestOf(task, BODY).head().seal?.root as string
}

/** The first words of one that has the whole manifest under another task. */
function joining(topic: string): (hello: Hello) => Hello {
  return hello => ({ ...hello, topic: CID.parse(topic).bytes, proof: new Uint8Array(), version: '', manifestCount: COUNT })
}

/** Joins by the root, and says to have everything. */
async function claims(attacker: ScriptedPeer, victim: Observed, topic: string): Promise<Link> {
  for (;;) {
    try {
      const link = await attacker.say(victim.address, joining(topic))
      attacker.join(link)
      link.send({ type: 'pieces', have: full(COUNT), queue: 0 })
      return link
    } catch (error) {
      if (!/unknown-topic|reset/.test(String(error))) throw error
    }
  }
}

/** One that does not know the topic of the first dial, and takes every later one. */
async function refusesFirst(world: World, url: string): Promise<{ peer: ScriptedPeer; dials: () => number }> {
  let dials = 0
  const peer = await world.scriptedPeer(url, {
    get refuses() {
      return dials++ === 0 ? ({ refused: 'unknown-topic' } as const) : undefined
    },
  })
  return { peer, dials: () => dials }
}

/** What its first link was dialled by. */
function topicOf({ links }: ScriptedPeer): string {
  return CID.decode(links[0]?.hello.topic as Uint8Array).toString()
}

function refusal(attacker: ScriptedPeer, { address }: Observed, change: (hello: Hello) => Hello): Promise<string> {
  return attacker.say(address, change).then(
    () => 'let in',
    error => String(error.reason ?? error),
  )
}

describe('the same bytes under two URLs', () => {
  together([
    [
      'come from peers of the other URL, too, whom a seed of both names',
      async world => {
        const { a, b, origins, seed } = await mirrors(world)
        const holders = [await holder(world, a, seed), await holder(world, a, seed)]
        await seed.node.setLimits({ up: MiB / 2 })
        const peer = await unlisted(world, seed)
        const path = world.path()
        const receipt = await peer.node.download(b, path, NO_ORIGIN)
        expect(await fileHash(path)).to.equal(hex(BODY))
        expect(receipt.fromPeers).to.be.greaterThan(BODY.length / 2)
        expect(receipt.fromOrigin).to.equal(0)
        expect(receipt.trust).to.equal('seed')
        expect(holders.some(other => links(peer, other) > 0)).to.equal(true)
        expect(origins.map(({ gets }) => gets.filter(({ status }) => status === 200).length)).to.deep.equal([1, 1])
      },
    ],
    [
      'come from peers of the other URL alone when all seeds have gone',
      async world => {
        const { a, b, origins, seed } = await mirrors(world)
        const one = await holder(world, a, seed)
        await seed.node.setLimits({ up: MiB / 4 })
        const peer = await unlisted(world, seed)
        const path = world.path()
        const download = peer.node.download(b, path, { ...NO_ORIGIN, limit: 2 * MiB })
        await Promise.race([until(() => links(peer, one) > 0, 'it is told of the other swarm'), download])
        await Promise.all([seed.node.stop(), ...origins.map(origin => origin.stop())])
        const receipt = await download
        expect(await fileHash(path)).to.equal(hex(BODY))
        expect(receipt.fromOrigin).to.equal(0)
        expect(receipt.fromPeers).to.be.greaterThan(BODY.length / 2)
      },
    ],
    [
      'go both ways between those that are still downloading',
      async world => {
        const { a, b, seed } = await mirrors(world)
        await seed.node.setLimits({ up: 2 * MiB })
        const [one, other] = [await unlisted(world, seed), await unlisted(world, seed)]
        const [ofOne, ofOther] = await Promise.all([
          one.node.download(a, world.path(), NO_ORIGIN),
          other.node.download(b, world.path(), NO_ORIGIN),
        ])
        expect(links(one, other)).to.be.greaterThan(0)
        expect(ofOne.fromPeers).to.be.greaterThan(0)
        expect(ofOther.fromPeers).to.be.greaterThan(0)
        // nobody is dialled again and again
        expect(links(one, other)).to.be.at.most(2)
      },
    ],
    [
      'are found in the DHT by who has only a seed of one of them',
      async world => {
        const { a, b, origins, seed } = await mirrors(world)
        const second = await world.seed({ bootstrap: [seed.address] })
        await second.node.download(b, world.path())
        const apart = await world.seed({ bootstrap: [second.address] })
        await apart.node.download(a, world.path())
        await seed.node.stop()
        await second.node.setLimits({ up: MiB / 4 })
        const peer = await world.node({ seeds: [second.address] })
        const receipt = await peer.node.download(b, world.path(), NO_ORIGIN)
        expect(links(peer, apart)).to.be.greaterThan(0)
        expect(receipt.fromPeers).to.be.greaterThan(BODY.length / 2)
        expect(origins.every(({ gets }) => gets.length > 0)).to.equal(true)
      },
    ],
    [
      'join nobody who gives other bytes: it is banned',
      async world => {
        const { a, b, seed } = await mirrors(world)
        const liar = await world.scriptedPeer(a, { ask: givesAlways(content('a lie', PIECE)) })
        await seed.node.setLimits({ up: MiB })
        const victim = await unlisted(world, seed)
        const path = world.path()
        const download = victim.node.download(b, path, NO_ORIGIN)
        await Promise.race([claims(liar, victim, await root(world, a)), download])
        const receipt = await download
        expect(await fileHash(path)).to.equal(hex(BODY))
        expect(receipt.fromPeers).to.equal(0)
        expect(liar.asks).to.not.deep.equal([])
        expect(victim.events.some(event => event.code === 'peer-banned' && event.peer === liar.id)).to.equal(true)
      },
    ],
    [
      'do not keep a peer of our own URL away that somebody names as one of another',
      async world => {
        const { b, seed } = await mirrors(world)
        await seed.node.setLimits({ up: MiB / 4 })
        const victim = await unlisted(world, seed)
        const { peer, dials } = await refusesFirst(world, b)
        const [liar, honest] = [await world.scriptedPeer(b), await world.scriptedPeer(b)]
        const named = [{ id: peer.id, addresses: [peer.address] }]
        const download = victim.node.download(b, world.path(), NO_ORIGIN)
        const [lie, truth] = [await liar.meet(victim.address), await honest.meet(victim.address)]
        await until(() => {
          lie.send({ type: 'root-peers', peers: named })
          return dials() > 0
        }, 'it is dialled by the root')
        await until(() => {
          truth.send({ type: 'peers', peers: named, links: 1 })
          return peer.links.length > 0
        }, 'it is dialled again')
        expect(topicOf(peer)).to.equal(peer.task.id)
        await seed.node.setLimits({ up: 64 * MiB })
        await download
      },
    ],
    [
      'do not keep a peer of the other URL away that somebody names as one of ours',
      async world => {
        const { a, b, seed } = await mirrors(world)
        await seed.node.setLimits({ up: MiB / 4 })
        const victim = await unlisted(world, seed)
        const [{ peer }, first] = [await refusesFirst(world, a), await refusesFirst(world, a)]
        const namer = await world.scriptedPeer(b)
        const download = victim.node.download(b, world.path(), NO_ORIGIN)
        const link = await namer.meet(victim.address)
        await until(() => {
          link.send({ type: 'root-peers', peers: [{ id: first.peer.id, addresses: [first.peer.address] }] })
          return first.dials() > 0
        }, 'it knows the root')
        const named = [{ id: peer.id, addresses: [peer.address] }]
        link.send({ type: 'peers', peers: named, links: 1 })
        link.send({ type: 'root-peers', peers: named })
        await until(() => peer.links.length > 0, 'it is dialled again')
        expect(topicOf(peer)).to.equal(await root(world, a))
        await seed.node.setLimits({ up: 64 * MiB })
        await download
      },
    ],
    [
      'mean nothing to heads and digests on a link by the root',
      async world => {
        const [one, mirror] = [await world.origin(BODY), await world.origin(BODY)]
        const [a, b] = [`${one.url}/file.bin`, `${mirror.url}/file.bin`]
        const seed = await world.seed()
        await seed.node.download(b, world.path())
        const stranger = await world.scriptedPeer(a, { ask: givesPiecesOf(BODY, PIECE) })
        await seed.node.setLimits({ up: MiB })
        const victim = await unlisted(world, seed)
        const download = victim.node.download(b, world.path(), { ...NO_ORIGIN, digest: `sha256:${hex(BODY)}` })
        const link = await claims(stranger, victim, await root(world, a))
        // under the digest that was given it would count on a link by the task
        const manifest = manifestOf(stranger.task, BODY)
        const envelope = await sealHead(manifest.head(), stranger.host.privateKey)
        link.send({ type: 'part', from: 0, digests: Buffer.concat(digestsOf(manifest)) })
        for (let i = 0; i < 40; i++) link.send({ type: 'head', envelope })
        await download
        expect(stranger.asks).to.not.deep.equal([])
        expect(stranger.refusals).to.not.include('other-version')
        expect(stranger.heard.some(({ type }) => type === 'head' || type === 'part')).to.equal(false)
        expect(victim.said(/violat/)).to.deep.equal([])
      },
    ],
    [
      'are one link with a peer, by whatever name',
      async world => {
        const { a, seed } = await mirrors(world)
        const peer = await world.scriptedPeer(a)
        await peer.meet(seed.address)
        expect(await refusal(peer, seed, joining(await root(world, a)))).to.equal('too-busy')
      },
    ],
    [
      'are told of no more than a few at a time, and not again at once',
      async world => {
        const { a, b, seed } = await mirrors(world)
        const crowd = await Promise.all(Array.from({ length: 12 }, () => world.scriptedPeer(a)))
        for (const one of crowd) await one.meet(seed.address)
        const asker = await world.scriptedPeer(b)
        const link = await asker.meet(seed.address)
        const answers = () => asker.heard.flatMap(message => (message.type === 'root-peers' ? [message.peers] : []))
        await until(() => {
          link.send({ type: 'root-peers', peers: [] })
          return answers().length > 0
        }, 'it is told')
        const [first = []] = answers()
        expect(first.length).to.be.within(1, 8)
        expect(first.every(({ id }) => crowd.some(one => one.id === id))).to.equal(true)
        const before = answers().length
        for (let i = 0; i < 100; i++) link.send({ type: 'root-peers', peers: [] })
        // what is asked later is answered later: by then the hundred have been heard
        link.send({ ...link.ourHello, version: link.hello.version })
        await until(() => asker.heard.some(({ type }) => type === 'pieces'), 'the hundred were heard')
        expect(answers().length - before).to.be.at.most(1)
      },
    ],
  ])
})

describe('the same bytes in a private content', () => {
  const headers = [['authorization', 'Bearer alice']] as const

  together([
    [
      'join nothing and answer nothing',
      async world => {
        const [open, closed] = [await world.origin(BODY), await world.origin(BODY)]
        closed.readers = new Set(['Bearer alice'])
        const [a, b] = [`${open.url}/file.bin`, `${closed.url}/file.bin`]
        const seed = await world.seed()
        const reader = await unlisted(world, seed)
        await reader.node.download(b, world.path(), { ...NO_ORIGIN, headers })
        const topic = await root(world, a)
        const stranger = await world.scriptedPeer(a)
        for (const node of [seed, reader]) expect(await refusal(stranger, node, joining(topic))).to.equal('unknown-topic')
        // nor when the seed has the public one, too
        await seed.node.download(a, world.path())
        const link = await stranger.meet(seed.address)
        link.send({ type: 'root-peers', peers: [] })
        stranger.join(link)
        await until(() => stranger.heard.some(({ type }) => type === 'pieces'), 'the seed has heard the question')
        expect(stranger.heard.filter(({ type }) => type === 'root-peers')).to.deep.equal([])
        expect(await refusal(stranger, reader, joining(topic))).to.equal('unknown-topic')
      },
    ],
    [
      'take nothing of the public one',
      async world => {
        const [open, closed] = [await world.origin(BODY), await world.origin(BODY)]
        closed.readers = new Set(['Bearer alice'])
        const [a, b] = [`${open.url}/file.bin`, `${closed.url}/file.bin`]
        const seed = await world.seed()
        const [one, first] = [await holder(world, a, seed), await unlisted(world, seed)]
        await first.node.download(b, world.path(), { ...NO_ORIGIN, headers, keep: false })
        await seed.node.setLimits({ up: MiB })
        const peer = await unlisted(world, seed)
        const receipt = await peer.node.download(b, world.path(), { ...NO_ORIGIN, headers })
        expect(receipt.seconds).to.be.greaterThan(2)
        expect(links(peer, one)).to.equal(0)
        expect(links(one, peer)).to.equal(0)
      },
    ],
  ])
})
