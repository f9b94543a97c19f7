// Private content: who may read is for the origin to say; whoever has no word of it hears nothing, from seed and peers alike.
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { expect } from 'chai'
import { CID } from 'multiformats/cid'
import { type AccessTimes, type Grant, MAX_GRANT_MS } from '../../src/core/grant.ts'
import { contentId, makeTask } from '../../src/core/task.ts'
import { startHost } from '../../src/net/host.ts'
import { resolve } from '../../src/net/resolve.ts'
import { MAX_LOOKS } from '../../src/node/seeding/origin-authorizer.ts'
import type { Resolved, ResolveReply } from '../../src/wire/codec-resolve.ts'
import { openGrant, sealGrant, sealHead } from '../../src/wire/envelope.ts'
import {
  content,
  fileHash,
  hex,
  manifestOf,
  type Observed,
  PIECE,
  type TestOrigin,
  until,
  type Villain,
  World,
} from './villain-peers.ts'

const BODY = content('private', 3 * PIECE - 5)
const bearer = (name: string) => [['authorization', `Bearer ${name}`]] as const
const SHORT: AccessTimes = { proof: 300, grant: 1500, skew: 0 }

describe('private content', () => {
  let world: World
  let origin: TestOrigin
  let url: string

  beforeEach(async () => {
    world = await World.open()
    origin = await world.origin(BODY)
    origin.readers = new Set(['Bearer alice', 'Bearer bob'])
    url = `${origin.url}/private.bin`
  })
  afterEach(() => world.close())

  const topicOf = () => CID.parse(contentId(makeTask({ url, headers: bearer('nobody') }), 'etag "one"')).bytes
  const bodies = () => origin.gets.filter(g => g.status === 200 || g.status === 206)
  const wholes = () => origin.gets.filter(g => g.status === 200)

  async function asker(seed: Observed) {
    const host = await startHost({ listen: [] })
    world.atEnd(() => host.stop())
    await host.connect([seed.address])
    return host
  }

  /** The first reply; the stream stays until the end. */
  async function ask(seed: Observed, name: string, host?: Awaited<ReturnType<typeof asker>>, renews?: Uint8Array, at = url) {
    const from = host ?? (await asker(seed))
    await from.connect([seed.address])
    const leave = new AbortController()
    world.atEnd(async () => leave.abort())
    const request = { url: at, headers: bearer(name), filter: [], tag: undefined, digest: undefined, revalidate: false }
    const replies = resolve(from, seed.id, { ...request, ...(renews && { renews }) }, leave.signal)
    const { value } = await replies.next()
    return value as ResolveReply
  }

  async function refusal(villain: Villain, address: string, topic: Uint8Array, grant?: Uint8Array): Promise<string> {
    const error = await villain
      .say(address, h => ({ ...h, topic, proof: new Uint8Array(), ...(grant && { grant }) }))
      .then(
        () => undefined,
        e => e,
      )
    expect(error, 'it should be refused').to.have.property('code', 'peer-refused')
    return error.message
  }

  describe('with several readers', () => {
    it('is one swarm for all credentials that the origin takes, read once', async () => {
      const seed = await world.seed()
      for (const name of ['alice', 'bob']) {
        const { node } = await world.node({ seeds: [seed.address] })
        const path = world.path()
        const receipt = await node.download(url, path, { headers: bearer(name) })
        expect(await fileHash(path)).to.equal(hex(BODY))
        expect(receipt).to.include({ fromOrigin: 0, trust: 'seed' })
      }
      expect(wholes()).to.have.length(1)
      // what the second reader cost the origin: one byte, with his own credentials
      expect(
        bodies()
          .filter(g => g.headers.authorization === 'Bearer bob')
          .map(g => g.headers.range),
      ).to.deep.equal(['bytes=0-0'])
    })

    it('is shared among peers, who check one another', async () => {
      const seed = await world.seed()
      const alice = await world.node({ seeds: [seed.address] })
      await alice.node.download(url, world.path(), { headers: bearer('alice') })
      const bob = await world.villain(url)
      const resolved = (await ask(seed, 'bob', bob.host)) as Resolved
      const link = await bob.say(alice.address, h => ({
        ...h,
        topic: resolved.topic,
        proof: new Uint8Array(),
        grant: resolved.grant as Uint8Array,
      }))
      const answered = await openGrant(link.hello.grant as Uint8Array)
      expect(answered.grant.peer).to.equal(alice.id)
      expect(answered.signer).to.equal(seed.id)
      bob.join(link)
      link.ask(0, PIECE, 0)
      await until(() => bob.pieces.size === 1, 'the piece comes')
    })

    it('keeps versions by weaker names apart: a date and a length are not enough to share', async () => {
      origin.etag = undefined
      const seed = await world.seed()
      const reply = (await ask(seed, 'alice')) as Resolved
      expect(reply.type).to.equal('resolved')
      expect(reply.grant).to.equal(undefined)
      expect(CID.decode(reply.topic).toString()).to.equal(makeTask({ url, headers: bearer('alice') }).id)
    })
  })

  describe('for a reader whom the origin refuses', () => {
    it("is the origin's answer, though the seed has it all", async () => {
      const seed = await world.seed()
      await ask(seed, 'alice')
      for (const headers of [bearer('mallory'), [['x-key', 'none']] as const]) {
        const { node } = await world.node({ seeds: [seed.address] })
        const error = await node.download(url, world.path(), { headers }).catch(e => e)
        expect(error).to.include({ code: 'origin-forbidden', status: 401 })
      }
    })

    it('asks the origin about each anew, whatever it said about others', async () => {
      const seed = await world.seed()
      expect(await ask(seed, 'alice')).to.have.property('type', 'resolved')
      expect(await ask(seed, 'mallory')).to.include({ type: 'failed', status: 401 })
      expect(await ask(seed, 'mallory', undefined, topicOf())).to.include({ type: 'failed', status: 401 })
    })
  })

  describe('for a peer that knows the topic', () => {
    const now = () => Date.now()
    let seed: Observed
    let alice: Observed
    let villain: Villain
    let seedKey: PrivateKey
    let topic: Uint8Array

    beforeEach(async () => {
      seedKey = await generateKeyPair('Ed25519')
      seed = await world.seed()
      alice = await world.node({ seeds: [seed.address], trust: [await idOf(seedKey)] })
      await alice.node.download(url, world.path(), { headers: bearer('alice') })
      villain = await world.villain(url, {}, bearer('mallory'))
      topic = topicOf()
    })

    const good = (): Grant => ({ peer: villain.id, topic, expires: now() + 60_000 })

    it('opens with a grant of a trusted seed, so that what follows fails for its own reason', async () => {
      const grant = await sealGrant(good(), seedKey)
      const link = await villain.say(alice.address, h => ({ ...h, topic, proof: new Uint8Array(), grant }))
      expect(link.hello.version).to.equal('etag "one"')
    })

    const bad: [string, () => Promise<Uint8Array | undefined>][] = [
      ['no grant', async () => undefined],
      ['noise', async () => new Uint8Array(200).fill(7)],
      ['a grant of its own', () => sealGrant(good(), villain.host.privateKey)],
      ['a grant of a stranger', async () => await sealGrant(good(), await generateKeyPair('Ed25519'))],
      ['the grant of another peer', () => sealGrant({ ...good(), peer: seed.id }, seedKey)],
      ['a grant for another content', () => sealGrant({ ...good(), topic: CID.parse(villain.task.id).bytes }, seedKey)],
      ['a grant that has run out', () => sealGrant({ ...good(), expires: now() - 3 * 60_000 }, seedKey)],
      ['a grant for ever', () => sealGrant({ ...good(), expires: now() + 2 * MAX_GRANT_MS }, seedKey)],
      ['a signature for something else', () => sealHead(manifestOf(villain.task, BODY).head(), seedKey)],
      ['a forged one', async () => flipped(await sealGrant(good(), seedKey))],
    ]
    for (const [what, grant] of bad) {
      it(`and shows ${what}: as if there were nothing, at peer and seed`, async () => {
        const nowhere = CID.parse(makeTask({ url: 'http://nobody.test/' }).id).bytes
        for (const holder of [alice, seed]) {
          const unknown = await refusal(villain, holder.address, nowhere, await grant())
          expect(await refusal(villain, holder.address, topic, await grant())).to.equal(unknown)
          expect(unknown).to.equal('peer refused: unknown-topic')
        }
        expect(villain.pieces.size).to.equal(0)
      })
    }

    it('and the task id of a reader: who was let in by a grant lets in nobody by a proof', async () => {
      const same = await world.villain(url, {}, bearer('alice'))
      const error = await same.say(alice.address).catch(e => e)
      expect(error.message).to.equal('peer refused: unknown-topic')
    })
  })

  describe('for a reader who loses access', () => {
    it('ends: no new grant, links are cut when the old one is over, at peer and seed', async () => {
      const seed = await world.seed({ access: SHORT })
      const alice = await world.node({ seeds: [seed.address], access: SHORT })
      await alice.node.download(url, world.path(), { headers: bearer('alice') })
      const bob = await world.villain(url)
      const { topic, grant } = (await ask(seed, 'bob', bob.host)) as Resolved
      const links = []
      for (const holder of [alice, seed]) {
        links.push(await bob.say(holder.address, h => ({ ...h, topic, proof: new Uint8Array(), grant: grant as Uint8Array })))
      }
      origin.readers?.delete('Bearer bob')
      await until(() => bob.ends.length === links.length, 'both links are cut')
      expect(await ask(seed, 'bob', bob.host, topic)).to.include({ type: 'failed', code: 'origin-forbidden', status: 401 })
      for (const holder of [alice, seed]) {
        expect(await refusal(bob, holder.address, topic, grant)).to.equal('peer refused: unknown-topic')
      }
    })

    it('goes on for one who keeps it, long after the first grant is over', async () => {
      const seed = await world.seed({ access: SHORT })
      const alice = await world.node({ seeds: [seed.address], access: SHORT })
      await alice.node.download(url, world.path(), { headers: bearer('alice') })
      const end = Date.now() + 3 * SHORT.grant
      const bob = await world.villain(url)
      await until(() => Date.now() > end, 'three lives of a grant are over')
      const { topic, grant } = (await ask(seed, 'bob', bob.host)) as Resolved
      const link = await bob.say(alice.address, h => ({ ...h, topic, proof: new Uint8Array(), grant: grant as Uint8Array }))
      expect((await openGrant(link.hello.grant as Uint8Array)).grant.expires).to.be.above(end)
    })
  })

  it('costs the origin few requests when 200 ask at once with one credential', async () => {
    const seed = await world.seed()
    const hosts = await Promise.all(Array.from({ length: 20 }, () => asker(seed)))
    const replies = await Promise.all(Array.from({ length: 200 }, (_, i) => ask(seed, 'alice', hosts[i % hosts.length])))
    for (const reply of replies) expect(reply).to.have.property('type', 'resolved')
    const grants = await Promise.all(replies.map(reply => openGrant((reply as Resolved).grant as Uint8Array)))
    expect(new Set(grants.map(({ grant }) => grant.peer)).size).to.equal(hosts.length)
    expect(origin.asked).to.be.at.most(6)
  })

  it('asks one origin a few questions at a time, and another one meanwhile', async () => {
    const names = Array.from({ length: 3 * MAX_LOOKS }, (_, i) => `reader ${i}`)
    origin.readers = new Set(names.map(name => `Bearer ${name}`))
    const seed = await world.seed()
    const host = await asker(seed)
    origin.mute()
    const replies = Promise.all(names.map(name => ask(seed, name, host)))
    await until(() => origin.asked >= MAX_LOOKS, 'the first questions come')
    // asked after all the others, and answered: another origin waits for none of them
    const other = await world.origin(BODY)
    expect(await ask(seed, 'anybody', host, undefined, `${other.url}/f`)).to.have.property('type', 'resolved')
    expect(origin.asked).to.equal(MAX_LOOKS)
    origin.release()
    for (const reply of await replies) expect(reply).to.have.property('type', 'resolved')
    expect(wholes()).to.have.length(1)
  })
})

async function idOf(key: PrivateKey): Promise<string> {
  const { peerIdFromPrivateKey } = await import('@libp2p/peer-id')
  return peerIdFromPrivateKey(key).toString()
}

function flipped(bytes: Uint8Array): Uint8Array {
  const forged = bytes.slice()
  forged[forged.length - 1] = (forged.at(-1) as number) ^ 1
  return forged
}
